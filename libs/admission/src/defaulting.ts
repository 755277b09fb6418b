import {
  type Default,
  type FieldPath,
  isEqual,
  isObject,
  type Operation,
  own,
  REMOVE,
  segments,
  setOwn,
  valueAt,
  without,
} from '@openfunction/api';

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  op: 'add' | 'replace' | 'remove';
  path: string;
  value?: unknown;
}

/** An object with its defaults, and the fields that were set or taken away, outermost only. */
export interface Defaulted {
  object: unknown;
  /** Paths that were set; below each, everything is new. */
  set: readonly FieldPath[];
}

/** A row with its path in parts. */
interface Step {
  row: Default;
  path: FieldPath;
  around: FieldPath;
  name: string;
}

const steps = new WeakMap<readonly Default[], readonly Step[]>();

/** A table with its paths taken apart, once. */
function stepsOf(table: readonly Default[]): readonly Step[] {
  const known = steps.get(table);
  if (known !== undefined) return known;
  const made = table.map((row) => {
    const path = segments(row.path);
    return { row, path, around: path.slice(0, -1), name: path.at(-1) ?? '' };
  });
  steps.set(table, made);
  return made;
}

/** Applies a table of defaults in its order. What is malformed on the way to a field is passed over: the schema speaks about it. */
export function applyDefaults(
  table: readonly Default[],
  object: unknown,
  operation: Operation,
  old?: unknown,
): Defaulted {
  let draft: Defaulted = { object, set: [] };
  for (const { row, path, around, name } of stepsOf(table)) {
    if (!row.on.includes(operation)) continue;
    const parent = valueAt(draft.object, around);
    if (!isObject(parent)) continue;
    const value = row.value(own(parent, name), draft.object, old);
    if (value !== undefined) draft = withField(draft, path, value === REMOVE ? undefined : value);
  }
  return draft;
}

/** The same with one field set, or taken away where the value is undefined. A field that is as wanted stays as it is. */
export function withField(draft: Defaulted, path: FieldPath, value: unknown): Defaulted {
  const { object, set } = draft;
  if (isEqual(valueAt(object, path), value)) return draft;
  const isWithin = (outer: FieldPath, inner: FieldPath) => outer.every((segment, depth) => segment === inner[depth]);
  const isNew = set.some((outer) => isWithin(outer, path));
  const rest = set.filter((inner) => !isWithin(path, inner));
  return { object: withValue(object, path, value), set: isNew ? set : [...rest, path] };
}

/** A copy of the object with one field set, or taken away; only what is on the way is copied. */
export function withValue(object: unknown, path: FieldPath, value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (Array.isArray(object) && typeof name === 'number') return object.with(name, withValue(object[name], rest, value));
  const parent = isObject(object) ? object : {};
  if (rest.length === 0 && value === undefined) return without(parent, [String(name)]);
  const copy = { ...parent };
  setOwn(copy, String(name), withValue(valueAt(parent, [name]), rest, value));
  return copy;
}

/** The smallest JSON patch that turns the object as sent into the one with these fields set. */
export function patchOf(sent: unknown, { object, set }: Defaulted): PatchOperation[] {
  return set.flatMap((path): PatchOperation[] => {
    const [given, value] = [valueAt(sent, path), valueAt(object, path)];
    // One row may have taken away what a later one has set again.
    if (isEqual(given, value)) return [];
    const at = pointer(path);
    if (value === undefined) return [{ op: 'remove', path: at }];
    return [{ op: given === undefined ? 'add' : 'replace', path: at, value }];
  });
}

/** A JSON patch that turns one object into another. Lists are replaced whole. */
export function patchBetween(from: unknown, to: unknown, path: FieldPath = []): PatchOperation[] {
  if (isEqual(from, to)) return [];
  const at = pointer(path);
  if (from === undefined) return [{ op: 'add', path: at, value: to }];
  if (to === undefined) return [{ op: 'remove', path: at }];
  if (!isObject(from) || !isObject(to)) return [{ op: 'replace', path: at, value: to }];
  const names = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...names].flatMap((name) => patchBetween(valueAt(from, [name]), valueAt(to, [name]), [...path, name]));
}

/** A JSON pointer (RFC 6901). */
export function pointer(path: FieldPath): string {
  return path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
