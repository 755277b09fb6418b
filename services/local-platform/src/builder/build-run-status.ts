import { formatDuration, type KubeObject } from '@openfunction/api';
import type { BuildFailure, FailureFacts } from './build-failure.ts';
import type { BuildResult } from './build-image.ts';
import type { Refusal } from './make-request.ts';

/*
 *   (none) ──► Unknown/Running ──► True/Succeeded
 *     │              ├──────────► False/Failed                 a step failed: failureDetails
 *     │              ├──────────► False/BuildRunTimeout
 *     │              └──────────► False/BuildRunCanceled
 *     └──► False/BuildNotFound, BuildRegistrationFailed, UndefinedParameter, Failed, BuildRunCanceled   nothing ran
 */

const LINES_SHOWN = 20;
const MESSAGE_LENGTH = 4_000;
const CONDITION_LENGTH = 1_000;

/** Status of a Build: Shipwright's three fields. */
export function makeRegistration(refusal: Refusal | undefined): Record<string, string> {
  if (refusal === undefined) return { registered: 'True', reason: 'Succeeded', message: 'all validations succeeded' };
  return { registered: 'False', reason: refusal.reason, message: refusal.message };
}

/** A merge patch of status for a run that begins now. A run that begins again keeps its first start time. */
export function markRunning(buildRun: KubeObject, now: Date): object {
  const startTime = buildRun.status?.startTime ?? now.toISOString();
  return {
    startTime: toSeconds(startTime),
    conditions: [succeeded('Unknown', 'Running', 'Not all Steps in the Task have finished executing', now)],
  };
}

/** A merge patch of status for a run that made an image. */
export function markSucceeded({ source, digest, size }: BuildResult, now: Date): object {
  const { commitSha, commitAuthor, branchName } = source;
  return {
    completionTime: toSeconds(now.toISOString()),
    conditions: [succeeded('True', 'Succeeded', 'All Steps have completed executing', now)],
    source: { git: { commitSha, commitAuthor, ...(branchName !== undefined && { branchName }) } },
    output: { digest, size },
    failureDetails: null,
  };
}

/** A merge patch of status for a run in which a step failed: which one, why, and its last lines. */
export function markFailed(buildRun: KubeObject, failure: BuildFailure, now: Date): object {
  const { step, reason } = failure.facts;
  return {
    ...markEnded({ reason: 'Failed', message: failure.message }, now),
    failureDetails: {
      reason,
      message: detailsOf(failure.facts),
      location: { pod: `${buildRun.metadata.name}-pod`, container: step },
    },
  };
}

/** A merge patch of status for a run that ended without an image, and not by a step. */
export function markEnded({ reason, message }: Refusal, now: Date): object {
  return {
    completionTime: toSeconds(now.toISOString()),
    conditions: [succeeded('False', reason, clip(message, CONDITION_LENGTH), now)],
  };
}

/** Shipwright's words for a run that took too long. */
export function timeoutMessage(name: string, timeoutMs: number): string {
  return `BuildRun ${name} failed to finish within ${formatDuration(timeoutMs)}`;
}

function detailsOf({ sentence, lines = [] }: FailureFacts): string {
  const text = lines.slice(-LINES_SHOWN).join('\n');
  return text === '' ? sentence : text.slice(-MESSAGE_LENGTH);
}

function succeeded(status: string, reason: string, message: string, now: Date): object {
  return { type: 'Succeeded', status, reason, message, lastTransitionTime: toSeconds(now.toISOString()) };
}

/** meta/v1 Time has no fractions of a second. */
function toSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
