import { ANNOTATION } from '../names.ts';
import { isObject, segments, valueAt } from '../rules.ts';

/** No manifest is longer: the API server takes at most 256 KiB of annotations. */
const LONGEST_MANIFEST = 256 * 1024;

/**
 * Whether the manifest that a user applied lists a field: known after `kubectl apply`, client-side (the annotation it leaves) and
 * server-side (the fields an applier owns). Undefined where the object carries no record of either kind.
 */
export function listsField(object: unknown, path: string): boolean | undefined {
  const manifest = lastApplied(object);
  const owned = appliedFields(object);
  if (manifest === undefined && owned.length === 0) return undefined;
  const isOwned = owned.some(
    (fields) =>
      valueAt(
        fields,
        segments(path).map((name) => `f:${name}`),
      ) !== undefined,
  );
  return isOwned || valueAt(manifest, path) !== undefined;
}

function lastApplied(object: unknown): unknown {
  const text = valueAt(object, ['metadata', 'annotations', ANNOTATION.kubectlLastApplied]);
  if (typeof text !== 'string' || text.length > LONGEST_MANIFEST) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not written by kubectl: no record.
    return undefined;
  }
}

/** The field sets of all managers that apply (server-side apply, structured-merge-diff `fieldsV1`). */
function appliedFields(object: unknown): unknown[] {
  const managers = valueAt(object, 'metadata.managedFields');
  if (!Array.isArray(managers)) return [];
  return managers.flatMap((manager) =>
    valueAt(manager, 'operation') === 'Apply' && isObject(valueAt(manager, 'fieldsV1'))
      ? [valueAt(manager, 'fieldsV1')]
      : [],
  );
}
