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
