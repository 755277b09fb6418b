import {
  CONDITION,
  clusterDomain,
  DEFAULT_GATEWAY,
  type Function,
  type FunctionStatus,
  findCondition,
  GATEWAY,
  type Gateway,
  type Kind,
  type KubeObject,
  kindId,
  REASON,
  type ServeSpec,
  type Serving,
} from '@openfunction/api';
import { planEvents, replaced } from './event-half.ts';
import type { FunctionSeen } from './observe.ts';
import type { FunctionSettings, Part, PartCondition } from './part.ts';
import { isInterceptable } from './resources/content.ts';
import { makeEntryService, makeInterceptorService } from './resources/entry-service.ts';
import { answers, isWithheld, withHosts } from './resources/hosts.ts';
import {
  type Backend,
  gatewayReferenceOf,
  makeHttpRoute,
  toInterceptor,
  toRevision,
  toService,
} from './resources/http-route.ts';
import { isOurGrant, makeReferenceGrant } from './resources/reference-grant.ts';
import { outsideHosts, reachOf } from './resources/route-reach.ts';
import { exposure } from './resources/route-status.ts';
import { hasLed, type Verdict, verdictOf } from './resources/route-verdict.ts';
import { older, type ServingPart } from './serving-half.ts';

/*
 *   not asked for ──► Skipped        no Gateway ──► ClusterLocal, or False if it was named        nothing runs yet ──► WaitingForServing
 *   route written ──► WaitingForRoute ──gateway accepts──► Accepted ──drained──► older Servings go
 *
 * Behind the KEDA HTTP add-on the route stays as it is and the hosts change hands (resources/hosts.ts).
 */

const QUIET_MS = 2_000;

export function planRoute(seen: FunctionSeen, serving: ServingPart, now: Date, settings: FunctionSettings): Part {
  const { fn } = seen;
  const { active, running } = serving;
  if (active === undefined || running !== undefined || isRouted(active.spec) === isRouted(fn.spec.serving))
    return planEntry(seen, serving, now, settings);
  // Requests come to the version that serves, in its own way, until the new one runs.
  const part = planEntry(
    { ...seen, fn: { ...fn, spec: { ...fn.spec, serving: active.spec } } },
    serving,
    now,
    settings,
  );
  const isWell = part.condition.status === 'True';
  return { ...part, condition: isWell ? switching(fn, serving) : part.condition };
}

function isRouted(spec: ServeSpec | undefined): boolean {
  return spec?.triggers?.http != null;
}

function planEntry(seen: FunctionSeen, serving: ServingPart, now: Date, settings: FunctionSettings): Part {
  if (!isRouted(seen.fn.spec.serving)) return planEvents(seen, serving, now, settings);
  const { active } = serving;
  const backend = active === undefined ? undefined : backendOf(seen, active, settings);
  const handed = handOver(seen, serving);
  const part =
    active === undefined || backend === undefined
      ? awaitServing(seen, serving)
      : seen.gateway === undefined
        ? clusterLocal(seen, serving, { active, backend }, now, settings)
        : withGateway(seen, serving, { gateway: seen.gateway, backend }, now, settings);
  return { ...part, apply: [...handed, ...part.apply] };
}

/** Where requests for a version go; undefined while it cannot take any. */
function backendOf(seen: FunctionSeen, active: Serving, settings: FunctionSettings): Backend | undefined {
  const { fn, gateway } = seen;
  const domain = gateway === undefined ? settings.clusterDomain : clusterDomain(gateway);
  const { url = '', service = url } = active.status ?? {};
  const { http } = active.spec.triggers ?? {};
  if (http == null || service === '') return undefined;
  if (isInterceptable(active.spec)) {
    const isOpen = answers(active, seen.interceptions.get(active.metadata.name));
    return isOpen ? toInterceptor(settings.kedaHttpNamespace, fn, domain) : undefined;
  }
  if (http.engine === 'keda') return toService(service, active, domain);
  const knative = seen.knativeServices.get(service)?.['status'] ?? {};
  const { latestReadyRevisionName: revision = '', address, url: own } = knative;
  if (revision === '' && gateway !== undefined) return undefined;
  return toRevision(revision, address?.url ?? own);
}

/** Tells the Servings behind the KEDA HTTP add-on who of them answers; nothing where it has been said. */
function handOver(seen: FunctionSeen, serving: ServingPart): KubeObject[] {
  const { fn, interceptions } = seen;
  const { active } = serving;
  if (active === undefined || !isInterceptable(active.spec)) return [];
  const isOld = serving.running === undefined;
  const restored = isOld && isWithheld(active) ? [withHosts(fn, active, true)] : [];
  if (!answers(active, interceptions.get(active.metadata.name))) return restored;
  const rest = older(seen, serving).filter((each) => interceptions.has(each.metadata.name) && !isWithheld(each));
  return [...restored, ...rest.map((each) => withHosts(fn, each, false))];
}

