import { ANNOTATION, INTERNAL_LISTENER } from '../names.ts';
import { CREATE_AND_UPDATE, type Default, isAbsent, isObject, valueAt } from '../rules.ts';
import { wildcard } from './domain.ts';
import { external, gateway, internal, listening } from './examples.ts';
import {
  clusterDomainOf,
  hasNoHosts,
  isEmpty,
  isInternal,
  LISTENERS,
  type ListenerLike,
  listenersOf,
} from './listeners.ts';

/** The list with each listener as `change` makes it; undefined where nothing changes, or where there is no list. */
function changed(listeners: unknown, change: (listener: ListenerLike) => ListenerLike): unknown[] | undefined {
  if (!Array.isArray(listeners)) return undefined;
  const made = listeners.map((listener: unknown) => (isObject(listener) ? change(listener) : listener));
  return made.some((listener, index) => listener !== listeners[index]) ? made : undefined;
}

/**
 * The listener with the hostname it has by default. One that the user wrote stays. One that is stored and was the default of
 * the domain before goes with it: otherwise a change of the domain would be refused for hostnames that nobody wrote.
 */
function withHostname(listener: ListenerLike, domains: { now: unknown; before: unknown }, old: unknown): ListenerLike {
  const { hostname, ...rest } = listener;
  const wanted = hasNoHosts(listener) ? undefined : wildcard(domains.now);
  const stored = listenersOf(old).find((other) => other.listener['name'] === listener['name'])?.listener;
  const isStale =
    domains.before !== domains.now && hostname === wildcard(domains.before) && hostname === stored?.['hostname'];
  if (hostname === wanted || !(isEmpty(hostname) || isStale)) return listener;
  if (wanted !== undefined) return { ...listener, hostname: wanted };
  return isStale ? rest : listener;
}

/** The fixed fields of the internal listener, where they are absent. The API server has filled in `from: Same` before. */
function withFixedFields(listener: ListenerLike): ListenerLike {
  const { port, protocol } = INTERNAL_LISTENER;
  const missing = {
    ...(isAbsent(listener['port']) && { port }),
    ...(isEmpty(listener['protocol']) && { protocol }),
    ...opened(listener['allowedRoutes']),
  };
  return Object.keys(missing).length === 0 ? listener : { ...listener, ...missing };
}

function opened(allowedRoutes: unknown): { allowedRoutes: object } | undefined {
  if (!isAbsent(allowedRoutes) && !isObject(allowedRoutes)) return undefined;
  const namespaces = valueAt(allowedRoutes, 'namespaces');
  if (!isAbsent(namespaces) && !isObject(namespaces)) return undefined;
  const from = valueAt(namespaces, 'from');
  if (!isAbsent(from) && from !== 'Same') return undefined;
  return { allowedRoutes: { ...allowedRoutes, namespaces: { ...namespaces, from: 'All' } } };
}

function makeInternal(object: unknown): ListenerLike {
  const hostname = wildcard(clusterDomainOf(object));
  const { name, port, protocol } = INTERNAL_LISTENER;
  return {
    name,
    ...(hostname !== undefined && { hostname }),
    port,
    protocol,
    allowedRoutes: { namespaces: { from: 'All' } },
  };
}

/** Members of the spec in the order in which the original writes them into the annotation. */
const SPEC_FIELDS = [
  'domain',
  'clusterDomain',
  'hostTemplate',
  'pathTemplate',
  'httpRouteLabelKey',
  'gatewayRef',
  'gatewayDef',
  'gatewaySpec',
];

/** Annotations hold 256 KiB together, and kubectl may keep a copy of the object beside ours. */
const LONGEST_ANNOTATION = 100 * 1024;

/** No real spec is deeper; `JSON.stringify` cannot write what is nested without end. */
const DEEPEST_SPEC = 32;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** The spec as the controller finds it when it cleans up after the next change; undefined where there is none to keep. */
function lastApplied(object: unknown): string | undefined {
  const given = valueAt(object, 'spec');
  if (!isObject(given) || isDeeper(given, DEEPEST_SPEC)) return undefined;
  const spec = SPEC_FIELDS.filter((field) => !isAbsent(valueAt(given, field))).map((field) => [field, given[field]]);
  const text = JSON.stringify({ spec: Object.fromEntries(spec) });
  return Buffer.byteLength(text) <= LONGEST_ANNOTATION ? text : undefined;
}

const NAMED = { metadata: { name: 'g' } };
const DEFINED = { gatewayRef: undefined, gatewayDef: { namespace: 'n', gatewayClassName: 'c' } };
const KEPT = lastApplied(gateway());
const annotated = { [ANNOTATION.gatewayLastApplied]: KEPT };

