import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FUNCTION, type KubeObject } from '@openfunction/api';
import { KubeClient, statusOf } from '@openfunction/kube';
import { applyManifests, findProgram, silent } from '@openfunction/local';
import { type StartedCluster, startTestCluster, waitFor } from '@openfunction/testing';
import { stringify } from 'yaml';
import { isReady, type Replica, reachedOn, readBase, startReplica } from './webhook-replica.ts';

/** What a program said. */
export interface Told {
  code: number;
  out: string;
  error: string;
}

/**
 * A cluster of its own with webhooks, one of them reached as in production: configurations are cluster-wide and would judge other
 * files' objects.
 */
export interface WebhookCluster {
  cluster: StartedCluster;
  client: KubeClient;
  replicas: readonly Replica[];
  kubectl(...args: string[]): Promise<Told>;
  /** Writes objects to a file, for kubectl. */
  manifest(...objects: object[]): Promise<string>;
  stop(): Promise<void>;
}

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'openfunction' } };

/** Starts a cluster and a replica of each name, these at once; the first one is pointed to. */
export async function startWebhookCluster(names: readonly string[] = ['webhook']): Promise<WebhookCluster> {
  await using stack = new AsyncDisposableStack();
  const kubectlProgram = await findProgram('kubectl', silent);
  const cluster = await startTestCluster();
  stack.defer(() => cluster.stop());
  const client = KubeClient.of(cluster.admin);
  stack.defer(() => client.close());
  await applyManifests(client, [NAMESPACE, ...(await readBase('22-webhook-rbac'))], { fieldManager: 'install' });
  const replicas = await Promise.all(names.map((name) => startReplica(cluster, client, name)));
  stack.defer(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
  });
  const [first] = replicas;
  if (first !== undefined) await pointTo(client, first);
  const started = stack.move();
  return {
    cluster,
    client,
    replicas,
    kubectl: (...args) => run(kubectlProgram, ['--kubeconfig', cluster.kubeconfig, ...args]),
    manifest: manifestsIn(cluster.directory),
    stop: () => started.disposeAsync(),
  };
}

/** Installs what leads to a replica, and waits until the API server asks it, for reviews and for conversion. */
export async function pointTo(client: KubeClient, replica: Replica): Promise<void> {
  await applyManifests(client, await reachedOn(replica.port), { fieldManager: 'openfunction-test' });
  await waitFor('the webhook is ready', () => isReady(replica));
  await waitFor('the API server asks the webhook', async () => {
    const probe = { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function', spec: { serving: {} } };
    const object = { ...probe, metadata: { name: 'probe', namespace: 'default' } } as KubeObject;
    const refused = await client.create(FUNCTION, object, { dryRun: true }).catch((error) => statusOf(error));
    return JSON.stringify(refused).includes('must be specified');
  });
}

function run(program: string, args: readonly string[]): Promise<Told> {
  return new Promise((resolve) => {
    execFile(program, args, { maxBuffer: 1 << 26 }, (failed, out, error) =>
      resolve({ code: Number(failed?.code ?? 0), out, error }),
    );
  });
}

function manifestsIn(directory: string): WebhookCluster['manifest'] {
  let files = 0;
  return async (...objects) => {
    const file = join(directory, `manifest-${files++}.yaml`);
    await writeFile(file, objects.map((object) => stringify(object)).join('---\n'));
    return file;
  };
}
