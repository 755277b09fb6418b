import {
  type Condition,
  type Function,
  type FunctionAddress,
  type FunctionStatus,
  type Gateway,
  type KubeObject,
  REASON,
  type Serving,
} from '@openfunction/api';
import type { FunctionSeen } from './observe.ts';
import type { FunctionSettings, Part, PartCondition } from './part.ts';
import { isInternal, makeEntryService } from './resources/entry-service.ts';
import { clusterDomain, covers, hostnamesOf, makeHttpRoute } from './resources/http-route.ts';
import type { ServingPart } from './serving-half.ts';

/*
 *   not asked for ──► Skipped        no Gateway ──► ClusterLocal        nothing runs yet ──► WaitingForServing
 *   route written ──► WaitingForRoute ──gateway accepts──► Accepted ──drained──► older Servings go
 */

const QUIET_MS = 2_000;
/** Limits of the status schema: a route may say more than fits there. */
const LONGEST_ADDRESS = 253;
const MOST_PATHS = 16;
const EMPTY: Partial<FunctionStatus> = { route: undefined, addresses: undefined, url: undefined };

export function planRoute(seen: FunctionSeen, serving: ServingPart, now: Date, settings: FunctionSettings): Part {
  const { fn, gateway } = seen;
  if (fn.spec.serving?.triggers?.http === undefined) return noRoute(seen, serving);
  if (serving.active === undefined) return awaitServing(serving);
  const knative = seen.knativeServices.get(serving.active.status?.url ?? '');
  const status = (knative?.['status'] ?? {}) as {
    latestReadyRevisionName?: string;
    url?: string;
    address?: { url?: string };
  };
  if (gateway === undefined) return clusterLocal(seen, serving, status.address?.url ?? status.url);
  const revision = status.latestReadyRevisionName ?? '';
  if (revision === '') return awaitServing(serving);
  return withGateway(seen, serving, { gateway, revision }, now, settings);
}

/** Nothing is exposed: what was, goes. */
function noRoute(seen: FunctionSeen, serving: ServingPart): Part {
  return {
    apply: [],
    remove: [...present(seen.route), ...present(seen.entryService), ...older(seen, serving)],
    status: EMPTY,
    condition: { status: 'True', reason: REASON.skipped, message: 'The function has no http trigger to route.' },
    events: [],
  };
}

function awaitServing(serving: ServingPart): Part {
  const { status, reason } = serving.condition;
  const message = 'The route is made when the function runs.';
  const held = status === 'True' ? REASON.waitingForServing : reason;
  return { apply: [], remove: [], status: {}, condition: { status: 'Unknown', reason: held, message }, events: [] };
}

function clusterLocal(seen: FunctionSeen, serving: ServingPart, url: string | undefined): Part {
  const message = 'No Gateway: the function can be reached inside the cluster only.';
  const addresses = url === undefined ? undefined : [{ type: 'Internal', value: url }];
  return {
    apply: [],
    remove: [...present(seen.route), ...present(seen.entryService), ...older(seen, serving)],
    status: { route: undefined, addresses, url },
    condition: { status: 'True', reason: REASON.clusterLocal, message },
    events: [],
  };
}

function withGateway(
  seen: FunctionSeen,
  serving: ServingPart,
  target: { gateway: Gateway; revision: string },
  now: Date,
  settings: FunctionSettings,
): Part {
  const { fn, rewritesHosts } = seen;
  const { gateway, revision } = target;
  const wanted = makeHttpRoute({ fn, gateway, backend: { revision }, rewritesHosts });
  if (wanted === undefined) return badTemplate(gateway);
  const verdict = verdictOf(seen.route, revision);
  const drained = drain(seen, serving, verdict, now, settings);
  return {
    apply: [wanted, makeEntryService(fn, gateway)],
    remove: drained.over ? older(seen, serving) : [],
    status: exposure(fn, gateway, wanted, seen.route),
    condition: verdict,
    events: [],
    wakeAt: drained.wakeAt,
    quietUntil: quietUntil(seen, verdict, now),
  };
}

/** A gateway accepts most routes at once: for a moment after the write the status does not mention that it has not yet. */
function quietUntil({ routeAppliedAt }: FunctionSeen, verdict: PartCondition, now: Date): Date | undefined {
  if (routeAppliedAt === undefined || verdict.reason !== REASON.waitingForRoute) return undefined;
  const until = new Date(routeAppliedAt.getTime() + QUIET_MS);
  return until > now ? until : undefined;
}

function badTemplate(gateway: Gateway): Part {
  const { namespace, name } = gateway.metadata;
  const message = `Gateway ${namespace}/${name}: hostTemplate and pathTemplate may only use {{.Name}}, {{.Namespace}} and {{.Domain}}.`;
  return {
    apply: [],
    remove: [],
    status: {},
    condition: { status: 'False', reason: 'InvalidTemplate', message },
    events: [],
  };
}

interface ParentStatus {
  parentRef?: { sectionName?: string };
  conditions?: Condition[];
}

