import {
  CONDITION,
  conditionTime,
  findCondition,
  hasRun,
  type Kind,
  legalReason,
  PHASE,
  REASON,
  type ReadyInput,
  type Serving,
  type ServingStatus,
  STATE,
  setReady,
} from '@openfunction/api';
import { explainRefusal } from '@openfunction/controller/pods';
import type { ServingRefs } from './engines/engine.ts';
import { sayMissing } from './missing-kinds.ts';
import type { Verdict } from './results/verdict.ts';

const WORDS_LAST_MS = 10_000;

type Ready = Omit<ReadyInput, 'observedGeneration'>;

/** Kinds are not there: the function starts when they are. What runs goes on running. */
export function markMissing(serving: Serving, kinds: readonly Kind[], now: Date): ServingStatus {
  const ready: Ready = { status: 'Unknown', reason: REASON.dependencyMissing, message: sayMissing(kinds) };
  return stated(serving, {}, ready, now);
}

/** The Dapr components that the spec speaks of do not exist, or contradict each other: nothing is made. What runs goes on. */
export function markUnresolved(serving: Serving, problems: readonly string[], now: Date): ServingStatus {
  const [reason, message] = [REASON.referenceNotFound, problems.join(' ')];
  const fields = hasRun(serving) ? {} : { phase: PHASE.serving, state: STATE.failed, reason, message };
  return stated(serving, fields, { status: 'False', reason, message }, now);
}

/** The workload exists and is on its way. */
export function markStarting(serving: Serving, refs: ServingRefs, verdict: Verdict, now: Date): ServingStatus {
  const { message = 'The function is starting.', reason } = steady(serving, verdict, REASON.starting);
  const isProgress = verdict.reason === undefined && wordsLastUntil(serving, now) > now;
  const said = (isProgress ? saidToStart(serving)?.message : undefined) ?? message;
  const fields = { state: STATE.starting, reason: REASON.starting, message: said };
  return stated(serving, { ...named(refs), ...fields }, { status: 'Unknown', reason, message: said }, now);
}

/**
 * Until when the words about the start go on, once they are said: each step on the way would be a write, and one of the Function's after
 * it. What has a reason is said at once.
 */
export function wordsLastUntil(serving: Serving, now: Date): Date {
  return new Date(Date.parse(saidToStart(serving)?.lastTransitionTime ?? now.toISOString()) + WORDS_LAST_MS);
}

/** What was said last, when that was no more than that it starts. */
function saidToStart({ status }: Serving) {
  const said = readyOf(status);
  return said?.status === 'Unknown' && said.reason === REASON.starting ? said : undefined;
}

/** The workload is ready for requests and events; `absent` says which components it does without, and is then not quite ready. */
export function markRunning(serving: Serving, refs: ServingRefs, absent: readonly string[], now: Date): ServingStatus {
  const without = absent.length === 0 ? undefined : `The function runs, but: ${absent.join(' ')}`;
  const fields = { state: STATE.running, reason: REASON.running, message: without ?? 'Running' };
  const readyTime = serving.status?.readyTime ?? conditionTime(now);
  const ready: Ready =
    without === undefined
      ? { status: 'True', reason: REASON.running, message: 'The function runs.' }
      : { status: 'Unknown', reason: REASON.referenceNotFound, message: without };
  return stated(serving, { ...named(refs), ...fields, readyTime }, ready, now);
}

/** What has run is being mended, or waits for something that it cannot get: that is said, and the state stays. */
export function markHeldUp(serving: Serving, verdict: Verdict, now: Date): ServingStatus {
  const { message = 'The function is being brought up to date.', reason } = steady(serving, verdict, REASON.starting);
  return stated(serving, {}, { status: 'Unknown', reason, message }, now);
}

/** A part says that it does not work; its reason and words are passed on. It may recover. */
export function markFailedToStart(serving: Serving, refs: ServingRefs, verdict: Verdict, now: Date): ServingStatus {
  const { message = 'The function does not run, and nothing says why.', reason } = steady(
    serving,
    verdict,
    REASON.failed,
  );
  const fields = { ...named(refs), state: STATE.failed, reason, message };
  return stated(serving, fields, { status: 'False', reason, message }, now);
}

