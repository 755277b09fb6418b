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

/** A cluster of its own with one webhook, reached as in production: configurations are cluster-wide and would judge other files' objects. */
export interface WebhookCluster {
  cluster: StartedCluster;
  client: KubeClient;
  replica: Replica;
  kubectl(...args: string[]): Promise<Told>;
  /** Writes objects to a file, for kubectl. */
  manifest(...objects: object[]): Promise<string>;
  stop(): Promise<void>;
}

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'openfunction' } };

/** Starts it, and waits until the API server asks the webhook, for reviews and for conversion. */
export async function startWebhookCluster(): Promise<WebhookCluster> {
  const kubectlProgram = await findProgram('kubectl', silent);
  const cluster = await startTestCluster();
  const client = KubeClient.of(cluster.admin);
  await applyManifests(client, [NAMESPACE, ...(await readBase('22-webhook-rbac'))], { fieldManager: 'install' });
  const replica = await startReplica(cluster, client, 'webhook');
  await applyManifests(client, await reachedOn(replica.port), { fieldManager: 'openfunction-test' });
  await waitFor('the webhook is ready', () => isReady(replica));
  await waitFor('the API server asks the webhook', async () => {
    const probe = { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function', spec: { serving: {} } };
    const object = { ...probe, metadata: { name: 'probe', namespace: 'default' } } as KubeObject;
    const refused = await client.create(FUNCTION, object, { dryRun: true }).catch((error) => statusOf(error));
    return JSON.stringify(refused).includes('must be specified');
  });
  let files = 0;
  const kubectl = (...args: string[]) =>
    new Promise<Told>((resolve) => {
      execFile(
        kubectlProgram,
        ['--kubeconfig', cluster.kubeconfig, ...args],
        { maxBuffer: 1 << 26 },
        (failed, out, error) => resolve({ code: Number(failed?.code ?? 0), out, error }),
      );
    });
  const manifest = async (...objects: object[]) => {
    const file = join(cluster.directory, `manifest-${files++}.yaml`);
    await writeFile(file, objects.map((object) => stringify(object)).join('---\n'));
    return file;
  };
  const stop = async () => {
    await replica.stop();
    await client.close();
    await cluster.stop();
  };
  return { cluster, client, replica, kubectl, manifest, stop };
}
