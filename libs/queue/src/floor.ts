import type { Floor } from './contract.ts';

/** Whether resource version `a` is older than `b`, both as integers of any length. */
export function isOlder(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}

/** The higher of both for every object. */
export function mergeFloors(a: Floor | undefined, b: Floor | undefined): Floor {
  const merged: Floor = { ...a };
  for (const [object, version] of Object.entries(b ?? {})) {
    const known = merged[object];
    if (known === undefined || isOlder(known, version)) merged[object] = version;
  }
  return merged;
}
