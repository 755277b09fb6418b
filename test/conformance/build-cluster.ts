import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '@openfunction/api';
import { KubeClient } from '@openfunction/kube';
import { applyManifests, ProcessGroup, parseManifests } from '@openfunction/local';
import { foreignCrds, NEEDS_GO, type StartedCluster, startSystem, startTestCluster } from '@openfunction/testing';
import { pointTo } from '../integration/webhook-cluster.ts';
import { startReplica } from '../integration/webhook-replica.ts';
import { buildManifests, startBuildControllers } from './shipwright.ts';

const STRATEGIES = ['openfunction', 'buildah', 'kaniko', 'ko', 'wasmedge'];

/**
 * A cluster with the real Shipwright and Tekton controllers, our strategies, our webhook and our controllers; `say` hears what
 * takes long. Throws when the neighbours cannot be had: ask `foreignCrds` first.
 */
export async function startBuildCluster(
  say: (line: string) => void,
): Promise<{ cluster: StartedCluster; stop: () => Promise<void> }> {
  await using stack = new AsyncDisposableStack();
  const crds = await foreignCrds();
  if (crds === undefined) throw new Error(NEEDS_GO);
  const manifests = [...crds, ...(await buildManifests())];
  const cluster = await startTestCluster({ roles: true, manifests, log: say });
  stack.defer(() => cluster.stop());
  const client = KubeClient.of(cluster.admin);
  stack.defer(() => client.close());
  const group = new ProcessGroup();
  stack.defer(() => group.stop());
  await startBuildControllers(group, cluster, say);
  await applyManifests(client, await readStrategies(), { fieldManager: 'install' });
  const webhook = await startReplica(cluster, client, 'webhook');
  stack.defer(() => webhook.stop());
  await pointTo(client, webhook);
  const system = await startSystem({ cluster, client, replicas: 1 });
  stack.defer(() => system.stop());
  const started = stack.move();
  return { cluster, stop: () => started.disposeAsync() };
}

async function readStrategies(): Promise<KubeObject[]> {
  const file = (name: string) => fileURLToPath(new URL(`../../deploy/strategies/${name}.yaml`, import.meta.url));
  const texts = await Promise.all(STRATEGIES.map((name) => readFile(file(name), 'utf8')));
  return texts.flatMap((text) => parseManifests(text) as KubeObject[]);
}
