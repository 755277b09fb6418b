import type { Condition } from './object.ts';

/**
 * The one vocabulary of conditions. `Built`, `Served`, `Routed` are the parts of a Function, `Ready` the sum of every
 * kind. In progress: Unknown. Failed: False. A part that is not asked for: True with reason Skipped.
 * `Reconciling` and `Stalled` are there only while True (kstatus); Stalled means that only the user can help. So is
 * `Paused`, on a Function alone: since then nothing is written for it, and the others stay as they were (docs/adr/0013).
 */
export const CONDITION = {
  built: 'Built',
  served: 'Served',
  routed: 'Routed',
  ready: 'Ready',
  reconciling: 'Reconciling',
  stalled: 'Stalled',
  paused: 'Paused',
} as const;
export type ConditionType = (typeof CONDITION)[keyof typeof CONDITION];

/** Reasons of our own. Besides these a condition carries the reason of the object that failed (see `legalReason`). */
export const REASON = {
  /** The part is not asked for. */
  skipped: 'Skipped',
  /** The child exists, its owner has not looked at it yet. */
  pending: 'Pending',
  building: 'Building',
  /** An older build is being cancelled first. */
  canceling: 'Canceling',
  succeeded: 'Succeeded',
  starting: 'Starting',
  running: 'Running',
  ready: 'Ready',
  waitingForBuild: 'WaitingForBuild',
  waitingForServing: 'WaitingForServing',
  /** The route is written; the gateway has not accepted it yet. */
  waitingForRoute: 'WaitingForRoute',
  /** The route is accepted by the gateway. */
  accepted: 'Accepted',
  /** No Gateway API or no Gateway: reachable inside the cluster only. */
  clusterLocal: 'ClusterLocal',
  routeRejected: 'RouteRejected',
  /** The annotation `openfunction.io/rollback-to` names the version that is served. */
  rolledBack: 'RolledBack',
  /** It names a version that is not kept. */
  versionUnknown: 'VersionUnknown',
  failed: 'Failed',
  timeout: 'Timeout',
  canceled: 'Canceled',
  /** A kind that the function needs is not installed in the cluster. */
  dependencyMissing: 'DependencyMissing',
  /** A child's name is held by an object of another owner. */
  nameTaken: 'NameTaken',
  /** The API server refuses a child, and trying again will not help. */
  childRefused: 'ChildRefused',
  /** A Secret, build strategy or other object that the spec names does not exist. */
  referenceNotFound: 'ReferenceNotFound',
  /** The spec asks for something that this version does not do. */
  unsupported: 'Unsupported',
  /** The annotation `openfunction.io/paused` says so. */
  paused: 'Paused',
  /** The annotations of the namespace that give builds their defaults cannot be understood. */
  badBuildDefaults: 'BadBuildDefaults',
  /** The function runs and is routed, but under none of the hosts that the user named. */
  hostNotServed: 'HostNotServed',
} as const;
export type Reason = (typeof REASON)[keyof typeof REASON];

/** A condition as a controller states it: the time is kept by `setCondition`. */
export type ConditionInput = Omit<Condition, 'lastTransitionTime'>;

const ORDER: readonly string[] = Object.values(CONDITION);
const ONLY_WHILE_TRUE: readonly string[] = [CONDITION.reconciling, CONDITION.stalled, CONDITION.paused];
/** The longest message that a condition may have (meta/v1). */
export const MAX_MESSAGE = 32_768;

/**
 * A new list that holds this condition, in a fixed order. The transition time changes only with the status, so stating
 * the same thing twice gives an equal list. `Reconciling`, `Stalled` and `Paused` that are not True are taken out.
 */
export function setCondition(
  list: readonly Condition[] | undefined,
  condition: ConditionInput,
  now: Date,
): Condition[] {
  const rest = dropCondition(list, condition.type);
  if (ONLY_WHILE_TRUE.includes(condition.type) && condition.status !== 'True') return rest;
  const before = findCondition(list, condition.type);
  const since = before?.status === condition.status ? before.lastTransitionTime : conditionTime(now);
  const stated = { ...condition, message: condition.message.slice(0, MAX_MESSAGE), lastTransitionTime: since };
  return [...rest, stated].sort(byOrder);
}

/** `Ready` of an object that has no other parts, as its controller states it. */
export type ReadyInput = Omit<ConditionInput, 'type'>;

/** `Ready`, and with its words what follows from it: `Reconciling` while it is Unknown, `Stalled` while it is False. */
export function setReady(list: readonly Condition[] | undefined, ready: ReadyInput, now: Date): Condition[] {
  const followsFrom = (status: Condition['status']) => (ready.status === status ? 'True' : 'False');
  const all: ConditionInput[] = [
    { ...ready, type: CONDITION.ready },
    { ...ready, type: CONDITION.reconciling, status: followsFrom('Unknown') },
    { ...ready, type: CONDITION.stalled, status: followsFrom('False') },
  ];
  return all.reduce((conditions, each) => setCondition(conditions, each, now), [...(list ?? [])]);
}

/** The condition of this type, if there is one. */
export function findCondition(list: readonly Condition[] | undefined, type: string): Condition | undefined {
  return list?.find((condition) => condition.type === type);
}

/** A new list without the condition of this type. */
export function dropCondition(list: readonly Condition[] | undefined, type: string): Condition[] {
  return (list ?? []).filter((condition) => condition.type !== type);
}

/** Whether the condition of this type is there and True. */
export function isConditionTrue(list: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(list, type)?.status === 'True';
}

/**
 * A foreign reason as the API allows it (a word of letters, digits, `_`, `,`, `:`; at most 1024): illegal characters
 * are dropped. Nothing usable left: the fallback.
 */
export function legalReason(reason: string | undefined, fallback: Reason): string {
  const word = (reason ?? '')
    .replace(/[^A-Za-z0-9_,:]/g, '')
    .replace(/^[^A-Za-z]+/, '')
    .slice(0, 1024)
    .replace(/[,:]+$/, '');
  return word === '' ? fallback : word;
}

/** The time format of meta/v1: whole seconds, UTC. */
export function conditionTime(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}

function byOrder(a: Condition, b: Condition): number {
  return rank(a.type) - rank(b.type) || (a.type < b.type ? -1 : 1);
}

function rank(type: string): number {
  const at = ORDER.indexOf(type);
  return at === -1 ? ORDER.length : at;
}