/** The http trigger comes or goes with the new version. */
function switching({ spec }: Function, { condition }: ServingPart): PartCondition {
  if (isRouted(spec.serving))
    return { status: 'Unknown', reason: awaited(condition), message: 'The route is made when the function runs.' };
  const message = 'The http trigger is removed: the route goes when the new version runs.';
  return { status: 'Unknown', reason: REASON.waitingForServing, message };
}

function awaited({ status, reason }: PartCondition): string {
  return status === 'True' ? REASON.waitingForServing : reason;
}

function awaitServing({ interceptions }: FunctionSeen, { active, condition }: ServingPart): Part {
  const isHanded = interceptions.has(active?.metadata.name ?? '');
  const message = isHanded
    ? `The KEDA HTTP add-on does not lead to ${active?.metadata.name} yet.`
    : 'The route is made when the function runs.';
  const waits = { status: 'Unknown', reason: awaited(condition), message } as const;
  return { apply: [], remove: [], status: {}, condition: waits, events: [] };
}

function clusterLocal(
  seen: FunctionSeen,
  serving: ServingPart,
  { active, backend }: { active: Serving; backend: Backend },
  now: Date,
  settings: FunctionSettings,
): Part {
  const { fn } = seen;
  const { url } = backend;
  const isThroughAddOn = isInterceptable(active.spec);
  const entry = isThroughAddOn
    ? makeInterceptorService(fn, settings.kedaHttpNamespace, settings.clusterDomain)
    : undefined;
  const service = replaced(seen.entryService, entry);
  const handed = handedAt(seen, serving);
  const movedAt = handed && url !== undefined ? latest(handed, namedAt(fn, active, url, now)) : undefined;
  const drained = drain(seen, serving, movedAt, now, settings.drainSeconds);
  return {
    apply: service.apply,
    remove: [...(seen.route ? [seen.route] : []), ...service.remove, ...(drained.over ? older(seen, serving) : [])],
    status: { route: undefined, addresses: url === undefined ? undefined : [{ type: 'Internal', value: url }], url },
    condition: withoutGateway(seen, isThroughAddOn, settings),
    events: [],
    wakeAt: drained.wakeAt,
  };
}

/** All is well where nobody asked for more than the default; who named a Gateway, or hosts outside the cluster, does not get them. */
function withoutGateway(
  { fn, unservedRouteKind }: FunctionSeen,
  isThroughAddOn: boolean,
  settings: FunctionSettings,
): PartCondition {
  const http = fn.spec.serving?.triggers?.http;
  const { namespace, name } = gatewayReferenceOf(http);
  const isDefault = namespace === DEFAULT_GATEWAY.namespace && name === DEFAULT_GATEWAY.name;
  // The add-on knows the hosts without a Gateway too.
  const hosts = isThroughAddOn ? [] : outsideHosts(fn, settings.clusterDomain);
  const gap =
    unservedRouteKind === undefined ? `Gateway ${namespace}/${name} does not exist.` : notServed(unservedRouteKind);
  const inside = 'The function can be reached inside the cluster only';
  if (isDefault && hosts.length === 0)
    return { status: 'True', reason: REASON.clusterLocal, message: `${gap} ${inside}.` };
  const named = isDefault || unservedRouteKind === undefined ? [] : [`Gateway ${namespace}/${name} cannot be used.`];
  const reached = hosts.length === 0 ? `${inside}.` : `${inside}, not under ${hosts.join(', ')}.`;
  const reason = unservedRouteKind === undefined ? REASON.referenceNotFound : REASON.dependencyMissing;
  return { status: 'False', reason, message: [...named, gap, reached].join(' ') };
}

function notServed(kind: Kind): string {
  const provider = kind === GATEWAY ? 'OpenFunction is not fully' : 'The Gateway API is not';
  return `${provider} installed: ${kind.kind} (${kindId(kind)}) is not served.`;
}

function withGateway(
  seen: FunctionSeen,
  serving: ServingPart,
  { gateway, backend }: { gateway: Gateway; backend: Backend },
  now: Date,
  settings: FunctionSettings,
): Part {
  const { fn, rewritesHosts, kubeGatewayExists } = seen;
  const wanted = makeHttpRoute({ fn, gateway, backend, rewritesHosts });
  if (wanted === undefined) return badTemplate(gateway);
  const grant = grantFor(seen, backend);
  const reach = reachOf(wanted, seen.route, gateway);
  const verdict: Verdict =
    grant.problem ?? verdictOf(seen.route, { fn, gateway, wanted, reach, backend, kubeGatewayExists });
  const handed = handedAt(seen, serving);
  const movedAt = verdict.leads && handed ? latest(seen.routeAppliedAt, handed, ledAt(fn, verdict, now)) : undefined;
  const drained = drain(seen, serving, movedAt, now, settings.drainSeconds);
  const service = replaced(seen.entryService, makeEntryService(fn, gateway));
  return {
    apply: [...grant.apply, wanted, ...service.apply],
    remove: [...service.remove, ...(drained.over ? older(seen, serving) : [])],
    status: exposure(gateway, wanted, seen.route, reach) satisfies Partial<FunctionStatus>,
    condition: verdict.condition,
    events: [],
    wakeAt: drained.wakeAt,
    quietUntil: quietUntil(seen, verdict, now),
  };
}

