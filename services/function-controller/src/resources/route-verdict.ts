import { type Condition, type Function, type Gateway, type KubeObject, legalReason, REASON } from '@openfunction/api';
import type { PartCondition } from '../part.ts';
import { type Backend, kubeGatewayOf } from './http-route.ts';
import { currentCondition, type ParentStatus, parentsOf } from './route-parents.ts';
import { missesAllNamed, type Reach } from './route-reach.ts';

/** The route as it is wanted, where it leads, and under which hosts. */
export interface WantedRoute {
  fn: Function;
  gateway: Gateway;
  wanted: KubeObject;
  reach: Reach;
  backend: Backend;
  kubeGatewayExists: boolean;
}

/** What becomes of requests, by the word of the gateway. */
export interface Verdict {
  condition: PartCondition;
  /** Whether requests that reach the gateway are led to the backend. */
  leads: boolean;
  /** Since when the gateway has accepted some route of this name, by its own clock; the present one perhaps later. */
  acceptedAt?: Date;
  /** Whether a gateway that has just been told of the route may say otherwise in a moment. */
  mayFollow?: boolean;
}

/**
 * Reasons by which `ResolvedRefs=False` means that requests do not arrive (gateway.networking.k8s.io/v1). Gateways have others of their
 * own, e.g. that no pod is ready, which is nothing unusual with a function that scales to zero.
 */
const UNREACHABLE: readonly string[] = ['BackendNotFound', 'RefNotPermitted', 'InvalidKind', 'UnsupportedProtocol'];

/** Whether requests were led to the backend when this was said (see `Verdict`). */
export function hasLed(routed: Condition | undefined): boolean {
  return routed?.status === 'True' || routed?.reason === REASON.hostNotServed;
}

/** What the gateway says of the route as it is wanted now; one parent that accepts is enough (gateway.md §15.5). */
export function verdictOf(route: KubeObject | undefined, input: WantedRoute): Verdict {
  const { wanted, backend, reach } = input;
  if (route === undefined || !leadsAlike(route, wanted)) return waiting(input);
  if (wanted['spec'].parentRefs.length === 0) return hostNotServed(reach);
  const parents = parentsOf(route);
  const accepted = parents.filter((parent) => currentCondition(route, parent, 'Accepted')?.status === 'True');
  if (accepted.length === 0) return refusedBy(route, parents) ?? waiting(input);
  const unresolved = unresolvedAt(route, accepted);
  if (unresolved !== undefined) return unreachable(unresolved, wanted, backend);
  const verdict = missesAllNamed(input.fn, input.gateway, reach) ? hostNotServed(reach) : served(reach);
  return { ...verdict, acceptedAt: since(route, accepted) };
}

/** What does not keep the function from being reached is said too. */
function served({ closed, troubles }: Reach): Verdict {
  const gap = closed.length === 0 ? [] : [`The function is not reached under ${closed.join(', ')}.`];
  const message = ['The gateway serves the route.', ...gap, ...troubles].join(' ');
  return { condition: { status: 'True', reason: REASON.accepted, message }, leads: true };
}

function hostNotServed({ closed, troubles }: Reach): Verdict {
  const message = [`The function is not reached under ${closed.join(', ')}.`, ...troubles].join(' ');
  return { condition: { status: 'False', reason: REASON.hostNotServed, message }, leads: true };
}

function waiting({ gateway, kubeGatewayExists }: WantedRoute): Verdict {
  const { namespace, name } = kubeGatewayOf(gateway);
  const message = kubeGatewayExists
    ? 'The gateway has not accepted the route yet.'
    : `The route waits for Kubernetes Gateway ${namespace}/${name}, which does not exist.`;
  return { condition: { status: 'Unknown', reason: REASON.waitingForRoute, message }, leads: false, mayFollow: true };
}

function refusedBy(route: KubeObject, parents: ParentStatus[]): Verdict | undefined {
  const said = parents.map((parent) => currentCondition(route, parent, 'Accepted'));
  const refusal = said.find((condition) => condition?.status === 'False');
  if (refusal === undefined) return undefined;
  const message = `The gateway refuses the route: ${refusal.reason}: ${refusal.message}`;
  return { condition: { status: 'False', reason: REASON.routeRejected, message }, leads: false };
}

/** The parent that came last counts. */
function since(route: KubeObject, accepted: ParentStatus[]): Date {
  const times = accepted.map((parent) => currentCondition(route, parent, 'Accepted')?.lastTransitionTime ?? '');
  return new Date(Math.max(0, ...times.map((time) => Date.parse(time) || 0)));
}

/** Why no parent that accepts the route can lead to its backend. */
function unresolvedAt(route: KubeObject, accepted: ParentStatus[]): Condition | undefined {
  const said = accepted.map((parent) => currentCondition(route, parent, 'ResolvedRefs'));
  if (said.some((condition) => condition?.status === 'True')) return undefined;
  return said.find((condition) => condition?.status === 'False' && UNREACHABLE.includes(condition.reason));
}

/** The Service may be missing, or not open to this namespace. */
function unreachable({ reason, message }: Condition, wanted: KubeObject, backend: Backend): Verdict {
  const { name, owner, namespace = wanted.metadata.namespace } = backend;
  const text = `The gateway cannot lead to Service ${namespace}/${name} of ${owner}: ${reason}: ${message}`;
  const condition = { status: 'False', reason: legalReason(reason, REASON.routeRejected), message: text } as const;
  return { condition, leads: false, mayFollow: true };
}

/** Whether a route leads where the wanted one does; a route of redirects leads nowhere. */
function leadsAlike(route: KubeObject, wanted: KubeObject): boolean {
  const [live, ours] = [firstBackend(route), firstBackend(wanted)];
  return live?.name === ours?.name && live?.namespace === ours?.namespace;
}

/** The Service that a route leads to; undefined for one of redirects. */
export function firstBackend(route: KubeObject): { name: string; namespace?: string } | undefined {
  const rules = (route['spec']?.rules ?? []) as { backendRefs?: { name: string; namespace?: string }[] }[];
  return rules.flatMap(({ backendRefs = [] }) => backendRefs)[0];
}
