/** `repository:tag` of a reference (tag `latest` when it has none), and its digest when it names one. */
export interface ImageReference {
  name: string;
  digest?: `sha256:${string}`;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Takes `repository[:tag][@sha256:…]` apart. Anything after `@` that is no SHA-256 digest makes it undefined. */
export function parseReference(reference: string): ImageReference | undefined {
  const [named = '', digest, ...rest] = reference.split('@');
  if (named === '' || rest.length > 0) return undefined;
  const name = named.lastIndexOf(':') > named.lastIndexOf('/') ? named : `${named}:latest`;
  if (digest === undefined) return { name };
  return isDigest(digest) ? { name, digest } : undefined;
}

/** Whether `text` is `sha256:` and 64 hexadecimal digits. */
export function isDigest(text: string): text is `sha256:${string}` {
  return DIGEST.test(text);
}
