import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubeClient } from '@openfunction/kube';
import { type Identity, issueIdentity, type ManagedProcess, startProcess } from '@openfunction/local';
import { type StartedCluster, waitFor } from '@openfunction/testing';

/** One running webhook, as its own process under its own ServiceAccount. */
export interface Replica {
  port: number;
  healthPort: number;
  process: ManagedProcess;
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../services/webhook/src/main.ts', import.meta.url));

/** Starts a replica on free ports and waits until it listens. */
export async function startReplica(cluster: StartedCluster, client: KubeClient, name: string): Promise<Replica> {
  const directory = join(cluster.directory, name);
  const identity = await issueIdentity({
    client,
    ca: cluster.ca,
    namespace: 'openfunction',
    serviceAccount: 'openfunction-webhook',
    directory,
  });
  const logFile = join(directory, 'log');
  const child = await startProcess({
    name,
    command: process.execPath,
    args: [MAIN],
    env: {
      PATH: process.env['PATH'],
      KUBECONFIG: identity.kubeconfig,
      PORT: '0',
      HEALTH_PORT: '0',
      HOST: '127.0.0.1',
      HEALTH_HOST: '127.0.0.1',
    },
    logFile,
  });
  const portOf = (component: string) =>
    waitFor(
      `${name} listens (${component})`,
      async () =>
        (await linesOf(logFile)).find((line) => line.msg === 'listening' && line.component === component)?.port,
      30_000,
    );
  return {
    healthPort: await portOf('health'),
    port: await portOf('webhook'),
    process: child,
    stop: () => stopReplica(child, identity),
  };
}

/** The log of a replica so far. */
export async function linesOf(logFile: string): Promise<{ msg: string; component?: string; port?: number }[]> {
  const lines = (await readFile(logFile, 'utf8')).split('\n').slice(0, -1);
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

async function stopReplica(child: ManagedProcess, identity: Identity): Promise<void> {
  await child.stop();
  await identity.stop();
}
