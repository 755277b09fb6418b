import type { Function } from '../function/function.ts';
import type { Route } from '../function/triggers.ts';
import { DEFAULT_CLUSTER_DOMAIN } from '../names.ts';
import type { Gateway } from './gateway.ts';
import { renderHost } from './template.ts';

/** An HTTPRoute, and `status.route`, hold no more. */
const MOST_HOSTS = 16;

/** What decides the hosts of a Function: who it is, and its route. */
export interface Addressed {
  namespace: string;
  name: string;
  route: Route | undefined;
}

export function addressed({ metadata, spec }: Function): Addressed {
  const { namespace = '', name } = metadata;
  return { namespace, name, route: spec.serving?.triggers?.http?.route };
}

/**
 * Hosts of a Function behind a Gateway: its own, else the one of the host template; then the name inside the cluster, where there is
 * room (gateway.md §12.2). Undefined when the template cannot be rendered.
 */
export function hostnamesOf({ namespace, name, route }: Addressed, gateway: Gateway): string[] | undefined {
  const inside = `${name}.${namespace}.svc.${clusterDomain(gateway)}`;
  const given = route?.hostnames;
  if (given !== undefined) return given.includes(inside) || given.length >= MOST_HOSTS ? given : [...given, inside];
  const host = renderHost(gateway.spec, { name, namespace });
  return host === undefined ? undefined : [host, inside];
}

/** The DNS domain of the cluster, as the Gateway has it. */
export function clusterDomain(gateway: Gateway): string {
  return gateway.spec.clusterDomain ?? DEFAULT_CLUSTER_DOMAIN;
}
