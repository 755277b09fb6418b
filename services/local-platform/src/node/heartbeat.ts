import { LEASE, NODE } from '@openfunction/api';
import { explain, isCoded } from '@openfunction/errors';
import type { KubeClient } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import { MANAGER, NODE_NAME } from '../names.ts';
import { makeNode, nodeStatus } from './node-object.ts';

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;

/** Says that this machine is a node, and that it is alive. */
export class Heartbeat {
  readonly #client: KubeClient;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: KubeClient, logger: Logger) {
    this.#client = client;
    this.#logger = logger;
  }

  /** Registers the node with the port of its kubelet API, and renews its lease from then on. */
  async start(kubeletPort: number): Promise<void> {
    await this.#register(kubeletPort);
    await this.#renew();
    this.#timer = setInterval(() => void this.#beat(kubeletPort), RENEW_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #beat(kubeletPort: number): Promise<void> {
    try {
      await this.#renew();
    } catch (error) {
      this.#logger.warn({ error: explain(error) }, 'node lease not renewed, tried again later');
      if (isCoded(error, 'api.not-found')) await this.#register(kubeletPort).catch(() => undefined); // told by the next beat
    }
  }

  async #register(kubeletPort: number): Promise<void> {
    const found = await this.#client.get(NODE, { name: NODE_NAME });
    const node = found ?? (await this.#client.create(NODE, makeNode(), { fieldManager: MANAGER }));
    const status = nodeStatus(node['status']?.conditions, kubeletPort, new Date());
    // Admission marks a new node as not ready, and the controller that takes the mark away again does not run everywhere.
    if (node['spec']?.taints !== undefined)
      await this.#client.patch(NODE, { name: NODE_NAME }, { spec: { taints: null } });
    await this.#client.patch(NODE, { name: NODE_NAME }, { status }, { subresource: 'status', fieldManager: MANAGER });
  }

  async #renew(): Promise<void> {
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    const spec = { holderIdentity: NODE_NAME, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    await this.#client.apply(
      LEASE,
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: NODE_NAME, namespace: LEASE_NAMESPACE },
        spec,
      },
      { fieldManager: MANAGER, force: true },
    );
  }
}
