import {
  CLUSTER_BUILD_STRATEGY,
  CRD,
  GATEWAY,
  GATEWAY_CLASS,
  type Kind,
  KUBE_GATEWAY,
  type KubeObject,
  kindId,
  type Seen,
} from '@openfunction/api';
import { type KubeClient, Reflector, storeKey } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';

/** What Functions refer to by name. Never Secrets: the webhook has no business with them. */
const NAMED: readonly Kind[] = [CLUSTER_BUILD_STRATEGY, GATEWAY, KUBE_GATEWAY, GATEWAY_CLASS];

/**
 * Which kinds are installed, and which objects of a few kinds there are, by name alone: so that admission can warn of a reference that
 * leads nowhere. It only ever knows or does not know; it never delays or fails a review.
 */
export class ClusterNames {
  readonly #reflectors = new Map<string, Reflector>();
  readonly #known = new Set<string>();

  constructor(client: KubeClient, logger: Logger) {
    for (const kind of [CRD, ...NAMED]) {
      const reflector = new Reflector({ client, logger, kind, metadataOnly: true, transform: nameOnly });
      this.#reflectors.set(kindId(kind), reflector);
    }
  }

  start(): void {
    for (const [id, reflector] of this.#reflectors) {
      reflector.start();
      void reflector.ready().then(() => this.#known.add(id));
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#reflectors.values()].map((reflector) => reflector.stop()));
  }

  /** Whether a kind is installed, or an object of it there; undefined while that is not known, and for kinds that are not watched. */
  readonly exists: NonNullable<Seen['exists']> = (kind, name, namespace) => {
    const [id, key] = name === undefined ? [kindId(CRD), kindId(kind)] : [kindId(kind), storeKey({ name, namespace })];
    return this.#known.has(id) ? this.#reflectors.get(id)?.store.get(key) !== undefined : undefined;
  };

  /** How many objects of a kind there are. */
  readonly count: NonNullable<Seen['count']> = (kind) => {
    const id = kindId(kind);
    return this.#known.has(id) ? this.#reflectors.get(id)?.store.list().length : undefined;
  };
}

/** Labels and annotations are not wanted either. */
function nameOnly(object: KubeObject): KubeObject {
  const { name, namespace, resourceVersion } = object.metadata;
  return {
    ...object,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
  };
}
