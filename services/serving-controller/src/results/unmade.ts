import { isOfKind, JOB, type KubeObject, STATEFUL_SET, youngUntil } from '@openfunction/api';
import { refusedPod } from './refused-pod.ts';
import { describe, type Look, onItsWay, troubled, type Verdict } from './verdict.ts';

/*
 * Pods of StatefulSets and Jobs that cannot be made. A Deployment tells why in its status (ReplicaFailure); the controllers of these two
 * do so only in Events about them.
 */

/** How long the first pod of a new object may take before Events are asked. */
const PROMPT_MS = 3_000;
/** How soon they are asked again when they have told nothing. */
const SILENT_MS = 5_000;
/** How soon they are asked again when they have: the reason may be another one. A pod that is made wakes us anyway. */
const TOLD_MS = 60_000;

/** What their controllers report of each attempt to make a pod. */
const FAILED = 'FailedCreate';
const ATTEMPTS: readonly unknown[] = [FAILED, 'SuccessfulCreate'];
/** What their controllers put before the API server's words. */
const PREAMBLE = /^(?:Error creating|create Pod \S+ in StatefulSet \S+ failed error): /;

/** Whether an object is one whose Events tell why it lacks a pod, and it is time to ask. */
export function isWorthAsking(object: KubeObject, hasRun: boolean, now: Date): boolean {
  return lacksPod(object, hasRun) && youngUntil(object, PROMPT_MS, now) === undefined;
}

/** Why the newest attempt to make a pod has failed, as the API server said; undefined when it has not. */
export function newestRefusal(events: readonly KubeObject[]): string | undefined {
  const attempts = events.filter((event) => ATTEMPTS.includes(event['reason']));
  const [newest] = attempts.sort((a, b) => timeOf(b) - timeOf(a));
  return newest?.['reason'] === FAILED ? String(newest['note'] ?? '').replace(PREAMBLE, '') : undefined;
}

/** Of an object that lacks a pod: why, where that is known, else these words; when to ask again in any case. */
export function whyUnmade(object: KubeObject, look: Look): Verdict | undefined {
  if (!lacksPod(object, look.hasRun)) return undefined;
  const { refusal, now } = look;
  if (refusal !== undefined) {
    const again = new Date(now.getTime() + TOLD_MS);
    return { ...troubled(object, 'False', refusedPod(object, FAILED, refusal)), again };
  }
  const words = isJob(object) ? 'its pod is not made yet' : 'not all of its pods are made yet';
  const again = youngUntil(object, PROMPT_MS, now) ?? new Date(now.getTime() + SILENT_MS);
  return { ...onItsWay(object, words, describe(object)), again };
}

/** Whether it wants a pod, and none that was made is still on its way. */
function lacksPod(object: KubeObject, hasRun: boolean): boolean {
  if (isJob(object)) return isJobWithoutPod(object);
  if (!isOfKind(object, STATEFUL_SET)) return false;
  const { observedGeneration = 0, replicas = 0, readyReplicas = 0 } = object['status'] ?? {};
  const isSeen = observedGeneration >= (object.metadata.generation ?? 0);
  const isEnough = hasRun && readyReplicas > 0;
  return isSeen && !isEnough && replicas < (object['spec']?.replicas ?? 1) && readyReplicas >= replicas;
}

function isJobWithoutPod({ status = {} }: KubeObject & { status?: JobStatus }): boolean {
  const isOver = (status.conditions ?? []).some((each) => OVER.includes(each.type) && each.status === 'True');
  return !isOver && (status.active ?? 0) === 0;
}

interface JobStatus {
  active?: number;
  conditions?: { type: string; status: string }[];
}

const OVER: readonly string[] = ['Complete', 'Failed'];

function isJob(object: KubeObject): boolean {
  return isOfKind(object, JOB);
}

/** When an Event of events.k8s.io was last seen: those of older reporters bear the times of core/v1. */
function timeOf({ metadata, ...event }: KubeObject): number {
  const last = event['series']?.lastObservedTime ?? event['deprecatedLastTimestamp'];
  return Date.parse(last ?? event['eventTime'] ?? metadata.creationTimestamp ?? '') || 0;
}
