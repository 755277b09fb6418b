import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
import { type Identity, issueIdentity, type ManagedProcess, readManifests, startProcess } from '@openfunction/local';
import { type StartedCluster, waitFor } from '@openfunction/testing';
import { wireToThisMachine } from '../../tools/start/src/wiring.ts';

/** One running webhook, as its own process under its own ServiceAccount. */
export interface Replica {
  port: number;
  healthPort: number;
  process: ManagedProcess;
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../services/webhook/src/main.ts', import.meta.url));

/** Starts a replica, on free ports unless `env` says otherwise, and waits until it listens. */
export async function startReplica(
  cluster: StartedCluster,
  client: KubeClient,
  name: string,
  env: Record<string, string> = {},
): Promise<Replica> {
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
      CONNECTION_WAIT_SECONDS: '0',
      ...env,
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

/** One line of a replica's log, as far as tests look at it. */
export interface LogLine {
  msg: string;
  component?: string;
  port?: number;
  reason?: string;
}

/** The log of a replica so far. */
export async function linesOf(logFile: string): Promise<LogLine[]> {
  const lines = (await readFile(logFile, 'utf8')).split('\n').slice(0, -1);
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

/** Whether `/readyz` of a replica says so. */
export async function isReady({ healthPort }: Pick<Replica, 'healthPort'>): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${healthPort}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** The objects of manifests of deploy/base, by name. */
export function readBase(...names: string[]): Promise<KubeObject[]> {
  return readManifests(names.map((name) => fileURLToPath(new URL(`../../deploy/base/${name}.yaml`, import.meta.url))));
}

/** The Service, the webhook configurations and the CRDs that are converted as shipped, but for where they lead: a port of loopback. */
export async function reachedOn(port: number): Promise<KubeObject[]> {
  const crds = ['functions', 'builders', 'servings'].map((plural) => `../crds/${plural}.core.openfunction.io`);
  const objects = await readBase('40-webhook-service', ...crds, '60-webhook-configuration');
  return wireToThisMachine(objects, { webhook: port, functions: 0 });
}

async function stopReplica(child: ManagedProcess, identity: Identity): Promise<void> {
  await child.stop();
  await identity.stop();
}
