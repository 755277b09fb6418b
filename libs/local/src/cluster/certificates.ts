// x509 resolves its parts by decorators and needs the Reflect polyfill first.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyPair {
  cert: string;
  key: string;
}

/** What a certificate is for. */
export interface LeafRequest {
  commonName: string;
  /** Kubernetes reads organizations of a client certificate as groups. */
  organizations?: readonly string[];
  /** DNS names of a server certificate. */
  dnsNames?: readonly string[];
  /** IP addresses of a server certificate. */
  addresses?: readonly string[];
}

/** A certificate authority (P-256) valid for ten years. */
export async function makeAuthority(commonName: string): Promise<KeyPair> {
  const keys = await newKeys();
  const cert = await X509CertificateGenerator.createSelfSigned({
    ...validity(3650),
    serialNumber: serial(),
    name: name(commonName, []),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
    ],
  });
  return { cert: cert.toString('pem'), key: await toPem(keys.privateKey) };
}

/** A certificate (P-256, one year) signed by `authority`: for a server when it has names or addresses, else for a client. */
export async function makeLeaf(authority: KeyPair, request: LeafRequest): Promise<KeyPair> {
  const keys = await newKeys();
  const cert = await X509CertificateGenerator.create({
    ...validity(365),
    serialNumber: serial(),
    subject: name(request.commonName, request.organizations ?? []),
    issuer: new X509Certificate(authority.cert).subjectName,
    publicKey: keys.publicKey,
    signingKey: await fromPem(authority.key),
    signingAlgorithm: ALGORITHM,
    extensions: leafExtensions(request),
  });
  return { cert: cert.toString('pem'), key: await toPem(keys.privateKey) };
}

/** Whether the certificate is valid for at least `days` more. */
export function isValidFor(cert: string, days: number): boolean {
  return new X509Certificate(cert).notAfter.getTime() > Date.now() + days * DAY_MS;
}

/** A key pair for signing tokens: private (PKCS #8) and public (SPKI) PEM. */
export async function makeSigningKey(): Promise<{ key: string; publicKey: string }> {
  const keys = await newKeys();
  const spki = await webcrypto.subtle.exportKey('spki', keys.publicKey);
  return { key: await toPem(keys.privateKey), publicKey: PemConverter.encode(spki, 'PUBLIC KEY') };
}

function leafExtensions({ dnsNames = [], addresses = [] }: LeafRequest): Extension[] {
  const names = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...addresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  const usage = names.length > 0 ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([usage]),
    ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
  ];
}

function name(commonName: string, organizations: readonly string[]): Name {
  return new Name([...organizations.map((organization) => ({ O: [organization] })), { CN: [commonName] }]);
}

function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

/** Positive and at most 20 octets (RFC 5280, 4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] ?? 0) & 0x7f || 1;
  return bytes.toString('hex');
}

// An hour back, for clocks that differ a little.
function validity(days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - 60 * 60 * 1000), notAfter: new Date(Date.now() + days * DAY_MS) };
}

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function fromPem(pem: string): Promise<webcrypto.CryptoKey> {
  const [der] = PemConverter.decode(pem);
  return webcrypto.subtle.importKey('pkcs8', der as ArrayBuffer, ALGORITHM, true, ['sign']);
}
