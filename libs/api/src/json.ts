/** Operations on JSON of any depth and with any key: nothing here recurses, and no key is special. */

/** A JSON object. */
export type Tree = Record<string, unknown>;

/** The value of an own member; never one that every object inherits. */
export function own(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Tree)[name] : undefined;
}

/** Sets an own member. `__proto__` is a name like any other. */
export function setOwn(object: Tree, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}

/** A copy without the named members. */
export function without(object: Tree, names: readonly string[]): Tree {
  const copy = { ...object };
  for (const name of names) delete copy[name];
  return copy;
}

/** Whether two JSON values of any depth are equal; the order of members does not count. Absent (undefined) equals only absent. */
export function isEqual(left: unknown, right: unknown): boolean {
  const pairs: unknown[] = [left, right];
  while (pairs.length > 0) {
    const b = pairs.pop();
    const a = pairs.pop();
    if (a === b) continue;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length) return false;
    for (const key of keys) {
      if (!Object.hasOwn(b, key)) return false;
      pairs.push(a[key as keyof typeof a], b[key as keyof typeof b]);
    }
  }
  return true;
}

/**
 * Whether `live` has every member of `wanted`, however deep; undefined counts as not wanted. Lists are compared position by position and
 * have the same length.
 */
export function contains(live: unknown, wanted: unknown): boolean {
  const pairs: unknown[] = [live, wanted];
  while (pairs.length > 0) {
    const b = pairs.pop();
    const a = pairs.pop();
    if (b === undefined || a === b) continue;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
    if (Array.isArray(a) !== Array.isArray(b) || (Array.isArray(b) && (a as unknown[]).length !== b.length))
      return false;
    for (const key of Object.keys(b)) pairs.push(own(a, key), b[key as keyof typeof b]);
  }
  return true;
}
