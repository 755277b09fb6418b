import {
  childMeta,
  DEFAULT_CLUSTER_DOMAIN,
  type Function,
  type Gateway,
  type KubeObject,
  LABEL,
  type Listener,
  type RouteRule,
  renderHost,
  renderPath,
  SERVICE_PORT,
} from '@openfunction/api';

/** Where a route leads: the Service of one Knative revision. */
export interface Backend {
  revision: string;
}

/** What the route of a Function is made from. */
export interface RouteInput {
  fn: Function;
  gateway: Gateway;
  backend: Backend;
  /** Whether URLRewrite may change the host; else the Host header is set. */
  rewritesHosts: boolean;
}

const ROUTE_GROUP = 'gateway.networking.k8s.io';

/** The Kubernetes Gateway behind a Gateway of ours (gateway.md §12.2). */
export function kubeGatewayOf(gateway: Gateway): { namespace: string; name: string } {
  const { gatewayDef, gatewayRef } = gateway.spec;
  if (gatewayDef !== undefined)
    return { namespace: gatewayDef.namespace, name: gatewayDef.name ?? gateway.metadata.name };
  return { namespace: gatewayRef?.namespace ?? '', name: gatewayRef?.name ?? '' };
}

/** An HTTPRoute, and `status.route`, hold no more. */
const MOST_HOSTS = 16;

/** Hosts of the Function: its own, else the one of the host template; then the name inside the cluster, where there is room. */
export function hostnamesOf(fn: Function, gateway: Gateway): string[] | undefined {
  const inside = clusterHost(fn, gateway);
  const given = fn.spec.serving?.triggers?.http?.route?.hostnames;
  if (given !== undefined) return given.includes(inside) || given.length >= MOST_HOSTS ? given : [...given, inside];
  const { name, namespace = '' } = fn.metadata;
  const host = renderHost(gateway.spec, { name, namespace });
  return host === undefined ? undefined : [host, inside];
}

/** The HTTPRoute of a Function (gateway.md §15.5); undefined when a template of the Gateway cannot be rendered. */
export function makeHttpRoute(input: RouteInput): KubeObject | undefined {
  const { fn, gateway } = input;
  const hostnames = hostnamesOf(fn, gateway);
  const rules = makeRules(input);
  if (hostnames === undefined || rules === undefined) return undefined;
  const labelKey = gateway.spec.httpRouteLabelKey || LABEL.managedBy;
  const label = `${gateway.metadata.namespace}.${gateway.metadata.name}`;
  return {
    apiVersion: `${ROUTE_GROUP}/v1`,
    kind: 'HTTPRoute',
    metadata: childMeta(fn, fn.metadata.name, { labels: { [labelKey]: label } }),
    spec: { parentRefs: makeParents(gateway, hostnames), hostnames, rules },
  };
}

/** Listeners of ours that serve one of the hosts: a route attached elsewhere would be exposed where nobody asked for it. */
function makeParents(gateway: Gateway, hostnames: string[]) {
  const { namespace, name } = kubeGatewayOf(gateway);
  const listeners = (gateway.spec.gatewaySpec?.listeners ?? []).filter((listener) => servesAny(listener, hostnames));
  return listeners.map((listener) => ({
    group: ROUTE_GROUP,
    kind: 'Gateway',
    namespace,
    name,
    sectionName: listener.name,
  }));
}

/** Whether a listener's hostname covers this host: equal, or a wildcard above it (it spans several labels). */
export function covers(listener: Listener, host: string): boolean {
  const { hostname } = listener;
  if (hostname === undefined || hostname === host) return true;
  if (hostname.startsWith('*.')) return host.endsWith(hostname.slice(1));
  return host.startsWith('*.') && hostname.endsWith(host.slice(1));
}

function servesAny(listener: Listener, hostnames: string[]): boolean {
  return hostnames.some((host) => covers(listener, host));
}

function makeRules(input: RouteInput): Record<string, unknown>[] | undefined {
  const { fn, gateway, backend } = input;
  const { name, namespace = '' } = fn.metadata;
  const route = fn.spec.serving?.triggers?.http?.route;
  const backendRefs = [{ group: '', kind: 'Service', name: backend.revision, port: SERVICE_PORT, weight: 1 }];
  if (route?.rules !== undefined) return route.rules.map((rule) => makeUserRule(rule, backendRefs, input));
  const path = route?.hostnames === undefined ? '/' : renderPath(gateway.spec, { name, namespace });
  if (path === undefined) return undefined;
  const matches = [{ path: { type: 'PathPrefix', value: path } }];
  return [{ matches, filters: withHost([], input), backendRefs }];
}

/** The user's rule with our backend and host; a redirect needs neither. */
function makeUserRule(rule: RouteRule, backendRefs: unknown[], input: RouteInput): Record<string, unknown> {
  const filters = (rule.filters ?? []) as Filter[];
  const { backendRefs: _replaced, ...rest } = rule;
  if (filters.some(({ type }) => type === 'RequestRedirect')) return { ...rest };
  return { ...rest, filters: withHost(filters, input), backendRefs };
}

interface Filter {
  type: string;
  urlRewrite?: { hostname?: string; [field: string]: unknown };
  requestHeaderModifier?: { set?: { name: string; value: string }[]; [field: string]: unknown };
  [field: string]: unknown;
}

/** Knative finds the revision by the host, also at zero scale. A filter of a kind may stand in a rule only once, so ours is merged. */
function withHost(filters: Filter[], { fn, gateway, backend, rewritesHosts }: RouteInput): Filter[] {
  const host = `${backend.revision}.${fn.metadata.namespace}.svc.${clusterDomain(gateway)}`;
  return rewritesHosts ? withRewrite(filters, host) : withHeader(filters, host);
}

function withRewrite(filters: Filter[], hostname: string): Filter[] {
  const at = filters.findIndex(({ type }) => type === 'URLRewrite');
  const given = filters[at];
  if (given === undefined) return [...filters, { type: 'URLRewrite', urlRewrite: { hostname } }];
  return filters.with(at, { ...given, urlRewrite: { hostname, ...given.urlRewrite } });
}

function withHeader(filters: Filter[], host: string): Filter[] {
  const at = filters.findIndex(({ type }) => type === 'RequestHeaderModifier');
  const header = { name: 'Host', value: host };
  const given = filters[at];
  if (given === undefined)
    return [...filters, { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [header] } }];
  const kept = (given.requestHeaderModifier?.set ?? []).filter(({ name }) => name.toLowerCase() !== 'host');
  return filters.with(at, {
    ...given,
    requestHeaderModifier: { ...given.requestHeaderModifier, set: [...kept, header] },
  });
}

export function clusterDomain(gateway: Gateway): string {
  return gateway.spec.clusterDomain ?? DEFAULT_CLUSTER_DOMAIN;
}

function clusterHost(fn: Function, gateway: Gateway): string {
  return `${fn.metadata.name}.${fn.metadata.namespace}.svc.${clusterDomain(gateway)}`;
}
