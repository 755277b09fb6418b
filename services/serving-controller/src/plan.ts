import { type KubeObject, parseDuration, type Serving, type ServingStatus, STATE } from '@openfunction/api';
import type { Plan } from '@openfunction/controller';
import {
  markFailedToStart,
  markNotInstalled,
  markRunning,
  markStarting,
  markTimedOut,
  markUnsupported,
} from './conditions.ts';
import { unsupportedBy } from './dispatch.ts';
import { knativeName, makeKnativeService } from './engines/knative/make.ts';
import { type EngineResult, readResult } from './engines/knative/result.ts';
import type { ServingSeen } from './observe.ts';

/*
 *   (new) ──workload applied──► Starting ──ready──► Running ◄──┐
 *                                  ├──engine says False──► Failed ──recovers──┘
 *                                  └──first start took too long──► Timeout ──recovers──► Running
 */

/** How long a new Serving may go without saying `Starting`: most are ready sooner, and the write is spared. */
const QUIET_START_MS = 2_000;

/** What to do for one Serving. */
export function planServing(seen: ServingSeen, now: Date): Plan<ServingStatus> {
  const { serving, installed, knativeService } = seen;
  const unsupported = unsupportedBy(serving.spec);
  if (unsupported !== undefined) return statusOnly(markUnsupported(serving, unsupported, now));
  if (!installed) return { ...statusOnly(markNotInstalled(serving, now)), ...wakeAt(deadlineOf(serving), now) };
  const result: EngineResult = knativeService === undefined ? { ready: 'Unknown' } : readResult(knativeService);
  return { ...statusOnly(undefined), apply: [workloadOf(serving, knativeService)], ...progress(serving, result, now) };
}

/**
 * A workload that the Go operator made, told by its name, keeps its template: that operator wrote the same function in other words
 * (order of variables, contexts), which Knative would take for a change of a revision that has its name already. It was found to be
 * what is wanted when it was taken over; whatever is changed afterwards makes a new Serving.
 */
function workloadOf(serving: Serving, existing: KubeObject | undefined): KubeObject {
  const wanted = makeKnativeService(serving);
  const { status: _recorded, ...unnamed } = serving;
  if (existing === undefined || wanted.metadata.name === knativeName(unnamed)) return wanted;
  return { ...wanted, spec: { ...wanted['spec'], template: existing['spec'].template } };
}

function progress(serving: Serving, result: EngineResult, now: Date): Partial<Plan<ServingStatus>> {
  if (result.ready === 'True') return { status: markRunning(serving, now) };
  if (result.ready === 'False') return { status: markFailedToStart(serving, result, now) };
  const started = serving.status?.state === STATE.running;
  if (started) return {}; // a workload that is being rolled over goes on serving meanwhile
  const deadline = deadlineOf(serving);
  if (deadline !== undefined && deadline <= now) return { status: markTimedOut(serving, now) };
  const quietUntil = new Date(createdAt(serving) + QUIET_START_MS);
  if (serving.status?.state === undefined && quietUntil > now) return wakeAt(quietUntil, now);
  return { status: markStarting(serving, result, now), ...wakeAt(deadline, now) };
}

function deadlineOf(serving: Serving): Date | undefined {
  const limit = serving.spec.timeout === undefined ? undefined : parseDuration(serving.spec.timeout);
  return limit === undefined ? undefined : new Date(createdAt(serving) + limit);
}

function createdAt(serving: Serving): number {
  return Date.parse(serving.metadata.creationTimestamp ?? '');
}

function wakeAt(when: Date | undefined, now: Date): { wakeAt?: Date } {
  return when === undefined || when <= now ? {} : { wakeAt: when };
}

function statusOnly(status: ServingStatus | undefined): Plan<ServingStatus> {
  return { apply: [], remove: [], status, events: [] };
}
