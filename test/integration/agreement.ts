import { checkSchema, printPath } from '@openfunction/admission';
import {
  type AdmissionTable,
  apiVersionOf,
  ask,
  type FieldPath,
  type KubeObject,
  type Rule,
  type StructuralSchema,
  segments,
} from '@openfunction/api';
import { type KubeClient, statusOf } from '@openfunction/kube';

/** One kind: what the webhook says about it, beside what the API server says. */
export interface Sides {
  client: KubeClient;
  namespace: string;
  table: AdmissionTable;
  schema: StructuralSchema;
}

/** Where the two sides differ about one spec. */
export interface Difference {
  spec: unknown;
  theirs: string[];
  schema: string[];
  /** Fields at which the CRD says what a rule says. */
  twins: string[];
}

/** How many objects the API server refused, so that a test can see that it looked at something. */
export interface Tally {
  refused: number;
  byTwin: Set<string>;
}

/**
 * Compares what a new object of this spec is refused for. The API server, without our webhooks, must name each field that the
 * webhook's schema check names, no other one but those of rules that have a twin, and each of these where the schema is content; CEL
 * rules only where the words of the schema are content too, for only then they are evaluated.
 */
export async function difference(sides: Sides, spec: unknown, tally: Tally): Promise<Difference | undefined> {
  const theirs = await fieldsOfServer(sides, spec);
  const object = objectOf(sides, spec);
  const schema = unique(checkSchema(sides.schema, object, []).map(({ path }) => dotted(printPath(path))));
  const spoken = sides.table.rules.flatMap((rule) => twinPlaces(rule, object));
  const twins = unique(spoken.map(({ place }) => place));
  if (theirs.length > 0) tally.refused += 1;
  const rest = theirs.filter((field) => schema.includes(field) || !twins.includes(field));
  const isCelAsked = schema.length === 0 && spoken.every(({ isCel }) => isCel);
  const due = spoken.filter(({ isCel }) => isCelAsked || (schema.length === 0 && !isCel));
  for (const { id } of due) tally.byTwin.add(id);
  const isHeld = due.every(({ place }) => theirs.includes(place));
  return rest.join() === schema.join() && isHeld ? undefined : { spec, theirs, schema, twins };
}

/** Where the CRD must speak because a rule does. */
function twinPlaces(rule: Rule, object: unknown): { id: string; place: string; isCel: boolean }[] {
  const { id, twin, level, on } = rule;
  if (level !== 'deny' || twin === undefined || !on.includes('create')) return [];
  const found = [ask(rule, object)].flat().filter((one) => one !== undefined);
  const cel = twin !== 'schema' && 'at' in twin ? twin : undefined;
  return found.map(({ at }) => {
    const path: FieldPath = at ?? segments(rule.path);
    const place = cel === undefined ? path : path.slice(0, segments(cel.at).length + cel.at.split('[]').length - 1);
    return { id, place: dotted(printPath(place)), isCel: cel !== undefined };
  });
}

function objectOf({ table, namespace }: Sides, spec: unknown): object {
  return { apiVersion: apiVersionOf(table.kind), kind: table.kind.kind, metadata: { name: 'f', namespace }, spec };
}

/** What the API server says about a spec: the fields it names, as it writes them. */
async function fieldsOfServer(sides: Sides, spec: unknown): Promise<string[]> {
  const { client, table } = sides;
  const status = await client.create(table.kind, objectOf(sides, spec) as KubeObject, { dryRun: true }).then(
    () => undefined,
    (error) => statusOf(error) ?? Promise.reject(error),
  );
  return unique(status?.causes.map(({ field = '' }) => field) ?? []).filter((field) => field !== '<nil>');
}

/** The API server puts keys of maps behind a dot, whatever they are; the webhook puts strange ones in brackets. */
function dotted(path: string): string {
  return path.replaceAll(/\[(?!\d+\])([^\]]*)\]/g, '.$1');
}

function unique(fields: readonly string[]): string[] {
  return [...new Set(fields)].sort();
}
