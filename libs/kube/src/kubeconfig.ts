import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { CodedError, explain } from '@openfunction/errors';
import { parse } from 'yaml';

/** How to reach and trust an API server, and how to say who we are. */
export interface Connection {
  server: string;
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  servername?: string;
  rejectUnauthorized?: boolean;
  /** The `Authorization` header for a request made now; undefined when a client certificate speaks for us. */
  authorization?: () => Promise<string | undefined>;
}

/**
 * Reads a kubeconfig: the file given, else `KUBECONFIG`, else `~/.kube/config`; inside a pod, the ServiceAccount's files.
 * Token files are read again as client-node does (at most 60 s old), so a renewed token is picked up.
 * Throws `config.invalid` when there is no usable configuration.
 */
export async function loadConnection(file: string | undefined): Promise<Connection> {
  const config = new KubeConfig();
  const path = file ?? process.env['KUBECONFIG'];
  try {
    if (path !== undefined && path !== '') await loadFile(config, path);
    else if (process.env['KUBERNETES_SERVICE_HOST'] !== undefined) config.loadFromCluster();
    else await loadFile(config, join(homedir(), '.kube', 'config'));
  } catch (error) {
    throw new CodedError('config.invalid', `kubeconfig ${path ?? 'of this pod or home'}: ${explain(error)}`, error);
  }
  return toConnection(config);
}

async function loadFile(config: KubeConfig, path: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  config.loadFromString(text);
  // client-node 2.0 does not know the kubeconfig field `tokenFile`; its file authenticator does the same job.
  const users = (parse(text) as { users?: { name: string; user?: { tokenFile?: string } }[] }).users ?? [];
  config.users = config.users.map((user) => {
    const tokenFile = users.find((entry) => entry.name === user.name)?.user?.tokenFile;
    return tokenFile === undefined ? user : { ...user, authProvider: { name: 'tokenFile', config: { tokenFile } } };
  });
}

async function toConnection(config: KubeConfig): Promise<Connection> {
  const cluster = config.getCurrentCluster();
  if (cluster === null || cluster === undefined)
    throw new CodedError('config.invalid', 'kubeconfig: no current cluster');
  const options: HttpsOptions = { headers: {} };
  await config.applyToHTTPSOptions(options as never);
  return {
    server: cluster.server,
    ...(options.ca !== undefined && { ca: options.ca }),
    ...(options.cert !== undefined && { cert: options.cert }),
    ...(options.key !== undefined && { key: options.key }),
    ...(cluster.tlsServerName !== undefined && { servername: cluster.tlsServerName }),
    ...(cluster.skipTLSVerify && { rejectUnauthorized: false }),
    authorization: async () => {
      const fresh: HttpsOptions = { headers: {} };
      await config.applyToHTTPSOptions(fresh as never);
      return fresh.headers['Authorization'] ?? undefined;
    },
  };
}

interface HttpsOptions {
  headers: Record<string, string>;
  ca?: Buffer | string;
  cert?: Buffer | string;
  key?: Buffer | string;
}