/** The first start took longer than spec.timeout: it is given up until its spec changes, and what was made of it is removed. */
export function markTimedOut(serving: Serving, refs: ServingRefs, verdict: Verdict, now: Date): ServingStatus {
  const { message: last } = steady(serving, verdict, REASON.starting);
  const { timeout } = serving.spec;
  // The command that shows more would ask for what is removed.
  const cause = last === undefined ? '' : ` Last seen: ${last.replace(/ More: kubectl .*$/, '')}`;
  const message = `The function did not run within spec.serving.timeout (${timeout}) and was stopped. Change the Function, for instance this timeout, or delete Serving ${serving.metadata.name} to try again.${cause}`;
  const fields = { ...named(refs), state: STATE.timeout, reason: REASON.timeout, message };
  return stated(serving, fields, { status: 'False', reason: REASON.timeout, message }, now);
}

/** The API server refused what the plan asked for, or the name is somebody else's. */
export function markFailed(serving: Serving, error: Error, now: Date): ServingStatus {
  const said = explainRefusal(error, 'spec.serving');
  return stated(serving, { phase: PHASE.serving, state: STATE.failed, ...said }, { status: 'False', ...said }, now);
}

/** Whether we have given this version up. A `Timeout` of the Go operator says only that it stopped looking. */
export function isGivenUp({ status }: Serving): boolean {
  return status?.state === STATE.timeout && readyOf(status)?.reason === REASON.timeout;
}

/** Whether it was changed after it had been given up: what stopped it may be mended. */
export function isChangedSince({ metadata, status }: Serving): boolean {
  return (metadata.generation ?? 0) > (status?.observedGeneration ?? 0);
}

/** It was given up and is tried again. */
export function markRetried(serving: Serving, now: Date): ServingStatus {
  const message = 'The function is started again: its settings have changed since it was given up.';
  const fields = { state: STATE.starting, reason: REASON.starting, message };
  return stated(serving, fields, { status: 'Unknown', reason: REASON.starting, message }, now);
}

/** Whether the status speaks of a hindrance outside the workload, which has to be taken back when it is gone. */
export function isHindered({ status }: Serving): boolean {
  return HINDRANCES.includes(readyOf(status)?.reason ?? '');
}

const HINDRANCES: readonly string[] = [REASON.dependencyMissing, REASON.referenceNotFound];

/**
 * The verdict in the words that stand already, where it begins alike: log lines and registries' words differ from one attempt to the
 * next, and a status that changes is a write. Details that were missing are added.
 */
function steady({ status }: Serving, verdict: Verdict, otherwise: typeof REASON.starting | typeof REASON.failed) {
  const reason = legalReason(verdict.reason, otherwise);
  const said = readyOf(status);
  const { message, stem } = verdict;
  const isSame = stem !== undefined && said?.reason === reason && said.message.startsWith(stem);
  if (!isSame || message === undefined) return { reason, message };
  const isNews = message.length > said.message.length && !said.message.includes(' Last lines: [');
  return { reason, message: isNews ? message : said.message };
}

function readyOf(status: ServingStatus | undefined) {
  return findCondition(status?.conditions, CONDITION.ready);
}

/** `url` is the Service's name: v1.2 called it so, and other tools read it. */
function named({ resourceRef, service }: ServingRefs): Partial<ServingStatus> {
  return { phase: PHASE.serving, resourceRef, ...(service !== undefined && { url: service, service }) };
}

function stated(serving: Serving, fields: Partial<ServingStatus>, ready: Ready, now: Date): ServingStatus {
  const observedGeneration = serving.metadata.generation ?? 0;
  const conditions = setReady(serving.status?.conditions, { observedGeneration, ...ready }, now);
  // What the Go operator had running is noted at the first word of ours: a state that follows would not tell it any more.
  const ran = hasRun(serving) ? { readyTime: serving.status?.readyTime ?? conditionTime(now) } : {};
  return { ...serving.status, ...ran, ...fields, observedGeneration, conditions };
}