/** A route into another namespace needs its leave, given by a ReferenceGrant there; where nobody serves these, none is asked for. */
function grantFor({ fn, grant, servesGrants }: FunctionSeen, { namespace }: Backend) {
  if (namespace === undefined || !servesGrants) return { apply: [] };
  const wanted = makeReferenceGrant(fn.metadata.namespace ?? '', namespace);
  if (grant === undefined || isOurGrant(grant)) return { apply: [wanted] };
  const message =
    `ReferenceGrant ${namespace}/${wanted.metadata.name} exists and is not ours: delete or rename it, ` +
    'so that the routes of this namespace can be let through to the KEDA HTTP add-on.';
  const condition = { status: 'False', reason: REASON.nameTaken, message } as const;
  return { apply: [], problem: { condition, leads: false } satisfies Verdict };
}

/**
 * A gateway accepts most routes at once, and may hear of the Service of a new version after the route: for a moment after the write the
 * status mentions neither.
 */
function quietUntil({ routeAppliedAt }: FunctionSeen, verdict: Verdict, now: Date): Date | undefined {
  if (routeAppliedAt === undefined || verdict.mayFollow !== true) return undefined;
  const until = new Date(routeAppliedAt.getTime() + QUIET_MS);
  return until > now ? until : undefined;
}

function badTemplate(gateway: Gateway): Part {
  const { namespace, name } = gateway.metadata;
  const message = `Gateway ${namespace}/${name}: hostTemplate and pathTemplate may only use {{.Name}}, {{.Namespace}} and {{.Domain}}.`;
  const condition = { status: 'False', reason: 'InvalidTemplate', message } as const;
  return { apply: [], remove: [], status: {}, condition, events: [] };
}

/**
 * Since when the gateway leads to the backend (docs/adr/0006). It seldom says so: a condition that stays True keeps its time when the
 * route changes. But a gateway that takes longer than a moment has made the Function's own condition leave True and come back.
 */
function ledAt({ status }: Function, { acceptedAt }: Verdict, now: Date): Date {
  const routed = findCondition(status?.conditions, CONDITION.routed);
  if (routed === undefined || !hasLed(routed)) return now;
  const isPast = acceptedAt !== undefined && acceptedAt <= now; // the gateway's clock may be ahead
  return latest(new Date(routed.lastTransitionTime), isPast ? acceptedAt : undefined);
}

/** Without a Gateway: since when the address of the Function is that of this version. Nobody is told before it runs. */
function namedAt({ status }: Function, { status: active }: Serving, url: string, now: Date): Date {
  if (status?.url !== url) return now;
  const served = findCondition(status?.conditions, CONDITION.served);
  const times = [active?.readyTime, served?.status === 'True' ? served.lastTransitionTime : undefined];
  return latest(...times.map((time) => (time === undefined ? undefined : new Date(time))));
}

/** Since when no older version answers for the hosts in the add-on; undefined while one does. The epoch where none ever did. */
function handedAt(seen: FunctionSeen, serving: ServingPart): Date | undefined {
  const { interceptions } = seen;
  if (serving.active === undefined || !isInterceptable(serving.active.spec)) return new Date(0);
  const said = older(seen, serving).flatMap((each) => {
    const interception = interceptions.get(each.metadata.name);
    return interception === undefined ? [] : [{ each, interception }];
  });
  if (said.some(({ each, interception }) => answers(each, interception))) return undefined;
  return said.reduce((time, { interception }) => latest(time, interception.changedAt), new Date(0));
}

/** Older versions go when requests are led to the new one, those under way had time to end, and the new one still runs. */
function drain(seen: FunctionSeen, serving: ServingPart, movedAt: Date | undefined, now: Date, seconds: number) {
  const isHeld = serving.running === undefined || older(seen, serving).length === 0;
  return movedAt === undefined || isHeld ? { over: false } : drained(movedAt, now, seconds);
}

/** Whether what was under way has had time to end since then, or when it will have had. */
export function drained(since: Date, now: Date, seconds: number): { over: boolean; wakeAt?: Date } {
  const until = new Date(since.getTime() + seconds * 1000);
  return until <= now ? { over: true } : { over: false, wakeAt: until };
}

/** The last of these times; the epoch where there is none. */
export function latest(...times: (Date | undefined)[]): Date {
  return new Date(Math.max(0, ...times.map((time) => time?.getTime() ?? 0)));
}
