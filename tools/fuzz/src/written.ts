import { ANNOTATION, isObject, segments, V1BETA1_PRESERVED, V1BETA2_PRESERVED } from '@openfunction/api';
import type { Case } from './cases.ts';

/**
 * Paths of what the user has written and `result` no longer holds. Nulls, empty texts and zeros are not written in this sense:
 * typed clients write them for fields that are not there (Q1).
 */
export function lost({ reviewed, operation, object }: Case, result: unknown): string[] {
  const inTables = reviewed.view?.convert ?? ((value: unknown) => value);
  const taken = operation === 'update' ? takenBack(reviewed) : [];
  const found = missing(inTables(object), inTables(result), []).filter((path) => !mayChange(path, taken));
  if (operation === 'update' || reviewed.view === undefined) return found;
  return [...found, ...missing(object, result, []).filter((path) => !mayChange(path, []))];
}

/** Annotations that only this project writes. */
const OURS = [V1BETA1_PRESERVED, V1BETA2_PRESERVED, ANNOTATION.wasmDefaults];

/** Fields of rows that change what is there on an update: they take back, or follow, what a default has set before. */
function takenBack({ defaults }: Case['reviewed']): string[] {
  const isFollowing = ({ says }: { says: string }) => says.includes('follows');
  const variants = ['metadata.annotations', 'spec.serving.annotations'];
  return [
    ...variants,
    ...defaults
      .filter((row) => !row.on.includes('create') || isFollowing(row))
      .map(({ path }) => segments(path).join('.')),
  ];
}

function mayChange(path: string, taken: readonly string[]): boolean {
  // The API server itself fills in `from: Same` before admission, so it is nobody's word (GD2).
  if (/^spec\.gatewaySpec\.listeners\.\d+\.allowedRoutes\.namespaces\.from$/.test(path)) return true;
  if (OURS.some((name) => path === `metadata.annotations.${name}`)) return true;
  return taken.some((field) => path === field || path.startsWith(`${field}.`));
}

function missing(before: unknown, after: unknown, path: readonly (string | number)[]): string[] {
  if (!before || before === after) return [];
  if (Array.isArray(before))
    return before.flatMap((item, at) => missing(item, Array.isArray(after) ? after[at] : undefined, [...path, at]));
  if (isObject(before))
    return Object.keys(before).flatMap((name) =>
      missing(before[name], isObject(after) && Object.hasOwn(after, name) ? after[name] : undefined, [...path, name]),
    );
  return [path.join('.')];
}
