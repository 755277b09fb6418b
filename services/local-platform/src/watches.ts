import {
  DAPR_COMPONENT,
  DEPLOYMENT,
  GATEWAY_CLASS,
  HTTP_ROUTE,
  type Kind,
  KNATIVE_REVISION,
  KNATIVE_SERVICE,
  KUBE_GATEWAY,
  POD,
  POD_AUTOSCALER,
  SCALED_JOB,
  SCALED_OBJECT,
} from '@openfunction/api';
import { type Change, type KubeClient, Reflector } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import { REVISION_LABEL } from './knative/resources.ts';

const WATCHED = {
  pods: { kind: POD },
  deployments: { kind: DEPLOYMENT, labelSelector: REVISION_LABEL },
  autoscalers: { kind: POD_AUTOSCALER, labelSelector: REVISION_LABEL },
  services: { kind: KNATIVE_SERVICE },
  revisions: { kind: KNATIVE_REVISION },
  routes: { kind: HTTP_ROUTE },
  gateways: { kind: KUBE_GATEWAY },
  classes: { kind: GATEWAY_CLASS },
  components: { kind: DAPR_COMPONENT },
  scaledObjects: { kind: SCALED_OBJECT },
  scaledJobs: { kind: SCALED_JOB },
} satisfies Record<string, { kind: Kind; labelSelector?: string }>;

export type Watched = keyof typeof WATCHED;
export type Listener = (change: Change) => void;

/** One watch for each kind that the platform reads. */
export class Watches {
  readonly #reflectors: Record<Watched, Reflector>;
  readonly #listeners = new Map<Watched, Listener>();

  constructor(client: KubeClient, logger: Logger) {
    const make = (name: Watched) =>
      new Reflector({ client, logger, ...WATCHED[name], onChange: (change) => this.#listeners.get(name)?.(change) });
    const names = Object.keys(WATCHED) as Watched[];
    this.#reflectors = Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Watched, Reflector>;
  }

  store(name: Watched) {
    return this.#reflectors[name].store;
  }

  /** Calls `listener` with each change of a kind. One listener for each kind, set before `start`. */
  on(name: Watched, listener: Listener): void {
    this.#listeners.set(name, listener);
  }

  /** Resolves when every kind has been listed, or is known to be absent. */
  async start(): Promise<void> {
    const all = Object.values(this.#reflectors);
    for (const reflector of all) reflector.start();
    await Promise.all(all.map((reflector) => reflector.ready()));
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#reflectors).map((reflector) => reflector.stop()));
  }
}
