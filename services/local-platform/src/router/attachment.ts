import type { HttpRoute, KubeGateway, Listener, ParentReference } from '../objects.ts';

/** How one parent of a route took it. */
export interface Attachment {
  parentRef: ParentReference;
  /** Gateway (`namespace/name`) and the names of its listeners that took the route. */
  gateway: string;
  listeners: string[];
  /** Hosts under which the route is reached there; `*` is any. */
  hostnames: string[];
  /** Why no listener took it. */
  refusal?: { reason: string; message: string };
}

const GATEWAY_GROUP = 'gateway.networking.k8s.io';

/** The attachments of a route to those of its parents that are in `gateways` (ours, by `namespace/name`). */
export function attachmentsOf(route: HttpRoute, gateways: ReadonlyMap<string, KubeGateway>): Attachment[] {
  return (route.spec.parentRefs ?? []).flatMap((parentRef) => {
    const { group = GATEWAY_GROUP, kind = 'Gateway', namespace = route.metadata.namespace, name } = parentRef;
    const key = `${namespace}/${name}`;
    const gateway = group === GATEWAY_GROUP && kind === 'Gateway' ? gateways.get(key) : undefined;
    return gateway === undefined ? [] : [attach(route, parentRef, key, gateway)];
  });
}

function attach(route: HttpRoute, parentRef: ParentReference, key: string, gateway: KubeGateway): Attachment {
  const none = { parentRef, gateway: key, listeners: [], hostnames: [] };
  const wanted = gateway.spec.listeners.filter(
    ({ name, port }) => (parentRef.sectionName ?? name) === name && (parentRef.port ?? port) === port,
  );
  if (wanted.length === 0) {
    const message = `Gateway ${key} has no listener ${JSON.stringify(parentRef.sectionName ?? parentRef.port ?? '')}.`;
    return { ...none, refusal: { reason: 'NoMatchingParent', message } };
  }
  const allowed = wanted.filter((listener) => allows(listener, gateway, route));
  if (allowed.length === 0) {
    const message = `No listener of Gateway ${key} allows routes of namespace ${route.metadata.namespace}.`;
    return { ...none, refusal: { reason: 'NotAllowedByListeners', message } };
  }
  const matching = allowed.map((listener) => ({
    listener,
    hosts: commonHosts(listener.hostname, route.spec.hostnames),
  }));
  const taken = matching.filter(({ hosts }) => hosts.length > 0);
  if (taken.length === 0) {
    const hosts = allowed.map(({ hostname }) => hostname).join(', ');
    const message = `No host of the route is among those of the listeners (${hosts}).`;
    return { ...none, refusal: { reason: 'NoMatchingListenerHostname', message } };
  }
  const listeners = taken.map(({ listener }) => listener.name);
  return { ...none, listeners, hostnames: [...new Set(taken.flatMap(({ hosts }) => hosts))] };
}

/** Namespaces by label would need to be watched; a listener that asks for them allows none here. */
function allows(listener: Listener, gateway: KubeGateway, route: HttpRoute): boolean {
  const from = listener.allowedRoutes?.namespaces?.from ?? 'Same';
  return from === 'All' || (from === 'Same' && gateway.metadata.namespace === route.metadata.namespace);
}

/** The hosts that a listener and a route have in common; the narrower of two that overlap. */
export function commonHosts(listener: string | undefined, route: readonly string[] | undefined): string[] {
  if (route === undefined || route.length === 0) return [listener ?? '*'];
  if (listener === undefined || listener === '*') return [...route];
  return route.flatMap((host) => {
    if (covers(listener, host)) return [host];
    return covers(host, listener) ? [listener] : [];
  });
}

/** Whether a host pattern covers a host or a narrower pattern; a wildcard stands for one label or more. */
export function covers(pattern: string, host: string): boolean {
  if (pattern === host || pattern === '*') return true;
  return pattern.startsWith('*.') && host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
}
