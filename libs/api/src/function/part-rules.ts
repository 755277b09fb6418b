import { LABEL } from '../names.ts';
import { ask, type Complaint, type FieldPath, isObject, type Rule, type Twin, valueAt } from '../rules.ts';
import { built } from './examples.ts';
import { FUNCTION_RULES } from './rules.ts';

/**
 * Builder and Serving hold a part of a Function at their top: `spec.build.x` is `spec.x` of a Builder. So they are held to the very
 * rows of the Function, seen through the Function they would come from.
 */
type Part = 'build' | 'serving';

/** What they have in common with a Function, at the same place. */
const SHARED: Record<Part, readonly string[]> = {
  build: ['spec.image', 'spec.imageCredentials'],
  serving: ['spec.image', 'spec.imageCredentials', 'spec.version'],
};

/** The refusals of a Function that are about one of its parts, as rows of the kind that the part becomes. */
export function partRules(part: Part): readonly Rule[] {
  const isOfPart = ({ path }: Rule) => path.startsWith(`spec.${part}.`) || isShared(path, part);
  return FUNCTION_RULES.filter((rule) => rule.level === 'deny' && isOfPart(rule)).map((rule) => partRule(rule, part));
}

function isShared(path: string, part: Part): boolean {
  return SHARED[part].some((field) => path === field || path.startsWith(`${field}.`));
}

function partRule(rule: Rule, part: Part): Rule {
  const { twin, about, within, seen: _, ...row } = rule;
  return {
    ...row,
    path: moved(rule.path, part),
    ...(within !== undefined && { within: moved(within, part) }),
    ...(about !== undefined && { about: about.map((path) => moved(path, part)) }),
    ...(twin !== undefined && { twin: movedTwin(twin, part) }),
    broken: (object, { old, ...cluster }) => {
      const seen = { ...cluster, ...(old !== undefined && { old: asFunction(old, part) }) };
      const found = ask(rule, asFunction(object, part), seen);
      if (found === undefined) return undefined;
      return Array.isArray(found)
        ? found.map((one: Complaint) => movedComplaint(one, part))
        : movedComplaint(found as Complaint, part);
    },
    accepts: asPart(rule.accepts, part),
    refuses: asPart(rule.refuses, part),
  };
}

function moved(path: string, part: Part): string {
  const stem = `spec.${part}`;
  return path === stem || path.startsWith(`${stem}.`) ? `spec${path.slice(stem.length)}` : path;
}

function movedTwin(twin: Twin, part: Part): Twin {
  // A rule at `spec` of the Function looks at fields that both have.
  return twin !== 'schema' && 'at' in twin ? { ...twin, at: moved(twin.at, part) } : twin;
}

function movedComplaint({ at, ...complaint }: Complaint, part: Part): Complaint {
  if (at === undefined) return complaint;
  const place: FieldPath = at[0] === 'spec' && at[1] === part ? ['spec', ...at.slice(2)] : at;
  return { ...complaint, at: place };
}

/** The Function that a Builder or Serving would come from, as far as the rows look at it. */
function asFunction(object: unknown, part: Part): unknown {
  const spec = valueAt(object, 'spec');
  const name = valueAt(object, ['metadata', 'labels', LABEL.function]) ?? valueAt(object, 'metadata.name');
  const namespace = valueAt(object, 'metadata.namespace');
  return {
    metadata: { name, namespace },
    ...(spec !== undefined && { spec: { ...(isObject(spec) && spec), [part]: spec } }),
  };
}

/** What a part must have, where the example of a row is about something else. */
const NEEDED: Record<Part, (inner: unknown) => object> = {
  build: (inner) => (isObject(inner) ? inner : (valueAt(built({}), 'spec.build') as object)),
  serving: (inner) => ({ triggers: { http: {} }, ...(inner as object) }),
};

/** The other way round, for examples. */
function asPart(fn: unknown, part: Part): unknown {
  const { build, serving, ...spec } = valueAt(fn, 'spec') as Record<string, unknown>;
  const metadata = valueAt(fn, 'metadata');
  return { ...(metadata !== undefined && { metadata }), spec: { ...spec, ...NEEDED[part]({ build, serving }[part]) } };
}
