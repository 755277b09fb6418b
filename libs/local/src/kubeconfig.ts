import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stringify } from 'yaml';

/** How a kubeconfig's user says who it is; exactly one way. */
export type Credentials =
  | { token: string; tokenFile?: never; clientCert?: never }
  | { tokenFile: string; token?: never; clientCert?: never }
  | { clientCert: { cert: string; key: string }; token?: never; tokenFile?: never };

/**
 * Writes a self-contained kubeconfig (block-style YAML, mode 0600) in one step: readers see the old file or the new one.
 * `caData`, `cert` and `key` are PEM; `namespace` is the context's, default `default`.
 */
export async function writeKubeconfig(
  file: string,
  options: { server: string; caData: string; namespace?: string } & Credentials,
): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'openfunction',
        cluster: { server: options.server, 'certificate-authority-data': base64(options.caData) },
      },
    ],
    users: [{ name: 'openfunction', user: user(options) }],
    contexts: [
      {
        name: 'openfunction',
        context: { cluster: 'openfunction', user: 'openfunction', namespace: options.namespace ?? 'default' },
      },
    ],
    'current-context': 'openfunction',
  };
  await writeSecretFile(file, stringify(config, { collectionStyle: 'block', lineWidth: 0 }));
}

/** Writes a file that only this user can read (0600), replacing an older one atomically. */
export async function writeSecretFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, text, { mode: 0o600 });
  await chmod(draft, 0o600); // an older draft may have had another mode
  await rename(draft, file);
}

function user(credentials: Credentials): Record<string, string> {
  if (credentials.token !== undefined) return { token: credentials.token };
  if (credentials.tokenFile !== undefined) return { tokenFile: credentials.tokenFile };
  const { cert, key } = credentials.clientCert;
  return { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