/**
 * Defaults of Gateway v1alpha1, in this order (GD1-GD5 of the specification). They only fill in: what the user wrote otherwise
 * is kept, or refused by a rule (Q32, Q33); no hostname is made from what is no domain (Q35).
 */
export const GATEWAY_DEFAULTS: readonly Default[] = [
  {
    id: 'gatewayDef.name',
    number: 'GD1',
    path: 'spec.gatewayDef.name',
    on: CREATE_AND_UPDATE,
    says: 'the name of the object, where it is absent or empty',
    value: (name, object) => {
      const own = valueAt(object, 'metadata.name');
      return isEmpty(name) && typeof own === 'string' && own !== '' ? own : undefined;
    },
    before: { ...NAMED, ...gateway(DEFINED) },
    after: { ...NAMED, ...gateway({ ...DEFINED, gatewayDef: { ...DEFINED.gatewayDef, name: 'g' } }) },
  },
  {
    id: 'gatewaySpec.listeners.internal',
    number: 'GD2',
    path: LISTENERS,
    on: CREATE_AND_UPDATE,
    says: '`ofn-http-internal`: hostname `*.<clusterDomain>`, port 80, protocol HTTP, routes from all namespaces, each where it is absent; the hostname follows when `clusterDomain` changes',
    value: (listeners, object, old) => {
      const domains = { now: clusterDomainOf(object), before: clusterDomainOf(old) };
      return changed(listeners, (listener) =>
        isInternal(listener) ? withHostname(withFixedFields(listener), domains, old) : listener,
      );
    },
    before: listening(external(), { name: INTERNAL_LISTENER.name, allowedRoutes: { namespaces: { from: 'Same' } } }),
    after: listening(external(), internal()),
  },
  {
    id: 'gatewaySpec.listeners.hostname',
    number: 'GD3',
    path: LISTENERS,
    on: CREATE_AND_UPDATE,
    says: 'every other listener: hostname `*.<domain>` where it is absent; it follows when `domain` changes; none for TCP and UDP',
    value: (listeners, object, old) => {
      const domains = { now: valueAt(object, 'spec.domain'), before: valueAt(old, 'spec.domain') };
      return changed(listeners, (listener) => (isInternal(listener) ? listener : withHostname(listener, domains, old)));
    },
    before: gateway({
      domain: 'new.io',
      gatewaySpec: { listeners: [external(), external({ name: 'b', hostname: 'a.new.io' })] },
    }),
    after: gateway({
      domain: 'new.io',
      gatewaySpec: { listeners: [external({ hostname: '*.new.io' }), external({ name: 'b', hostname: 'a.new.io' })] },
    }),
    old: gateway(),
  },
  {
    id: 'gatewaySpec.listeners.with-internal',
    number: 'GD4',
    path: LISTENERS,
    on: CREATE_AND_UPDATE,
    says: 'a listener `ofn-http-internal` is added at the end where there is none',
    value: (listeners, object) => {
      if (!isAbsent(listeners) && !Array.isArray(listeners)) return undefined;
      const given: unknown[] = listeners ?? [];
      return given.some(isInternal) ? undefined : [...given, makeInternal(object)];
    },
    before: listening(external()),
    after: listening(external(), internal()),
  },
  {
    id: 'last-applied.annotations',
    number: 'GD5',
    path: 'metadata.annotations',
    on: CREATE_AND_UPDATE,
    says: 'the spec with its defaults, under `networking.openfunction.io/last-applied-configuration`, where there are no annotations',
    value: (annotations, object) => {
      const text = isAbsent(annotations) ? lastApplied(object) : undefined;
      return text === undefined ? undefined : { [ANNOTATION.gatewayLastApplied]: text };
    },
    before: { ...NAMED, ...gateway() },
    after: { metadata: { name: 'g', annotations: annotated }, ...gateway() },
  },
  {
    id: 'last-applied.annotation',
    number: 'GD5',
    path: `metadata.annotations[${ANNOTATION.gatewayLastApplied}]`,
    on: CREATE_AND_UPDATE,
    says: 'the spec with its defaults, as JSON `{"spec": …}`, where it is absent; never replaced',
    value: (annotation, object) => (isAbsent(annotation) ? lastApplied(object) : undefined),
    before: { metadata: { annotations: { a: 'b' } }, ...gateway() },
    after: { metadata: { annotations: { a: 'b', ...annotated } }, ...gateway() },
  },
];
