import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import {
  FUNCTION,
  type Function,
  type Kind,
  type KubeObject,
  NAMESPACE,
  POD,
  SECRET,
  SERVICE_ACCOUNT,
} from '@openfunction/api';
import { KubeClient } from '@openfunction/kube';
import { findProgram, silent } from '@openfunction/local';
import { type ClusterAddress, waitFor } from '@openfunction/testing';
import { Kubelet } from './kubelet.ts';

/** What a test file has of the build cluster: a client, a kubelet of its own, and ways to look. */
export interface BuildWorld {
  client: KubeClient;
  kubelet: Kubelet;
  /** Makes a namespace, with these labels, that takes pods. */
  namespace: (labels?: Record<string, string>) => Promise<string>;
  /** The Function as it is now. */
  read: (fn: KubeObject) => Promise<Function>;
  /** Waits for an object of a kind in a namespace that `isIt`. */
  find: (kind: Kind, namespace: string, isIt?: (object: KubeObject) => boolean) => Promise<KubeObject>;
  /** Waits for the pod of the only build in a namespace, as Tekton makes it. */
  pod: (namespace: string) => Promise<KubeObject>;
  /** Standard output of kubectl; throws with its error output. */
  kubectl: (...args: string[]) => Promise<string>;
  stop: () => Promise<void>;
}

/** Tekton's and Shipwright's own queues are not fast on a busy machine. */
const PATIENCE_MS = 60_000;

/** The world of one test file, on the cluster of this run (global-setup.ts). */
export async function connectBuildWorld(cluster: ClusterAddress): Promise<BuildWorld> {
  const client = KubeClient.of(cluster.admin);
  const kubelet = new Kubelet(client);
  await kubelet.start();
  const program = await findProgram('kubectl', silent);
  const find: BuildWorld['find'] = (kind, namespace, isIt = () => true) =>
    waitFor(
      `${kind.kind} in ${namespace}`,
      async () => {
        const { items } = await client.list(kind);
        return items.find((object) => object.metadata.namespace === namespace && isIt(object));
      },
      PATIENCE_MS,
    );
  return {
    client,
    kubelet,
    find,
    namespace: (labels = {}) => makeNamespace(client, labels),
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

async function makeNamespace(client: KubeClient, labels: Record<string, string>): Promise<string> {
  const name = `build-${randomBytes(5).toString('hex')}`;
  await client.create(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  await waitFor(`ServiceAccount default in ${name}`, () =>
    client.get(SERVICE_ACCOUNT, { namespace: name, name: 'default' }),
  );
  return name;
}
