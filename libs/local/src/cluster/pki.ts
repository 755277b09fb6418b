import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSecretFile } from '../kubeconfig.ts';
import { isValidFor, type KeyPair, type LeafRequest, makeAuthority, makeLeaf, makeSigningKey } from './certificates.ts';

/** Certificates of one control plane, as files (for the servers) and as PEM (for clients of ours). */
export interface Pki {
  ca: { cert: string; certFile: string };
  server: { certFile: string; keyFile: string };
  /** Member of `system:masters`. */
  admin: KeyPair;
  controllerManager: KeyPair;
  /** With it the API server calls kubelets; signed by `ca`. */
  kubeletClient: { certFile: string; keyFile: string };
  /** Signs ServiceAccount tokens. */
  tokens: { keyFile: string; publicKeyFile: string };
}

/**
 * Makes the certificates in `directory`. The authority and the token key are kept from run to run, so that what was issued
 * stays trusted; the rest is new each time.
 */
export async function makePki(directory: string): Promise<Pki> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(directory, name);
  const authority = await keep(file('ca.crt'), file('ca.key'));
  const issue = (request: LeafRequest) => makeLeaf(authority, request);
  const store = (name: string, pair: KeyPair) => storePair(file(`${name}.crt`), file(`${name}.key`), pair);
  return {
    ca: { cert: authority.cert, certFile: file('ca.crt') },
    server: await store('apiserver', await issue(SERVER)),
    admin: await issue({ commonName: 'openfunction-admin', organizations: ['system:masters'] }),
    // Its own role would need a ServiceAccount and token for each of its controllers; here it gets all rights under its name.
    controllerManager: await issue({ commonName: 'system:kube-controller-manager', organizations: ['system:masters'] }),
    kubeletClient: await store('kubelet-client', await issue({ commonName: 'kube-apiserver-kubelet-client' })),
    tokens: await keepSigningKey(file('tokens.key'), file('tokens.pub')),
  };
}

const SERVER = {
  commonName: 'kube-apiserver',
  dnsNames: [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ],
  addresses: ['127.0.0.1', '10.0.0.1'],
};

async function keep(certFile: string, keyFile: string): Promise<KeyPair> {
  const [cert, key] = await Promise.all([readIfThere(certFile), readIfThere(keyFile)]);
  if (cert !== undefined && key !== undefined && isValidFor(cert, 366)) return { cert, key };
  const made = await makeAuthority('openfunction-local-ca');
  await storePair(certFile, keyFile, made);
  return made;
}

async function keepSigningKey(keyFile: string, publicKeyFile: string): Promise<Pki['tokens']> {
  if ((await readIfThere(keyFile)) === undefined || (await readIfThere(publicKeyFile)) === undefined) {
    const made = await makeSigningKey();
    await writeSecretFile(publicKeyFile, made.publicKey);
    await writeSecretFile(keyFile, made.key);
  }
  return { keyFile, publicKeyFile };
}

async function storePair(certFile: string, keyFile: string, pair: KeyPair) {
  await writeSecretFile(certFile, pair.cert);
  await writeSecretFile(keyFile, pair.key);
  return { certFile, keyFile };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
