import { hash } from 'node:crypto';

/** Marks the way a content hash was made; a hash without it was written by the Go operator. */
export const HASH_PREFIX = 'v1:';

/**
 * JSON with sorted keys and without undefined members: equal values give equal text, whatever the order of their keys.
 * Values that JSON does not know are treated as JSON.stringify treats them.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member) => (isPlain(member) ? sorted(member) : member)) ?? 'null';
}

/** `v1:` and the SHA-256 of the value's canonical JSON, in hexadecimal. */
export function contentHash(value: unknown): `v1:${string}` {
  return `${HASH_PREFIX}${sha256(canonicalJson(value))}`;
}

/** SHA-256 of a text, in hexadecimal. */
export function sha256(text: string): string {
  return hash('sha256', text);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Null prototype, so that a key `__proto__` stays a key. Integer-like keys come first in every JSON engine alike. */
function sorted(object: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(object).sort()) result[key] = object[key];
  return result;
}
