/**
 * Orders two resource versions. They are decimal integers on every API server we support, and comparable since
 * Kubernetes 1.35 by contract (KEP-5504). Longer means larger, so no number is ever parsed.
 */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
