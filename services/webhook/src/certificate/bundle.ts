import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isObject, type KubeObject } from '@openfunction/api';
import { explain } from '@openfunction/errors';
import { CERTIFICATE_ANNOTATION, SECRET_NAME } from '../names.ts';
import { type KeyPair, makeAuthority, makeLeaf } from './issue.ts';

/** What the Secret holds: an authority that the API server trusts, and a server certificate that it signed. */
export interface Bundle {
  authority: KeyPair;
  leaf: KeyPair;
}

/** What a Secret is worth now. The authority may be good when the rest is not. */
export interface Judgement {
  /** Good to serve with. */
  bundle?: Bundle;
  /** Good to sign with: a new leaf under it is trusted at once. */
  authority?: KeyPair;
  /** Why the Secret has to be written, in a few words; undefined when it is good. */
  fault?: string;
}

const DAY_MS = 86_400_000;
/** A leaf is made anew this long before it ends, so that no replica ever serves an expired one. */
const LEAF_LEFT_MS = 2 * DAY_MS;
/** An authority must outlive each leaf it signs. */
const AUTHORITY_LEFT_MS = 8 * DAY_MS;

/** Judges a Secret. Total: whatever is in it gives a fault, never a throw. */
export function judge(secret: KubeObject | undefined, dnsNames: readonly string[], now: Date): Judgement {
  if (secret === undefined) return { fault: 'missing' };
  if (secret.metadata.annotations?.[CERTIFICATE_ANNOTATION] === undefined) return { fault: 'not ours' };
  try {
    return judgeData(secret, dnsNames, now);
  } catch (error) {
    return { fault: `unreadable: ${explain(error)}` };
  }
}

function judgeData(secret: KubeObject, dnsNames: readonly string[], now: Date): Judgement {
  const authority = { cert: field(secret, 'ca.crt'), key: field(secret, 'ca.key') };
  const ca = new X509Certificate(authority.cert);
  if (!ca.checkPrivateKey(createPrivateKey(authority.key))) return { fault: 'the key of the authority is another' };
  if (!isGoodFor(ca, now, AUTHORITY_LEFT_MS)) return { fault: 'the authority has expired' };
  const leaf = { cert: field(secret, 'tls.crt'), key: field(secret, 'tls.key') };
  const fault = wrongLeaf(ca, leaf, dnsNames, now);
  return fault === undefined ? { authority, bundle: { authority, leaf } } : { authority, fault };
}

function wrongLeaf(ca: X509Certificate, leaf: KeyPair, dnsNames: readonly string[], now: Date): string | undefined {
  const cert = new X509Certificate(leaf.cert);
  if (!cert.checkPrivateKey(createPrivateKey(leaf.key))) return 'the key of the certificate is another';
  if (!cert.checkIssued(ca) || !cert.verify(ca.publicKey)) return 'the certificate is not signed by the authority';
  if (!isGoodFor(cert, now, LEAF_LEFT_MS)) return 'the certificate has expired or soon will';
  return dnsNames.every((name) => cert.checkHost(name) !== undefined)
    ? undefined
    : 'the certificate is for another name';
}

function isGoodFor(cert: X509Certificate, now: Date, leftMs: number): boolean {
  return cert.validFromDate <= now && cert.validToDate.getTime() - now.getTime() > leftMs;
}

function field(secret: KubeObject, name: string): string {
  const data: unknown = secret['data'];
  const value = isObject(data) && Object.hasOwn(data, name) ? data[name] : undefined;
  return Buffer.from(typeof value === 'string' ? value : '', 'base64').toString();
}

/** Makes a bundle, under `authority` if there is one, else under a new one. */
export async function makeBundle(
  authority: KeyPair | undefined,
  dnsNames: readonly string[],
  now: Date,
): Promise<Bundle> {
  const signer = authority ?? (await makeAuthority(now));
  return { authority: signer, leaf: await makeLeaf(signer, dnsNames, now) };
}

/** The Secret that holds a bundle, in the place of `existing` if there is one: a Secret's type can never be changed. */
export function makeSecret(bundle: Bundle, namespace: string, existing?: KubeObject): KubeObject {
  const { authority, leaf } = bundle;
  const data = { 'ca.crt': authority.cert, 'ca.key': authority.key, 'tls.crt': leaf.cert, 'tls.key': leaf.key };
  const resourceVersion = existing?.metadata.resourceVersion;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: SECRET_NAME,
      namespace,
      annotations: { [CERTIFICATE_ANNOTATION]: 'v1' },
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    type: existing?.['type'] ?? 'kubernetes.io/tls',
    data: Object.fromEntries(Object.entries(data).map(([name, pem]) => [name, toBase64(pem)])),
  };
}

/** Text in Base64, as the API wants bytes. */
export function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** When the server certificate of a bundle ends. */
export function endOf(bundle: Bundle): Date {
  return new X509Certificate(bundle.leaf.cert).validToDate;
}
