import { BUILDER_CANCELLED, type Builder, type BuilderStatus, parseDuration, STATE } from '@openfunction/api';
import type { Plan } from '@openfunction/controller';
import { markBuilding, markEnded, markNotInstalled, noteOf } from './conditions.ts';
import { makeBuild, makeBuildRun } from './engines/shipwright/make.ts';
import { type BuildResult, readResult } from './engines/shipwright/result.ts';
import type { BuilderSeen } from './observe.ts';

/*
 *   (new) ──Build, BuildRun applied──► Building ──run ended──► Succeeded | Failed | Timeout | Canceled
 *     └── spec.state Cancelled before the start ─────────────────────────────────────────► Canceled
 *   Time limit over, run deleted, cancelled: the run is cancelled where there is one, and the Builder ends at once.
 */

const ENDED: readonly string[] = [STATE.succeeded, STATE.failed, STATE.timeout, STATE.canceled];

/** How long a new Builder may go without saying `Building`: a build that ends sooner spares the write. */
const QUIET_START_MS = 2_000;

/** What to do for one Builder. */
export function planBuilder(seen: BuilderSeen, now: Date): Plan<BuilderStatus> {
  const { builder, run, installed } = seen;
  if (ENDED.includes(builder.status?.state ?? '')) return nothing();
  const result = run === undefined ? endedWithoutRun(seen) : readResult(run);
  if (result !== undefined) return end(builder, result, now, []);
  const cancel = cancelCause(builder, now);
  if (cancel !== undefined)
    return end(builder, cancel, now, run === undefined ? [] : [makeBuildRun(builder, { cancel: true })]);
  const deadline = deadlineOf(builder);
  const wakeAt = deadline === undefined ? {} : { wakeAt: deadline };
  if (!installed) return { ...nothing(), status: markNotInstalled(builder, now), ...wakeAt };
  const apply = [makeBuild(builder), makeBuildRun(builder, { cancel: false })];
  const quietUntil = new Date(Date.parse(builder.metadata.creationTimestamp ?? '') + QUIET_START_MS);
  if (builder.status?.state === undefined && quietUntil > now)
    return { ...nothing(), apply, wakeAt: earliest(quietUntil, deadline) };
  return { apply, remove: [], status: markBuilding(builder, run, now), events: [], ...wakeAt };
}

/** Ends that need no BuildRun: it was deleted under us. */
function endedWithoutRun({ builder, installed }: BuilderSeen): BuildResult | undefined {
  if (!installed || builder.status?.state !== STATE.building) return undefined;
  const message = 'The BuildRun was deleted while the build was running.';
  return { state: STATE.failed, reason: 'BuildRunDeleted', message };
}

/** Why the build has to stop now, if it has to. */
function cancelCause(builder: Builder, now: Date): BuildResult | undefined {
  if (builder.spec.state === BUILDER_CANCELLED) {
    return { state: STATE.canceled, reason: 'BuildRunCanceled', message: 'The build was cancelled.' };
  }
  const deadline = deadlineOf(builder);
  if (deadline === undefined || deadline > now) return undefined;
  const message = `The build did not end within its timeout of ${builder.spec.timeout}.`;
  return { state: STATE.timeout, reason: STATE.timeout, message, completedAt: deadline.toISOString() };
}

function deadlineOf(builder: Builder): Date | undefined {
  const limit = builder.spec.timeout === undefined ? undefined : parseDuration(builder.spec.timeout);
  const created = builder.metadata.creationTimestamp;
  if (limit === undefined || created === undefined) return undefined;
  return new Date(Date.parse(created) + limit);
}

function end(builder: Builder, result: BuildResult, now: Date, apply: Plan<never>['apply']): Plan<BuilderStatus> {
  return { apply, remove: [], status: markEnded(builder, result, now), events: noteOf(builder, result) };
}

function earliest(a: Date, b: Date | undefined): Date {
  return b !== undefined && b < a ? b : a;
}

function nothing(): Plan<BuilderStatus> {
  return { apply: [], remove: [], status: undefined, events: [] };
}
