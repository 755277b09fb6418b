import {
  addressed,
  childMeta,
  clusterDomain,
  DEFAULT_GATEWAY,
  type Function,
  type Gateway,
  type HttpTrigger,
  hostnamesOf,
  KEDA_INTERCEPTOR,
  type KubeObject,
  LABEL,
  type Listener,
  type RouteRule,
  renderPath,
  SERVICE_PORT,
  type Serving,
} from '@openfunction/api';

/** Where a route leads: a Service. */
export interface Backend {
  name: string;
  port: number;
  /** Whose Service it is, for people. */
  owner: string;
  /** Of the Service, where it is not the Function's own. */
  namespace?: string;
  /** Whether the Service finds its target by the host: the request is then given the Service's own. */
  isFoundByHost: boolean;
  /** Address inside the cluster; undefined while there is none. */
  url?: string | undefined;
}

/** The Service of one Knative revision. Knative finds the revision by the host, also at zero scale. */
export function toRevision(name: string, url?: string): Backend {
  return { name, port: SERVICE_PORT, owner: 'the Knative revision', isFoundByHost: true, url };
}

/** The Service of the pods of one version. */
export function toService(name: string, { metadata }: Serving, domain: string): Backend {
  const url = `http://${name}.${metadata.namespace}.svc.${domain}`;
  return { name, port: SERVICE_PORT, owner: `Serving ${metadata.name}`, isFoundByHost: false, url };
}

/** The one entry of the KEDA HTTP add-on. It finds the workload by the host that was asked for. */
export function toInterceptor(namespace: string, fn: Function, domain: string): Backend {
  const { name, port } = KEDA_INTERCEPTOR;
  const own = fn.metadata.namespace;
  const url = `http://${fn.metadata.name}.${own}.svc.${domain}:${port}`;
  const owner = 'the KEDA HTTP add-on';
  return { name, port, owner, isFoundByHost: false, url, ...(namespace !== own && { namespace }) };
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

/** The Gateway of ours that carries the route. */
export function gatewayReferenceOf(http: HttpTrigger | undefined): { namespace: string; name: string } {
  return http?.route?.gatewayRef ?? DEFAULT_GATEWAY;
}

/** The Kubernetes Gateway behind a Gateway of ours (gateway.md §12.2). */
export function kubeGatewayOf(gateway: Gateway): { namespace: string; name: string } {
  const { gatewayDef, gatewayRef } = gateway.spec;
  if (gatewayDef !== undefined)
    return { namespace: gatewayDef.namespace, name: gatewayDef.name ?? gateway.metadata.name };
  return { namespace: gatewayRef?.namespace ?? '', name: gatewayRef?.name ?? '' };
}

/** The HTTPRoute of a Function (gateway.md §15.5); undefined when a template of the Gateway cannot be rendered. */
export function makeHttpRoute(input: RouteInput): KubeObject | undefined {
  const { fn, gateway } = input;
  const hostnames = hostnamesOf(addressed(fn), gateway);
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
  const backendRefs = [makeBackendRef(backend)];
  // An HTTPRoute has at least one rule.
  if (route?.rules != null && route.rules.length > 0)
    return route.rules.map((rule) => makeUserRule(rule, backendRefs, input));
  const path = route?.hostnames === undefined ? '/' : renderPath(gateway.spec, { name, namespace });
  if (path === undefined) return undefined;
  const matches = [{ path: { type: 'PathPrefix', value: path } }];
  return [{ matches, ...withHost([], input), backendRefs }];
}

function makeBackendRef({ name, namespace, port }: Backend) {
  return { group: '', kind: 'Service', name, ...(namespace !== undefined && { namespace }), port, weight: 1 };
}

/** The user's rule with our backend and host; a redirect needs neither. */
function makeUserRule(rule: RouteRule, backendRefs: unknown[], input: RouteInput): Record<string, unknown> {
  const filters = (rule.filters ?? []) as Filter[];
  const { backendRefs: _replaced, ...rest } = rule;
  if (filters.some(({ type }) => type === 'RequestRedirect')) return { ...rest };
  return { ...rest, ...withHost(filters, input), backendRefs };
}

interface Filter {
  type: string;
  urlRewrite?: { hostname?: string; [field: string]: unknown };
  requestHeaderModifier?: { set?: { name: string; value: string }[]; [field: string]: unknown };
  [field: string]: unknown;
}

/** The filters of a rule, ours among them. A filter of a kind may stand in a rule only once, so ours is merged. */
function withHost(given: Filter[], { fn, gateway, backend, rewritesHosts }: RouteInput): { filters?: Filter[] } {
  if (!backend.isFoundByHost) return given.length === 0 ? {} : { filters: given };
  const host = `${backend.name}.${fn.metadata.namespace}.svc.${clusterDomain(gateway)}`;
  return { filters: rewritesHosts ? withRewrite(given, host) : withHeader(given, host) };
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
