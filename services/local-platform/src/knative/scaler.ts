import { DEPLOYMENT } from '@openfunction/api';
import type { KubeClient, Store } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import { MANAGER } from '../names.ts';
import type { Revision } from '../objects.ts';
import { keyOf, splitKey } from '../objects.ts';
import type { TrafficTable } from '../traffic/traffic-table.ts';
import { WorkLoop } from '../work-loop.ts';
import { readScaling } from './annotations.ts';
import { deploymentNameOf } from './resources.ts';
import { wasReady } from './revision-status.ts';
import { decideScale, type ScaleDecision } from './scaling.ts';

export interface ScalerOptions {
  client: KubeClient;
  revisions: Store;
  deployments: Store;
  /** What the revisions' autoscaling annotations are now. */
  autoscalers: Store;
  traffic: TrafficTable;
  logger: Logger;
  /** Whether anything points to the revision `namespace/name`. */
  isReachable(revision: Revision): boolean;
  now(): number;
}

const TICK_MS = 500;
/** Requests of this time ask for more instances at once; for fewer the whole window counts. */
const BURST_MS = 2_000;

/** Sets the replicas of each revision's Deployment: zero after a quiet window, one on the first request, more as requests pile up. */
export class Scaler {
  readonly #options: ScalerOptions;
  readonly #loop: WorkLoop;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ScalerOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({ name: 'scale', run: (key) => this.#scale(key), logger: options.logger });
  }

  start(): void {
    this.#loop.start();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#loop.stop();
  }

  /** Decides about `namespace/revision` now: a request of it is held. */
  wake(key: string): void {
    this.#loop.add(key);
  }

  /** In memory only; nothing is written unless a decision differs from what is set. */
  #tick(): void {
    for (const revision of this.#options.revisions.list() as Revision[]) {
      const change = this.#change(revision);
      if (change !== undefined) this.#loop.add(keyOf(revision));
    }
  }

  /** What has to be changed, if anything. */
  #change(revision: Revision): { deployment: string; decision: ScaleDecision } | undefined {
    const name = deploymentNameOf(revision);
    const deployment = this.#options.deployments.get(`${revision.metadata.namespace}/${name}`);
    if (deployment === undefined || revision.metadata.deletionTimestamp !== undefined) return undefined;
    const decision = this.#decide(revision);
    return decision.replicas === deployment['spec'].replicas ? undefined : { deployment: name, decision };
  }

  async #scale(key: string): Promise<void> {
    const { client, deployments, revisions, logger } = this.#options;
    const revision = revisions.get(key) as Revision | undefined;
    const change = revision && this.#change(revision);
    if (change === undefined) return;
    const { replicas, why } = change.decision;
    const target = { namespace: splitKey(key).namespace, name: change.deployment };
    deployments.put(await client.patch(DEPLOYMENT, target, { spec: { replicas } }, { fieldManager: MANAGER }));
    logger.info({ revision: key, replicas, why }, 'scaled');
  }

  #decide(revision: Revision): ScaleDecision {
    const { autoscalers, traffic, now, isReachable } = this.#options;
    const door = traffic.of(keyOf(revision));
    const { metadata } = autoscalers.get(keyOf(revision)) ?? revision;
    const settings = readScaling(metadata.annotations, revision.spec.containerConcurrency);
    return decideScale({
      settings,
      load: { burst: door.averageOpen(BURST_MS), window: door.averageOpen(settings.windowMs) },
      reachable: isReachable(revision),
      everReady: wasReady(revision),
      open: door.open,
      lastActive: door.lastActive,
      now: now(),
    });
  }
}
