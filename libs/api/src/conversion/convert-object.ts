import { isEqual, own, type Tree } from '../json.ts';
import { ANNOTATION } from '../names.ts';
import { isAbsent, isObject } from '../rules.ts';
import { diff, merge } from './preserve.ts';
import {
  annotationsOf,
  PRESERVED_ANNOTATIONS,
  readPreserved,
  V1BETA1_PRESERVED,
  V1BETA2_PRESERVED,
  writePreserved,
} from './preserved.ts';
import { type Subject, TABLES } from './tables.ts';

/**
 * Conversion of Function, Builder and Serving between v1beta1 and v1beta2, without loss: the tables give what the other
 * version can say, and the difference to what it cannot goes into an annotation of the converted object.
 *
 * Laws, for any JSON (nested up to 1,000 levels where an annotation has to hold it): converting there and back gives the
 * object again; converting is a function of the object alone; nothing throws. In metadata only annotations change.
 */

type ConvertedVersion = 'v1beta1' | 'v1beta2';

/** The object in the other version, or one sentence that says why there is none. */
export type Conversion = { object: unknown } | { problem: string };

const GROUP = 'core.openfunction.io/';
const COMPARED = [ANNOTATION.plugins, ANNOTATION.pluginsTracing];

/** The way from one version to the other. */
interface Direction {
  to: ConvertedVersion;
  forth: 'up' | 'down';
  back: 'up' | 'down';
  /** The annotation of the source that holds what the target alone can say. */
  restores: string;
  /** The annotation of the result that holds what the source alone can say. */
  keeps: string;
}

const DIRECTIONS: readonly Direction[] = [
  { to: 'v1beta2', forth: 'up', back: 'down', restores: V1BETA2_PRESERVED, keeps: V1BETA1_PRESERVED },
  { to: 'v1beta1', forth: 'down', back: 'up', restores: V1BETA1_PRESERVED, keeps: V1BETA2_PRESERVED },
];

/** The object in the wanted version; as it is when it has that version already. `apiVersion` is group and version. */
export function convert(object: unknown, apiVersion: string): Conversion {
  if (!isObject(object)) return { problem: 'must be an object' };
  const { apiVersion: present, kind } = object;
  if (present === apiVersion) return { object };
  const direction = DIRECTIONS.find(({ to }) => apiVersion === GROUP + to);
  const isKnown = DIRECTIONS.some(({ to }) => present === GROUP + to);
  if (typeof kind !== 'string' || !Object.hasOwn(TABLES, kind) || direction === undefined || !isKnown)
    return { problem: `kind ${shown(kind)} of ${shown(present)} cannot be converted to ${shown(apiVersion)}` };
  return { object: along(direction, object, kind) };
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : '(missing)';
}

function along({ to, forth, back, restores, keeps }: Direction, object: Tree, kind: string): Tree {
  const table = TABLES[kind] as (typeof TABLES)[string];
  const annotations = annotationsOf(object);
  const source = subjectOf(object, annotations);
  const result = restored(table[forth](source), readPreserved(annotations, restores));
  const kept = writePreserved(diff(table[back](result), source));
  return assemble(object, GROUP + to, result, kept === undefined ? {} : { [keeps]: kept });
}

function subjectOf(object: Tree, annotations: Tree): Subject {
  const { spec } = object;
  return { ...(spec !== undefined && { spec }), annotations: comparedOf(annotations) };
}

function comparedOf(annotations: Tree): Tree {
  return Object.fromEntries(
    COMPARED.flatMap((name) => (Object.hasOwn(annotations, name) ? [[name, annotations[name]]] : [])),
  );
}

/**
 * The subject with the preserved parts. A user can write any preservation annotation, so only what may be there is
 * taken: an annotation that is no text would break every list of the kind.
 */
function restored(subject: Subject, change: Tree | undefined): Subject {
  if (change === undefined || !isObject(change['fields'])) return subject;
  const { spec, annotations } = merge(subject, change) as Tree;
  const plugins = isObject(annotations) ? comparedOf(annotations) : {};
  const isText = isObject(annotations) && Object.values(plugins).every((value) => typeof value === 'string');
  return { ...(spec !== undefined && { spec }), annotations: isText ? plugins : subject.annotations };
}

/** The object with the converted parts in place of its own; every other part, status and `managedFields` too, is the same. */
function assemble(object: Tree, apiVersion: string, { spec, annotations }: Subject, kept: Tree): Tree {
  const result: Tree = { ...object, apiVersion };
  set(result, 'spec', spec);
  set(result, 'metadata', metadataWith(own(object, 'metadata'), annotations, kept));
  return result;
}

/** The same metadata when no annotation changes, so that nothing empty comes or goes. */
function metadataWith(metadata: unknown, plugins: Tree, kept: Tree): unknown {
  const present = isObject(metadata) ? own(metadata, 'annotations') : undefined;
  const hasPlace = isAbsent(metadata) || (isObject(metadata) && (isAbsent(present) || isObject(present)));
  if (!hasPlace) return metadata;
  const annotations = { ...(present as Tree | undefined) };
  for (const name of PRESERVED_ANNOTATIONS) set(annotations, name, own(kept, name));
  for (const name of COMPARED) set(annotations, name, own(plugins, name));
  if (isEqual(annotations, present ?? {})) return metadata;
  const isEmpty = Object.keys(annotations).length === 0;
  const result: Tree = { ...(metadata as Tree | undefined) };
  set(result, 'annotations', isEmpty ? undefined : annotations);
  return result;
}

function set(object: Tree, name: string, value: unknown): void {
  if (value === undefined) delete object[name];
  else object[name] = value;
}
