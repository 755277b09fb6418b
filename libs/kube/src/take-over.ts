import type { Kind, KubeObject, ManagedFields } from '@openfunction/api';
import type { KubeClient } from './client.ts';

type Fields = Record<string, unknown>;

/** Whether managedFields say that one of these managers wrote the object by plain updates, and nobody has taken that over. */
export function isUpdatedBy(object: KubeObject, managers: readonly string[]): boolean {
  return (object.metadata.managedFields ?? []).some((entry) => isUpdateOf(entry, managers));
}

/**
 * Managed fields in which what `predecessors` wrote by updates belongs to `manager`, as if it had been applied: the next apply then
 * removes what is no longer wanted. The fields of everybody else, and of the status, stay as they are. One entry is made of those in
 * the version that `manager` applies in, else of the latest; fields known in another version only are nobody's from then on, as with
 * client-go's csaupgrade.
 */
export function takeOverFields(
  entries: readonly ManagedFields[],
  predecessors: readonly string[],
  manager: string,
): ManagedFields[] {
  const left = entries.filter((entry) => isUpdateOf(entry, predecessors));
  const own = entries.find((entry) => isAppliedBy(entry, manager));
  const heir = own ?? [...left].sort(latestFirst)[0];
  if (heir === undefined || left.length === 0) return [...entries];
  const parts = [heir, ...left.filter((entry) => entry !== heir && entry.apiVersion === heir.apiVersion)];
  const fieldsV1 = parts.map((entry) => entry.fieldsV1 ?? {}).reduce(union);
  const others = entries.filter((entry) => entry !== own && !left.includes(entry));
  return [...others, { ...heir, manager, operation: 'Apply', fieldsV1 }];
}

/**
 * Moves these fields in the API server: one read and, where there is something to move, one write. Returns the object as it is then,
 * undefined when it is gone; a change in between is `api.conflict`.
 */
export async function takeOver(
  client: KubeClient,
  kind: Kind,
  key: { namespace?: string | undefined; name: string },
  { predecessors, manager }: { predecessors: readonly string[]; manager: string },
): Promise<KubeObject | undefined> {
  const live = await client.get(kind, key);
  if (live === undefined || !isUpdatedBy(live, predecessors)) return live;
  const value = takeOverFields(live.metadata.managedFields ?? [], predecessors, manager);
  const patch = [
    { op: 'replace', path: '/metadata/managedFields', value },
    { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
  ];
  return await client.patch(kind, key, patch, { type: 'json', fieldManager: manager });
}

/** All fields of both sets (structured-merge-diff's FieldsV1 is a tree of paths). */
function union(a: Fields, b: Fields): Fields {
  const result = { ...a };
  for (const [path, below] of Object.entries(b)) result[path] = union((a[path] ?? {}) as Fields, below as Fields);
  return result;
}

/** Whether the entry is of a plain update by one of these managers, not of the status. */
export function isUpdateOf({ manager, operation, subresource }: ManagedFields, managers: readonly string[]): boolean {
  return operation === 'Update' && (subresource ?? '') === '' && managers.includes(manager ?? '');
}

function isAppliedBy({ manager, operation, subresource }: ManagedFields, name: string): boolean {
  return operation === 'Apply' && (subresource ?? '') === '' && manager === name;
}

function latestFirst(a: ManagedFields, b: ManagedFields): number {
  return (b.time ?? '').localeCompare(a.time ?? '');
}
