import { GATEWAY_CLASS, HTTP_ROUTE, KUBE_GATEWAY } from '@openfunction/api';
import type { KubeClient, Store } from '@openfunction/kube';
import { holds } from '../conditions.ts';
import { GATEWAY_CONTROLLER, MANAGER } from '../names.ts';
import type { HttpRoute } from '../objects.ts';
import { keyOf, splitKey } from '../objects.ts';
import type { Directory } from './directory.ts';
import { classConditions, gatewayStatus, routeParents, SUPPORTED_FEATURES } from './gateway-status.ts';

/** Writes what became of classes, gateways and routes into their status, where it is not there yet. */
export class GatewayReconciler {
  readonly #client: KubeClient;
  readonly #directory: Directory;
  readonly #routes: Store;

  constructor(client: KubeClient, directory: Directory, routes: Store) {
    this.#client = client;
    this.#directory = directory;
    this.#routes = routes;
  }

  /** Classes and gateways, with the number of routes at each listener. */
  async gateways(): Promise<void> {
    const now = new Date();
    for (const { metadata, status } of this.#directory.classes()) {
      const conditions = classConditions(status?.conditions, metadata.generation ?? 1, now);
      const wanted = { conditions, supportedFeatures: SUPPORTED_FEATURES };
      if (!holds(status, wanted)) await this.#patch(GATEWAY_CLASS, metadata, wanted);
    }
    for (const gateway of this.#directory.gateways().values()) {
      const wanted = gatewayStatus(gateway, this.#attached(keyOf(gateway)), now);
      if (!holds(gateway.status, wanted)) await this.#patch(KUBE_GATEWAY, gateway.metadata, wanted);
    }
  }

  /** One route (`namespace/name`). */
  async route(key: string): Promise<void> {
    const route = this.#routes.get(key) as HttpRoute | undefined;
    if (route === undefined || route.metadata.deletionTimestamp !== undefined) return;
    const attachments = this.#directory.attachments(route);
    const known = route.status?.parents?.some(({ controllerName }) => controllerName === GATEWAY_CONTROLLER) ?? false;
    if (attachments.length === 0 && !known) return;
    const parents = routeParents(route, attachments, this.#directory.backendTrouble(route), new Date());
    if (!holds(route.status, { parents }))
      await this.#patch(HTTP_ROUTE, { ...route.metadata, ...splitKey(key) }, { parents });
  }

  #attached(gateway: string): Map<string, number> {
    const counts = new Map<string, number>();
    for (const route of this.#routes.list() as HttpRoute[]) {
      const taken = this.#directory.attachments(route).filter((attachment) => attachment.gateway === gateway);
      for (const name of new Set(taken.flatMap(({ listeners }) => listeners)))
        counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }

  async #patch(
    kind: typeof GATEWAY_CLASS,
    { namespace, name, resourceVersion }: { namespace?: string; name: string; resourceVersion?: string },
    status: object,
  ): Promise<void> {
    const body = { metadata: { resourceVersion }, status };
    await this.#client.patch(kind, { namespace, name }, body, { subresource: 'status', fieldManager: MANAGER });
  }
}
