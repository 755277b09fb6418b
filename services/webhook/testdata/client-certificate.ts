// x509 resolves its parts by decorators and needs the Reflect polyfill first.
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { KeyPair } from '../src/certificate/issue.ts';

const { subtle } = globalThis.crypto;
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A client's certificate (clientAuth), as an API server may show one to its webhooks. */
export async function makeClientCertificate(authority: KeyPair): Promise<KeyPair> {
  const signer = PemConverter.decode(authority.key)[0] as ArrayBuffer;
  const keys = (await subtle.generateKey(ECDSA, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const cert = await X509CertificateGenerator.create({
    subject: 'CN=kube-apiserver',
    issuer: new X509Certificate(authority.cert).subject,
    publicKey: keys.publicKey,
    signingKey: await subtle.importKey('pkcs8', signer, ECDSA, true, ['sign']),
    signingAlgorithm: ECDSA,
    extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
  });
  const key = PemConverter.encode(await subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: cert.toString('pem'), key };
}
