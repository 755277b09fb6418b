import { type Condition, clusterDomain, type Function, type Gateway, type KubeObject } from '@openfunction/api';
import { covers, kubeGatewayOf } from './http-route.ts';
import { parentsOf } from './route-parents.ts';

/** Under which hosts of a route requests come in, as far as anybody has said. */
export interface Reach {
  /** Hosts that a listener is for, which takes the route or has not said that it does not. */
  open: string[];
  closed: string[];
  /** Why hosts are closed, and which listeners refuse the route, in sentences; empty when there is nothing to say. */
  troubles: string[];
}

/** Reads what our listeners are for, and what the gateway said of the route at each when it last looked. */
export function reachOf(wanted: KubeObject, route: KubeObject | undefined, gateway: Gateway): Reach {
  const hosts = wanted['spec'].hostnames as string[];
  const all = gateway.spec.gatewaySpec?.listeners ?? [];
  const listeners = all.filter((one) => hosts.some((host) => covers(one, host)));
  const refusals = new Map(listeners.map(({ name }) => [name, refusalAt(name, route, gateway)]));
  const isOpen = (host: string) => listeners.some((one) => covers(one, host) && refusals.get(one.name) === undefined);
  const stray = hosts.filter((host) => !listeners.some((one) => covers(one, host)));
  const refused = [...refusals].flatMap(([name, said]) => (said === undefined ? [] : [refusal(name, said)]));
  const { namespace, name } = gateway.metadata;
  return {
    open: hosts.filter(isOpen),
    closed: hosts.filter((host) => !isOpen(host)),
    troubles: [
      ...refused,
      ...(stray.length === 0 ? [] : [`No listener of Gateway ${namespace}/${name} is for ${stray.join(', ')}.`]),
    ],
  };
}

/** The hosts outside the cluster that the user named. */
export function outsideHosts({ spec }: Function, domain: string): string[] {
  return (spec.serving?.triggers?.http?.route?.hostnames ?? []).filter((host) => !host.endsWith(`.${domain}`));
}

/** Whether the user named hosts outside the cluster, and none of them is reached. */
export function missesAllNamed(fn: Function, gateway: Gateway, { open }: Reach): boolean {
  const named = outsideHosts(fn, clusterDomain(gateway));
  return named.length > 0 && !named.some((host) => open.includes(host));
}

/**
 * Why the gateway refuses the route at this listener: as last heard, of whatever generation, so that an address does not come back for
 * the moment in which the gateway has not looked at a change.
 */
function refusalAt(listener: string, route: KubeObject | undefined, gateway: Gateway): Condition | undefined {
  const { namespace, name } = kubeGatewayOf(gateway);
  const said = parentsOf(route).flatMap(({ parentRef = {}, conditions = [] }) => {
    const isGateway = (parentRef.name ?? name) === name && (parentRef.namespace ?? namespace) === namespace;
    const isHere = isGateway && (parentRef.sectionName ?? listener) === listener;
    return isHere ? conditions.filter(({ type }) => type === 'Accepted') : [];
  });
  return said.some(({ status }) => status === 'True') ? undefined : said.find(({ status }) => status === 'False');
}

function refusal(listener: string, { reason, message }: Condition): string {
  return `Listener ${listener} refuses the route: ${reason}: ${message.replace(/\.$/, '')}.`;
}
