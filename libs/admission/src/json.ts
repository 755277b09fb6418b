/** Operations on any JSON, however deep: nothing here recurses without a bound, so nothing here can throw. */

const SHOWN_LENGTH = 120;
const SHOWN_MEMBERS = 8;
const SHOWN_DEPTH = 3;

/** The value of an own member; never one that every object inherits. */
export function member(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** A copy with one own member set. `__proto__` is a name like any other. */
export function withMember(object: Record<string, unknown>, key: string, value: unknown): Record<string, unknown> {
  const copy = { ...object };
  Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

/** A copy without one own member. */
export function withoutMember(object: Record<string, unknown>, key: string): Record<string, unknown> {
  const { [key]: _, ...rest } = object;
  return rest;
}

/** The value as a message shows it: JSON, cut short when it is long or deep. */
export function show(value: unknown): string {
  const text = showTo(value, SHOWN_DEPTH);
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH - 1).toWellFormed()}…`;
}

function showTo(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN_LENGTH * 2).toWellFormed());
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value))
    return depth === 0 ? '[…]' : `[${showMembers(value.keys(), (key) => showTo(value[key], depth - 1))}]`;
  if (depth === 0) return '{…}';
  return `{${showMembers(Object.keys(value), (key) => `${JSON.stringify(key.slice(0, SHOWN_LENGTH))}:${showTo(member(value, key), depth - 1)}`)}}`;
}

function showMembers<Key>(keys: Iterable<Key>, showOne: (key: Key) => string): string {
  const shown: string[] = [];
  for (const key of keys) {
    if (shown.length === SHOWN_MEMBERS) return `${shown.join(',')},…`;
    shown.push(showOne(key));
  }
  return shown.join(',');
}
