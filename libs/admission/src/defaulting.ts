import { type Default, isObject, type Operation, segments, valueAt } from '@openfunction/api';
import { isEqual, withMember } from './json.ts';

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  op: 'add' | 'replace';
  path: string;
  value: unknown;
}

/** An object with its defaults, and the fields that were set, outermost only. */
export interface Defaulted {
  object: unknown;
  /** Paths that were set; below each, everything is new. */
  set: readonly (readonly string[])[];
}

/** Applies a table of defaults in its order. What is malformed on the way to a field is passed over: the schema speaks about it. */
export function applyDefaults(table: readonly Default[], object: unknown, operation: Operation): Defaulted {
  let current = object;
  const set: string[][] = [];
  for (const row of table) {
    if (!row.on.includes(operation)) continue;
    const path = segments(row.path);
    if (!isObject(valueAt(current, path.slice(0, -1)))) continue;
    const field = valueAt(current, path);
    const value = row.value(field, current);
    if (value === undefined || isEqual(value, field)) continue;
    current = withValue(current, path, value);
    if (!set.some((outer) => outer.every((segment, depth) => segment === path[depth]))) set.push(path);
  }
  return { object: current, set };
}

/** A copy of the object with one field set; only the objects on the way are copied. */
export function withValue(object: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const parent = isObject(object) ? object : {};
  return withMember(parent, name, withValue(valueAt(parent, [name]), rest, value));
}

/** The smallest JSON patch that turns the object as sent into the one with these fields set. */
export function patchOf(sent: unknown, { object, set }: Defaulted): PatchOperation[] {
  return set.map((path) => ({
    op: valueAt(sent, path) === undefined ? 'add' : 'replace',
    path: pointer(path),
    value: valueAt(object, path),
  }));
}

/** A JSON pointer (RFC 6901). */
export function pointer(path: readonly string[]): string {
  return path.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
