import { contains, isObject, type KubeObject, type ManagedFields } from '@openfunction/api';
import { isUpdateOf } from './take-over.ts';

type Json = unknown;
type Fields = Record<string, unknown>;

/**
 * Whether applying `wanted` as `manager` would change nothing: every wanted field stands in `live`, and every field that
 * `manager` owns there (managedFields, operation Apply) is still wanted. Fields of others are none of our business.
 * Lists are compared position by position, as the lists this project applies are atomic or short.
 */
export function isApplied(wanted: KubeObject, live: KubeObject, manager: string): boolean {
  const { apiVersion: _served, ...content } = wanted; // the same object is read under whichever version is served
  return contains(live, content) && !ownsMore(ownedFields(live, manager), wanted);
}

/** The time of the manager's last change by server-side apply, whole seconds (meta/v1 ManagedFieldsEntry). */
export function appliedAt(live: KubeObject, manager: string): Date | undefined {
  const time = entryOf(live, manager)?.time;
  return time === undefined ? undefined : new Date(time);
}

/**
 * Drops the managed fields of everybody else: they are the larger half of most objects, and nobody here reads them. Of `predecessors`
 * the updates are kept too, until they have been taken over, and the manager's own: they tell which keys it has put there.
 */
export function keepFieldsOf(
  manager: string,
  predecessors: readonly string[] = [],
): (object: KubeObject) => KubeObject {
  return (object) => {
    const managedFields = (object.metadata.managedFields ?? []).filter(
      (entry) => isOurs(entry, manager) || isUpdateOf(entry, [manager, ...predecessors]),
    );
    return { ...object, metadata: { ...object.metadata, managedFields } };
  };
}

/** The labels and annotations that the manager has written by plain updates or patches. */
export function updatedKeys(live: KubeObject, manager: string): { labels: string[]; annotations: string[] } {
  const entry = live.metadata.managedFields?.find((each) => isUpdateOf(each, [manager]));
  const metadata = (entry?.fieldsV1?.['f:metadata'] ?? {}) as Record<string, Fields | undefined>;
  return { labels: keysOf(metadata['f:labels']), annotations: keysOf(metadata['f:annotations']) };
}

/** The names in a field set of a map, e.g. `f:app` as `app`. */
function keysOf(fields: Fields = {}): string[] {
  return Object.keys(fields)
    .filter((path) => path.startsWith('f:'))
    .map((path) => path.slice(2));
}

/** What of `live` stands at the places that `wanted` speaks of. */
export function project(live: Json, wanted: Json): Json {
  if (Array.isArray(wanted) && Array.isArray(live)) return live.map((item, index) => project(item, wanted[index]));
  if (!isObject(wanted) || !isObject(live)) return live;
  return Object.fromEntries(Object.entries(wanted).map(([key, value]) => [key, project(live[key], value)]));
}

function ownedFields(live: KubeObject, manager: string): Fields {
  return entryOf(live, manager)?.fieldsV1 ?? {};
}

function entryOf(live: KubeObject, manager: string): ManagedFields | undefined {
  return live.metadata.managedFields?.find((entry) => isOurs(entry, manager));
}

function isOurs(entry: ManagedFields, manager: string): boolean {
  return entry.manager === manager && entry.operation === 'Apply' && (entry.subresource ?? '') === '';
}

/** Walks a field set (structured-merge-diff's FieldsV1: `f:` field, `k:` list entry by keys, `v:` set member, `i:` index). */
function ownsMore(fields: Fields, wanted: Json): boolean {
  return Object.entries(fields).some(([path, below]) => {
    if (path === '.') return false;
    const value = step(path, wanted);
    return value === undefined || (isObject(below) && ownsMore(below, value));
  });
}

function step(path: string, wanted: Json): Json {
  const [type, rest] = [path.slice(0, 2), path.slice(2)];
  if (type === 'f:') return isObject(wanted) ? wanted[rest] : undefined;
  if (!Array.isArray(wanted)) return undefined;
  if (type === 'i:') return wanted[Number(rest)];
  if (type === 'v:') return wanted.find((item) => JSON.stringify(item) === rest);
  const keys = JSON.parse(rest) as Fields;
  return wanted.find((item) => Object.entries(keys).every(([key, value]) => keyMatches(item, key, value)));
}

/** A list key that the API server defaulted (a port's protocol) is absent from what we wrote. */
function keyMatches(item: Json, key: string, value: unknown): boolean {
  return isObject(item) && (item[key] === value || item[key] === undefined);
}
