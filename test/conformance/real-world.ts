import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { FUNCTION, type Function, type Kind, type KubeObject, POD, SECRET } from '@openfunction/api';
import { KubeClient } from '@openfunction/kube';
import { findProgram, silent } from '@openfunction/local';
import { freshNamespace, waitFor } from '@openfunction/testing';
import { inject } from 'vitest';
import { Kubelet } from './kubelet.ts';

const cluster = inject('realCluster');

/** For the name of a test that is skipped without the cluster; empty when it is there. */
export const SKIPPED =
  cluster === undefined ? ' (skipped: the neighbours come from Go modules, and there is no go)' : '';

/** What a test file has of the cluster with the real neighbours: a client, a kubelet of its own, and ways to look. */
export interface RealWorld {
  client: KubeClient;
  kubelet: Kubelet;
  /** Temporary folder; tests may put files there. */
  directory: string;
  /** A Redis that may be used at will. */
  redisUrl: string;
  /** Makes a namespace, with these labels, that takes pods. */
  namespace: (labels?: Record<string, string>) => Promise<string>;
  /** The Function as it is now. */
  read: (fn: KubeObject) => Promise<Function>;
  /** Waits for an object of a kind in a namespace that `isIt`. */
  find: (kind: Kind, namespace: string, isIt?: (object: KubeObject) => boolean) => Promise<KubeObject>;
  /** Waits for the only pod in a namespace, e.g. of a build, as Tekton makes it. */
  pod: (namespace: string) => Promise<KubeObject>;
  /** Standard output of kubectl; throws with its error output. */
  kubectl: (...args: string[]) => Promise<string>;
  stop: () => Promise<void>;
}

/** What KEDA makes of a ScaledObject. */
export const HPA: Kind = {
  group: 'autoscaling',
  versions: ['v2'],
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  namespaced: true,
};

/** What functions of WebAssembly run under. */
export const RUNTIME_CLASS: KubeObject = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name: 'openfunction-crun' },
  handler: 'crun',
};

/** The neighbours' own queues are not fast on a busy machine. */
const PATIENCE_MS = 60_000;

/** The world of one test file, on the cluster of this run (global-setup.ts). Throws where that is not there (`SKIPPED`). */
export async function connectWorld(): Promise<RealWorld> {
  if (cluster === undefined) throw new Error(`no cluster${SKIPPED}`);
  const client = KubeClient.of(cluster.admin);
  const kubelet = new Kubelet(client);
  await kubelet.start();
  const program = await findProgram('kubectl', silent);
  const find: RealWorld['find'] = (kind, namespace, isIt = () => true) =>
    waitFor(
      `${kind.kind} in ${namespace}`,
      async () => {
        const { items } = await client.list(kind, { namespace });
        return items.find(isIt);
      },
      PATIENCE_MS,
    );
  return {
    client,
    kubelet,
    directory: cluster.directory,
    redisUrl: cluster.redisUrl,
    find,
    namespace: (labels) => freshNamespace(client, 'real', labels),
    read: async ({ metadata }) => (await client.get(FUNCTION, metadata)) as Function,
    pod: (namespace) => find(POD, namespace),
    kubectl: async (...args) =>
      (await promisify(execFile)(program, ['--kubeconfig', cluster.kubeconfig, ...args])).stdout,
    stop: async () => {
      await kubelet.stop();
      await client.close();
    },
  };
}

/** A Secret as builds name them; nobody logs in with it. */
export async function makeSecret(client: KubeClient, namespace: string, name: string): Promise<void> {
  const stringData = { username: 'someone', password: randomBytes(8).toString('hex') };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name } };
  await client.create(SECRET, { ...secret, type: 'kubernetes.io/basic-auth', stringData });
}
