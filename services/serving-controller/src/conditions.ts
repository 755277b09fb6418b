import {
  CONDITION,
  type ConditionInput,
  legalReason,
  PHASE,
  REASON,
  RESOURCE_REF,
  type Serving,
  type ServingStatus,
  STATE,
  setCondition,
} from '@openfunction/api';
import { knativeName } from './engines/knative/make.ts';
import type { EngineResult } from './engines/knative/result.ts';

type Ready = Omit<ConditionInput, 'type' | 'observedGeneration'>;

/** Knative is not there: the function starts when it is. */
export function markNotInstalled(serving: Serving, now: Date): ServingStatus {
  const message =
    'Knative Serving is not installed: services.serving.knative.dev/v1 is not served. The function starts when it is.';
  return stated(serving, {}, { status: 'Unknown', reason: REASON.dependencyMissing, message }, now);
}

/** The spec asks for what this version does not do. */
export function markUnsupported(serving: Serving, message: string, now: Date): ServingStatus {
  const fields = { phase: PHASE.serving, state: STATE.failed, reason: REASON.unsupported, message };
  return stated(serving, fields, { status: 'False', reason: REASON.unsupported, message }, now);
}

/** The workload exists and is on its way. */
export function markStarting(serving: Serving, result: EngineResult, now: Date): ServingStatus {
  const said = result.message ?? '';
  const message = said === '' ? `Knative Service ${knativeName(serving)} is starting.` : said;
  const fields = { state: STATE.starting, reason: REASON.starting, message };
  return stated(
    serving,
    { ...named(serving), ...fields },
    { status: 'Unknown', reason: REASON.starting, message },
    now,
  );
}

/** The workload is ready for requests. */
export function markRunning(serving: Serving, now: Date): ServingStatus {
  const fields = { state: STATE.running, reason: REASON.running, message: 'Running' };
  const ready: Ready = { status: 'True', reason: REASON.running, message: 'The function runs.' };
  return stated(serving, { ...named(serving), ...fields }, ready, now);
}

/** The engine says that it does not work; its reason and words are passed on. */
export function markFailedToStart(serving: Serving, result: EngineResult, now: Date): ServingStatus {
  const reason = legalReason(result.reason, REASON.failed);
  const message = result.message ?? `Knative Service ${knativeName(serving)} is not ready and does not say why.`;
  return stated(
    serving,
    { ...named(serving), state: STATE.failed, reason, message },
    { status: 'False', reason, message },
    now,
  );
}

/** The first start took longer than spec.timeout. It may still recover. */
export function markTimedOut(serving: Serving, now: Date): ServingStatus {
  const last = serving.status?.message;
  const message = `The function was not ready within its timeout of ${serving.spec.timeout}${last === undefined ? '.' : `: ${last}`}`;
  if (serving.status?.state === STATE.timeout) return serving.status;
  const fields = { ...named(serving), state: STATE.timeout, reason: REASON.timeout, message };
  return stated(serving, fields, { status: 'False', reason: REASON.timeout, message }, now);
}

/** The API server refused what the plan asked for. */
export function markFailed(serving: Serving, error: Error, now: Date): ServingStatus {
  const { message } = error;
  const fields = { phase: PHASE.serving, state: STATE.failed, reason: REASON.childRefused, message };
  return stated(serving, fields, { status: 'False', reason: REASON.childRefused, message }, now);
}

/** `url` is the Service's name: v1.2 called it so, and other tools read it. */
function named(serving: Serving): Partial<ServingStatus> {
  const name = knativeName(serving);
  return { phase: PHASE.serving, resourceRef: { [RESOURCE_REF.knativeService]: name }, url: name, service: name };
}

function stated(serving: Serving, fields: Partial<ServingStatus>, ready: Ready, now: Date): ServingStatus {
  const observedGeneration = serving.metadata.generation ?? 0;
  const side = { observedGeneration, reason: ready.reason, message: ready.message };
  let conditions = setCondition(
    serving.status?.conditions,
    { type: CONDITION.ready, observedGeneration, ...ready },
    now,
  );
  const reconciling = ready.status === 'Unknown' ? 'True' : 'False';
  conditions = setCondition(conditions, { ...side, type: CONDITION.reconciling, status: reconciling }, now);
  const stalled = ready.status === 'False' ? 'True' : 'False';
  conditions = setCondition(conditions, { ...side, type: CONDITION.stalled, status: stalled }, now);
  return { ...serving.status, ...fields, observedGeneration, conditions };
}
