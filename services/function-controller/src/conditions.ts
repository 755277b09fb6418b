import {
  ANNOTATION,
  CONDITION,
  type Condition,
  type ConditionType,
  dropCondition,
  type Function,
  type FunctionStatus,
  findCondition,
  HTTP_ROUTE,
  isConditionTrue,
  isOfKind,
  type KubeObject,
  REASON,
  REFERENCE_GRANT,
  SERVICE,
  setCondition,
} from '@openfunction/api';
import { explainRefusal } from '@openfunction/controller/pods';
import type { PartCondition } from './part.ts';

interface PartConditions {
  built: PartCondition;
  served: PartCondition;
  routed: PartCondition;
  /** What went wrong beside them. */
  other?: PartCondition | undefined;
}

/** The conditions of a Function from those of its parts. Ready repeats the first part that holds things up. */
export function summarise(fn: Function, parts: PartConditions, now: Date): Condition[] {
  const all = [parts.built, parts.served, parts.routed, ...(parts.other === undefined ? [] : [parts.other])];
  const failed = all.find(({ status }) => status === 'False');
  const pending = all.find(({ status }) => status === 'Unknown');
  const ready = failed ?? pending ?? readyCondition(fn);
  const list = dropCondition(fn.status?.conditions, CONDITION.paused);
  const set = (before: Condition[] | undefined, type: ConditionType, condition: PartCondition) =>
    setCondition(before, { type, observedGeneration: fn.metadata.generation ?? 0, ...condition }, now);
  let conditions = set(list, CONDITION.built, parts.built);
  conditions = set(conditions, CONDITION.served, parts.served);
  conditions = set(conditions, CONDITION.routed, parts.routed);
  conditions = set(conditions, CONDITION.ready, ready);
  conditions = set(conditions, CONDITION.reconciling, {
    ...(pending ?? ready),
    status: pending === undefined ? 'False' : 'True',
  });
  return set(conditions, CONDITION.stalled, { ...(failed ?? ready), status: failed === undefined ? 'False' : 'True' });
}

function readyCondition(fn: Function): PartCondition {
  const message = fn.spec.serving === undefined ? 'The image is built.' : 'The function runs and can be reached.';
  return { status: 'True', reason: REASON.ready, message };
}

/** What was refused although the rest of the plan is carried out, and the status that was planned. */
export interface Apart {
  child: KubeObject;
  status: FunctionStatus;
}

/** The API server refused what the plan asked for, or a name is taken. */
export function markFailed(fn: Function, error: Error, now: Date, apart?: Apart): FunctionStatus {
  const failure: PartCondition = { status: 'False', ...explainRefusal(error, 'the Function') };
  if (apart !== undefined) return layOver(fn, failure, apart, now);
  const observedGeneration = fn.metadata.generation ?? 0;
  let conditions = dropCondition(fn.status?.conditions, CONDITION.paused);
  conditions = setCondition(conditions, { type: CONDITION.ready, observedGeneration, ...failure }, now);
  conditions = setCondition(
    conditions,
    { type: CONDITION.stalled, observedGeneration, ...failure, status: 'True' },
    now,
  );
  return { ...fn.status, observedGeneration, conditions };
}

/** The parts say what is true of them; the refusal stands where it belongs, at the route if anywhere. */
function layOver(fn: Function, failure: PartCondition, { child, status }: Apart, now: Date): FunctionStatus {
  const said = (type: ConditionType) => partCondition(status.conditions, type);
  const routed = said(CONDITION.routed);
  // While the gateway is waited for that is said: since when it leads to a new version can be told by nothing else.
  const isOfRoute = isRouteChild(child) || (isOfKind(child, SERVICE) && routed.status !== 'Unknown');
  const parts = isOfRoute ? { routed: failure } : { routed, other: failure };
  const conditions = summarise(fn, { built: said(CONDITION.built), served: said(CONDITION.served), ...parts }, now);
  return { ...status, ...reachedWithout(child, fn, status), conditions };
}

function partCondition(conditions: Condition[] | undefined, type: ConditionType): PartCondition {
  const { status, reason, message } = findCondition(conditions, type) ?? {
    status: 'Unknown',
    reason: REASON.pending,
    message: '',
  };
  return { status, reason, message };
}

/** Addresses that do not need the child: a route that is refused stays as it was, a Service of that name is somebody else's. */
function reachedWithout(child: KubeObject, fn: Function, planned: FunctionStatus): Partial<FunctionStatus> {
  const { route, addresses, url } = fn.status ?? {};
  if (isRouteChild(child)) return { route, addresses, url };
  const { name, namespace } = fn.metadata;
  const isThere = (value: string) => !new URL(value).hostname.startsWith(`${name}.${namespace}.svc.`);
  if (!isOfKind(child, SERVICE) || planned.addresses === undefined) return {};
  const others = planned.addresses.filter(({ value }) => isThere(value));
  if (others.length === 0) return { addresses, url };
  return { addresses: others, url: planned.url !== undefined && isThere(planned.url) ? planned.url : undefined };
}

/** The route, or what it needs. */
function isRouteChild(child: KubeObject): boolean {
  return isOfKind(child, HTTP_ROUTE) || isOfKind(child, REFERENCE_GRANT);
}

/**
 * The user has paused the Function: said once, with the time at which it was seen. All else stays as it was left, `observedGeneration`
 * too, so a change of the spec meanwhile shows as not yet taken in; only `Reconciling` goes, as nothing does.
 */
export function markPaused(fn: Function, now: Date): FunctionStatus | undefined {
  const { conditions: before } = fn.status ?? {};
  if (isConditionTrue(before, CONDITION.paused)) return fn.status;
  const message =
    `The annotation ${ANNOTATION.paused} is "true": nothing is written for this Function, its Builders and its Servings. ` +
    'What runs goes on; what has changed meanwhile is taken up when the annotation goes.';
  const observedGeneration = fn.metadata.generation ?? 0;
  const paused = {
    type: CONDITION.paused,
    status: 'True',
    reason: REASON.paused,
    message,
    observedGeneration,
  } as const;
  const conditions = setCondition(dropCondition(before, CONDITION.reconciling), paused, now);
  return { ...fn.status, conditions };
}
