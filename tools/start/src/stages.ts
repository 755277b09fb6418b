import { CONDITION, type Condition, type Function, findCondition, REASON } from '@openfunction/api';

/** A stage that a Function has reached, and what its condition says. */
export interface Stage {
  name: string;
  message: string;
}

const STEPS = [
  { type: CONDITION.built, doing: 'building', done: 'built' },
  { type: CONDITION.served, doing: 'starting', done: 'running' },
  { type: CONDITION.routed, doing: 'routing', done: 'routed' },
] as const;

/** Stages reached so far, in order: those that are done, and the one that is under way. A part that is not asked for has none. */
export function stagesOf(fn: Function): Stage[] {
  const stages: Stage[] = [];
  for (const { type, doing, done } of STEPS) {
    const condition = current(fn, type);
    if (condition?.reason === REASON.skipped) continue;
    stages.push({ name: doing, message: condition?.status === 'Unknown' ? condition.message : '' });
    if (condition?.status !== 'True') return stages;
    stages.push({ name: done, message: condition.message });
  }
  return stages;
}

/** The last word on a Function: ready, or failed with the sentence that says why; undefined while it is under way. */
export function outcomeOf(fn: Function): { ready: true } | { ready: false; reason: string } | undefined {
  if (current(fn, CONDITION.ready)?.status === 'True') return { ready: true };
  const stalled = current(fn, CONDITION.stalled);
  if (stalled?.status !== 'True') return undefined;
  return { ready: false, reason: `${stalled.reason}: ${stalled.message}` };
}

/** A condition that speaks of the spec as it is now. */
function current(fn: Function, type: string): Condition | undefined {
  const condition = findCondition(fn.status?.conditions, type);
  return (condition?.observedGeneration ?? 0) >= (fn.metadata.generation ?? 0) ? condition : undefined;
}
