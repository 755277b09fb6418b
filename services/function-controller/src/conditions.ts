import {
  ANNOTATION,
  CONDITION,
  type Condition,
  type ConditionType,
  dropCondition,
  type Function,
  type FunctionStatus,
  isConditionTrue,
  REASON,
  setCondition,
} from '@openfunction/api';
import { explainRefusal } from '@openfunction/controller/pods';
import type { PartCondition } from './part.ts';

/** The conditions of a Function from those of its parts. Ready repeats the first part that holds things up. */
export function summarise(
  fn: Function,
  parts: { built: PartCondition; served: PartCondition; routed: PartCondition },
  now: Date,
): Condition[] {
  const all = [parts.built, parts.served, parts.routed];
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

/** The API server refused what the plan asked for, or a name is taken. */
export function markFailed(fn: Function, error: Error, now: Date): FunctionStatus {
  const failure: PartCondition = { status: 'False', ...explainRefusal(error, 'the Function') };
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
