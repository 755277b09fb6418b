import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isObject, type KubeObject } from '@openfunction/api';
import { explain } from '@openfunction/errors';
import { CERTIFICATE_ANNOTATION, SECRET_NAME } from '../names.ts';
import type { KeyPair } from './issue.ts';

/** What the Secret holds. */
export interface Bundle {
  /** Signs server certificates. */
  authority: KeyPair;
  /** Served; signed by `authority`. */
  leaf: KeyPair;
  /** The authority to come (PEM, with its key): trusted already, signs nothing yet. */
  next?: KeyPair | undefined;
  /** Certificate (PEM) of the authority before this one: signs nothing any more, trusted still. */
  previous?: string | undefined;
}

/** What a Secret is worth now. The authority may be good when the rest is not. */
export interface Judgement {
  /** Good to serve with. */
  bundle?: Bundle;
  /** Good to sign with. */
  authority?: KeyPair;
  /** Why the Secret has to be written, in a few words; undefined when it is good. */
  fault?: string;
}

/** Judges a Secret. Total: whatever is in it gives a fault, never a throw. */
export function judge(secret: KubeObject | undefined, dnsNames: readonly string[], now: Date): Judgement {
  if (secret === undefined) return { fault: 'missing' };
  if (secret.metadata.annotations?.[CERTIFICATE_ANNOTATION] === undefined) return { fault: 'not ours' };
  try {
    const authority = readPair(secret, 'ca');
    const fault = wrongPair(authority, now);
    if (fault !== undefined) return { fault: `the authority ${fault}` };
    return judgeRest(secret, authority, dnsNames, now);
  } catch (error) {
    return { fault: `unreadable: ${explain(error)}` };
  }
}

function judgeRest(secret: KubeObject, authority: KeyPair, dnsNames: readonly string[], now: Date): Judgement {
  try {
    const bundle: Bundle = { authority, leaf: readPair(secret, 'tls') };
    if (has(secret, 'next-ca.crt')) bundle.next = readPair(secret, 'next-ca');
    if (has(secret, 'previous-ca.crt')) bundle.previous = read(secret, 'previous-ca.crt');
    const fault = wrongLeaf(bundle, dnsNames, now) ?? wrongNeighbours(bundle, now);
    return fault === undefined ? { authority, bundle } : { authority, fault };
  } catch (error) {
    return { authority, fault: `unreadable: ${explain(error)}` };
  }
}

function wrongPair({ cert, key }: KeyPair, now: Date): string | undefined {
  const parsed = new X509Certificate(cert);
  if (!parsed.checkPrivateKey(createPrivateKey(key))) return 'has the key of another';
  return parsed.validFromDate <= now && now < parsed.validToDate ? undefined : 'has expired or is not valid yet';
}

function wrongLeaf({ authority, leaf }: Bundle, dnsNames: readonly string[], now: Date): string | undefined {
  const fault = wrongPair(leaf, now);
  if (fault !== undefined) return `the certificate ${fault}`;
  const [ca, cert] = [new X509Certificate(authority.cert), new X509Certificate(leaf.cert)];
  if (!cert.checkIssued(ca) || !cert.verify(ca.publicKey)) return 'the certificate is not signed by the authority';
  return dnsNames.every((name) => cert.checkHost(name) !== undefined)
    ? undefined
    : 'the certificate is for another name';
}

function wrongNeighbours({ next, previous }: Bundle, now: Date): string | undefined {
  const fault = next && wrongPair(next, now);
  if (fault !== undefined) return `the next authority ${fault}`;
  // Only that it is a certificate counts: one that has expired is trusted by nobody.
  if (previous !== undefined) new X509Certificate(previous);
  return undefined;
}

function readPair(secret: KubeObject, name: string): KeyPair {
  return { cert: read(secret, `${name}.crt`), key: read(secret, `${name}.key`) };
}

function has(secret: KubeObject, name: string): boolean {
  const data: unknown = secret['data'];
  return isObject(data) && Object.hasOwn(data, name);
}

function read(secret: KubeObject, name: string): string {
  const value: unknown = has(secret, name) ? secret['data'][name] : undefined;
  return Buffer.from(typeof value === 'string' ? value : '', 'base64').toString();
}

/** The Secret that holds a bundle, in the place of `existing` if there is one: a Secret's type can never be changed. */
export function makeSecret(bundle: Bundle, namespace: string, existing?: KubeObject): KubeObject {
  const { authority, leaf, next, previous } = bundle;
  const data = {
    'ca.crt': authority.cert,
    'ca.key': authority.key,
    'tls.crt': leaf.cert,
    'tls.key': leaf.key,
    ...(next !== undefined && { 'next-ca.crt': next.cert, 'next-ca.key': next.key }),
    ...(previous !== undefined && { 'previous-ca.crt': previous }),
  };
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

/** When a certificate (PEM) ends. */
export function endOf(cert: string): Date {
  return new X509Certificate(cert).validToDate;
}

/** For how long a certificate (PEM) is good still, in milliseconds; negative once it has ended. */
export function leftOf(cert: string, now: Date): number {
  return endOf(cert).getTime() - now.getTime();
}