/** What the gateway says of the route as it is wanted now; one parent that accepts is enough. */
function verdictOf(route: KubeObject | undefined, revision: string): PartCondition {
  if (route === undefined || backendOf(route) !== revision) return waiting();
  const verdicts = parentsOf(route).flatMap(({ conditions = [] }) =>
    conditions.filter(({ type }) => type === 'Accepted'),
  );
  const current = verdicts.filter(
    ({ observedGeneration }) => (observedGeneration ?? 0) >= (route.metadata.generation ?? 0),
  );
  const accepted = current.find(({ status }) => status === 'True');
  if (accepted !== undefined)
    return { status: 'True', reason: REASON.accepted, message: 'The gateway serves the route.' };
  const refused = current.find(({ status }) => status === 'False');
  if (refused === undefined) return waiting();
  return {
    status: 'False',
    reason: REASON.routeRejected,
    message: `The gateway refuses the route: ${refused.reason}: ${refused.message}`,
  };
}

function waiting(): PartCondition {
  return { status: 'Unknown', reason: REASON.waitingForRoute, message: 'The gateway has not accepted the route yet.' };
}

/** Older versions go when the gateway has accepted the route to the new one, and requests under way had time to end. */
function drain(
  seen: FunctionSeen,
  serving: ServingPart,
  verdict: PartCondition,
  now: Date,
  settings: FunctionSettings,
) {
  if (verdict.status !== 'True' || older(seen, serving).length === 0) return { over: false };
  const until = new Date((seen.routeAppliedAt?.getTime() ?? 0) + settings.drainSeconds * 1000);
  return until <= now ? { over: true } : { over: false, wakeAt: until };
}

/** Servings that are neither wanted nor active. */
function older({ servings }: FunctionSeen, { active, status }: ServingPart): Serving[] {
  const kept = [active?.metadata.name, status.serving?.resourceRef];
  return [...servings.values()].filter(({ metadata }) => !kept.includes(metadata.name));
}

function exposure(
  fn: Function,
  gateway: Gateway,
  wanted: KubeObject,
  route: KubeObject | undefined,
): Partial<FunctionStatus> {
  const hosts = hostnamesOf(fn, gateway) ?? [];
  const paths = pathsOf(wanted);
  const all = hosts.flatMap((host) => paths.map((path) => addressOf(host, path.value ?? '/', gateway)));
  const addresses = all.filter(({ value }) => value.length <= LONGEST_ADDRESS);
  const conditions = mergedConditions(route);
  const external = addresses.find(({ type }) => type === 'External') ?? addresses[0];
  return {
    route: { hosts, paths: paths.slice(0, MOST_PATHS), ...(conditions.length > 0 && { conditions }) },
    addresses,
    url: external?.value,
  };
}

function pathsOf(route: KubeObject): { type?: 'Exact' | 'PathPrefix' | 'RegularExpression'; value?: string }[] {
  const rules = route['spec'].rules as { matches?: { path?: { type: 'Exact'; value: string } }[] }[];
  return rules.flatMap(({ matches = [] }) =>
    matches.map(({ path }) => path ?? { type: 'PathPrefix' as const, value: '/' }),
  );
}

/** Scheme and port come from the listener that serves the host (gateway.md GW-24). */
function addressOf(host: string, path: string, gateway: Gateway): FunctionAddress {
  const inside = host.endsWith(`.${clusterDomain(gateway)}`);
  const listeners = (gateway.spec.gatewaySpec?.listeners ?? []).filter(
    (one) => covers(one, host) && isInternal(one, gateway) === inside,
  );
  const listener = listeners.find(({ protocol }) => protocol === 'HTTP') ?? listeners[0];
  const scheme = listener?.protocol === 'HTTPS' ? 'https' : 'http';
  const usual = scheme === 'https' ? 443 : 80;
  const port = listener === undefined || listener.port === usual ? '' : `:${listener.port}`;
  return { type: inside ? 'Internal' : 'External', value: `${scheme}://${host}${port}${encodeURI(path)}` };
}

/** The conditions of all parents: of each type the worst that still lets one parent serve, i.e. True wins. */
function mergedConditions(route: KubeObject | undefined): Condition[] {
  const merged = new Map<string, Condition>();
  for (const condition of parentsOf(route).flatMap(({ conditions = [] }) => conditions)) {
    if (merged.get(condition.type)?.status !== 'True') merged.set(condition.type, condition);
  }
  return [...merged.values()].slice(0, 8);
}

function parentsOf(route: KubeObject | undefined): ParentStatus[] {
  return (route?.['status']?.parents ?? []) as ParentStatus[];
}

function backendOf(route: KubeObject): string | undefined {
  const rules = (route['spec']?.rules ?? []) as { backendRefs?: { name: string }[] }[];
  return rules.find(({ backendRefs }) => backendRefs !== undefined)?.backendRefs?.[0]?.name;
}

function present<T>(object: T | undefined): T[] {
  return object === undefined ? [] : [object];
}
