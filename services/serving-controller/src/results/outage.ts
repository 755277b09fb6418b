import { CONDITION, findCondition, type KubeObject } from '@openfunction/api';
import { describe, type Look, troubled, type Verdict } from './verdict.ts';

/** What has run and is without a ready pod: a roll-over, a start from zero or a lost node takes its time, after which it is said. */

/** How long what has run may be without a ready pod before that is said. */
const PATIENCE_MS = 45_000;

/** Of a verdict that is on its way: whether that lasts, or when it will have lasted. Before the first run there is nothing to lose. */
export function afterPatience(object: KubeObject, verdict: Verdict, look: Look): Verdict {
  const since = look.hasRun && verdict.ready === 'Unknown' ? unreadySince(object, look.pods) : undefined;
  if (since === undefined) return verdict;
  const until = new Date(since.getTime() + PATIENCE_MS);
  if (until <= look.now) return { ...(verdict.reason === undefined ? silent(object, look) : verdict), lasts: true };
  return { ...verdict, again: verdict.again !== undefined && verdict.again < until ? verdict.again : until };
}

/** Nothing that is known explains it. */
function silent(object: KubeObject, { pods }: Look): Verdict {
  const cause = pods.some(isAtWork) ? 'none of its pods is ready' : 'it has no pod';
  const next = 'Its events, or those of its pods, say why';
  return troubled(object, 'Unknown', { reason: 'NotReady', cause, next, more: describe(object) });
}

/**
 * Since when no pod of an object is ready, as Kubernetes has noted it: in its condition Available, where it has one (of workloads only a
 * Deployment does), and in its pods. Undefined where nothing tells, or one is ready.
 */
function unreadySince(object: KubeObject, pods: readonly KubeObject[]): Date | undefined {
  const living = pods.filter(isAtWork);
  const available = findCondition(object['status']?.conditions, 'Available');
  if (available?.status === 'True' || living.some(isReady)) return undefined;
  const times = [
    ...(available?.lastTransitionTime === undefined ? [] : [available.lastTransitionTime]),
    ...living.map(unreadyTime),
  ];
  const last = Math.max(...times.map((time) => Date.parse(time ?? '')));
  return Number.isFinite(last) ? new Date(last) : undefined;
}

/** Whether a pod neither goes nor has done its work. */
function isAtWork({ metadata, ...pod }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined && pod['status']?.phase !== 'Succeeded';
}

function isReady(pod: KubeObject): boolean {
  return findCondition(pod['status']?.conditions, CONDITION.ready)?.status === 'True';
}

/** A pod without the condition is one that no kubelet has taken up: it has never been ready. */
function unreadyTime(pod: KubeObject): string | undefined {
  const ready = findCondition(pod['status']?.conditions, CONDITION.ready);
  return ready === undefined ? pod.metadata.creationTimestamp : ready.lastTransitionTime;
}
