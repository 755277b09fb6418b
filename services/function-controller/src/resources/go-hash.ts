/*
 * The hash that the Go operator (v1.2) wrote into `status.*.resourceHash`: 64-bit FNV-1 over the fields of a Go value
 * (controllers.md, appendix A). It knows Go's types, so a value is hashed by a `GoType` made for its type.
 */

/** Hashes a value of one Go type as the Go operator did. Absent (and null) is what Go reads from JSON without the field. */
export type GoType<T> = (value: T | null | undefined) => bigint;

/** Go name and type of each JSON field: closed, so that a field new to the schema does not compile before it is named here. */
export type GoFields<T> = { [Name in keyof T]-?: readonly [goName: string, type: GoType<NonNullable<T[Name]>>] };

const OFFSET = 14695981039346656037n;
const PRIME = 1099511628211n;

/** Whether a hash was written by the Go operator: a decimal number and nothing else. */
export function isGoHash(hash: string): boolean {
  return /^\d+$/.test(hash);
}

/** string; the zero value is the empty text. */
export const goString: GoType<string> = (text) => fnv(Buffer.from(text ?? ''));

export const goBool: GoType<boolean> = (value) => fnv([value === true ? 1 : 0]);

export const goInt32: GoType<number> = (value) => fnv(littleEndian(BigInt(value ?? 0), 4));

/** int, int64 and time.Duration, in nanoseconds. */
export const goInt64: GoType<bigint> = (value) => fnv(littleEndian(value ?? 0n, 8));

/** The target, or 8 zero bytes. */
export function goPointer<T>(target: GoType<T>): GoType<T> {
  return (value) => (value === null || value === undefined ? goInt64(0n) : target(value));
}

/** null and empty are the same. */
export function goSlice<T>(element: GoType<T>): GoType<readonly T[]> {
  return (list) => (list ?? []).reduce((hash, item) => pair(hash, element(item)), 0n);
}

/** null and empty are the same; order does not count. */
export function goMap<T>(value: GoType<T>): GoType<Readonly<Record<string, T>>> {
  return (map) => xor(Object.entries(map ?? {}).map(([key, item]) => pair(goString(key), value(item))));
}

/**
 * A struct by its type name. Each field counts, absent ones with their zero value. `embedded` are structs whose JSON fields
 * stand among those of this one, under the name of their type.
 */
export function goStruct<T extends object, E extends object = object>(
  name: string,
  fields: GoFields<T>,
  embedded: Readonly<Record<string, GoType<E>>> = {},
): GoType<T & E> {
  const rows = Object.entries(fields) as [keyof T, readonly [string, GoType<unknown>]][];
  return (value) => {
    const own = rows.map(([key, [goName, type]]) => pair(goString(goName), type(value?.[key])));
    const inlined = Object.entries(embedded).map(([typeName, type]) => pair(goString(typeName), type(value)));
    return xor([goString(name), ...own, ...inlined]);
  };
}

function pair(first: bigint, second: bigint): bigint {
  return fnv([...littleEndian(first, 8), ...littleEndian(second, 8)]);
}

function xor(hashes: bigint[]): bigint {
  return hashes.reduce((all, hash) => all ^ hash, 0n);
}

function littleEndian(value: bigint, width: number): number[] {
  return Array.from({ length: width }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

function fnv(bytes: Iterable<number>): bigint {
  let hash = OFFSET;
  for (const byte of bytes) hash = BigInt.asUintN(64, hash * PRIME) ^ BigInt(byte);
  return hash;
}
