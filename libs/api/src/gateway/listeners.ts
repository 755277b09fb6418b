import { DEFAULT_CLUSTER_DOMAIN, INTERNAL_LISTENER } from '../names.ts';
import { isAbsent, isObject, valueAt } from '../rules.ts';

/** Reading the listeners of a Gateway that may be any JSON. */

export const LISTENERS = 'spec.gatewaySpec.listeners';

export type ListenerLike = Record<string, unknown>;

/** The listeners that are objects, each with its place in the list; none where there is no list. */
export function listenersOf(gateway: unknown): { listener: ListenerLike; index: number }[] {
  const listeners = valueAt(gateway, LISTENERS);
  if (!Array.isArray(listeners)) return [];
  return listeners.flatMap((listener: unknown, index) => (isObject(listener) ? [{ listener, index }] : []));
}

/** Whether this is the listener for requests from inside the cluster; all others are for requests from outside. */
export function isInternal(listener: unknown): boolean {
  return valueAt(listener, 'name') === INTERNAL_LISTENER.name;
}

/** `spec.clusterDomain`; the API server fills in the same. */
export function clusterDomainOf(gateway: unknown): unknown {
  const domain = valueAt(gateway, 'spec.clusterDomain');
  return isAbsent(domain) ? DEFAULT_CLUSTER_DOMAIN : domain;
}

/** Whether a field holds as good as nothing: what a templating tool writes for an unset value. */
export function isEmpty(value: unknown): boolean {
  return isAbsent(value) || value === '';
}

/** Protocols without a host name: the Gateway API refuses one on them. */
export function hasNoHosts(listener: ListenerLike): boolean {
  return listener['protocol'] === 'TCP' || listener['protocol'] === 'UDP';
}
