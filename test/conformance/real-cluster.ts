import { KubeClient } from '@openfunction/kube';
import { applyManifests, ProcessGroup } from '@openfunction/local';
import {
  applyFunction,
  foreignCrds,
  NEEDS_GO,
  type StartedCluster,
  sketchFunction,
  startSystem,
  startTestCluster,
} from '@openfunction/testing';
import { pointTo } from '../integration/webhook-cluster.ts';
import { startReplica } from '../integration/webhook-replica.ts';
import { NAMES, STRATEGIES } from '../strategies/strategy.ts';
import { kedaManifests, startKeda } from './keda.ts';
import { knativeManifests, startKnative } from './knative.ts';
import { KnativePlayer } from './knative-player.ts';
import { buildManifests, startBuildControllers } from './shipwright.ts';

/** Met by a Knative Serving as it is installed (serving-features.test.ts); those of the tests come after it. */
export const FIRST_FUNCTION = sketchFunction({ namespace: 'default', name: 'first' });

/**
 * A cluster with the real controllers of Shipwright, Tekton, Knative Serving, KEDA and its HTTP add-on, our strategies, our
 * webhook and our controllers, and a first function; `say` hears what takes long. Throws when the neighbours cannot be had: ask `foreignCrds` first.
 */
export async function startRealCluster(
  say: (line: string) => void,
): Promise<{ cluster: StartedCluster; stop: () => Promise<void> }> {
  await using stack = new AsyncDisposableStack();
  const crds = await foreignCrds();
  if (crds === undefined) throw new Error(NEEDS_GO);
  const manifests = [...crds, ...(await buildManifests()), ...(await knativeManifests()), ...(await kedaManifests())];
  const cluster = await startTestCluster({ roles: true, manifests, log: say });
  stack.defer(() => cluster.stop());
  const client = KubeClient.of(cluster.admin);
  stack.defer(() => client.close());
  const group = new ProcessGroup();
  stack.defer(() => group.stop());
  await startBuildControllers(group, cluster, say);
  await startKnative(group, cluster, client, say);
  await startKeda(group, cluster, say);
  const player = new KnativePlayer(client, say);
  stack.defer(() => player.stop());
  await player.start();
  await applyManifests(
    client,
    NAMES.map((name) => `${STRATEGIES}${name}.yaml`),
    { fieldManager: 'install' },
  );
  const webhook = await startReplica(cluster, client, 'webhook');
  stack.defer(() => webhook.stop());
  await pointTo(client, webhook);
  const system = await startSystem({ cluster, client, replicas: 1 });
  stack.defer(() => system.stop());
  await applyFunction(client, FIRST_FUNCTION);
  const started = stack.move();
  return { cluster, stop: () => started.disposeAsync() };
}
