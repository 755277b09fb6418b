import {
  CONDITION,
  type Condition,
  type ConditionType,
  type Function,
  type FunctionStatus,
  REASON,
  setCondition,
} from '@openfunction/api';
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
  const list = fn.status?.conditions;
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
  const taken = (error as { code?: string }).code === 'name.taken';
  const failure: PartCondition = {
    status: 'False',
    reason: taken ? REASON.nameTaken : REASON.childRefused,
    message: error.message,
  };
  const observedGeneration = fn.metadata.generation ?? 0;
  let conditions = setCondition(fn.status?.conditions, { type: CONDITION.ready, observedGeneration, ...failure }, now);
  conditions = setCondition(
    conditions,
    { type: CONDITION.stalled, observedGeneration, ...failure, status: 'True' },
    now,
  );
  return { ...fn.status, observedGeneration, conditions };
}
