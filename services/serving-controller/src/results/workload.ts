import type { KubeObject } from '@openfunction/api';
import { plain, readPod } from '@openfunction/controller/pods';
import { afterPatience } from './outage.ts';
import { explain, findTrouble, inTrouble, isHard } from './pod-troubles.ts';
import { isRefusedPod, refusedPod } from './refused-pod.ts';
import { whyUnmade } from './unmade.ts';
import { describe, type Look, onItsWay, RUNS, troubled, type Verdict } from './verdict.ts';

/** Deployments and StatefulSets (apps/v1): the function's own, and the Dapr proxy. */

interface WorkloadStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
}

/** A container without a readiness probe counts as ready as soon as it runs: it has to last this long before it is believed. */
const BELIEVED_MS = 2_000;

/**
 * How a Deployment or StatefulSet stands (`kubectl rollout status` judges alike). At zero replicas what has run is as it should be; what
 * has not is not proven to work, and its scaler is told to give it one.
 */
export function judgeWorkload(workload: KubeObject, look: Look): Verdict {
  const status = (workload['status'] ?? {}) as WorkloadStatus;
  if ((status.observedGeneration ?? 0) < (workload.metadata.generation ?? 0)) {
    return look.hasRun ? RUNS : onItsWay(workload, 'it was just changed');
  }
  const wanted: number = workload['spec']?.replicas ?? 1;
  if (wanted === 0) return look.hasRun ? RUNS : onItsWay(workload, 'it has no replicas, and has never run before');
  const { readyReplicas = 0 } = status;
  const serves = look.hasRun && readyReplicas > 0;
  return (
    (serves ? undefined : whyNoPod(workload, status)) ??
    whyNoProgress(workload, status, look) ??
    (serves || isRolledOut(workload, status, wanted)
      ? believed(workload, look)
      : afterPatience(workload, whyNotYet(workload, status, look), look))
  );
}

/** What of a workload may change the verdict on a function that does not run; its progress alone does not. */
export function standingOf(workload: KubeObject): unknown[] {
  const status = (workload['status'] ?? {}) as WorkloadStatus;
  const wanted: number = workload['spec']?.replicas ?? 1;
  const isSeen = (status.observedGeneration ?? 0) >= (workload.metadata.generation ?? 0);
  const troubles = (status.conditions ?? []).filter(
    (condition) =>
      condition.status === (condition.type === 'ReplicaFailure' ? 'True' : 'False') && condition.type !== 'Available',
  );
  return [
    isSeen && (wanted === 0 || isRolledOut(workload, status, wanted)),
    (status.readyReplicas ?? 0) > 0,
    troubles.map(({ type, reason, message }) => [type, reason, message]),
  ];
}

/** Pods that cannot be made: quota, PodSecurity, a template that Kubernetes refuses. */
function whyNoPod(workload: KubeObject, { conditions }: WorkloadStatus): Verdict | undefined {
  const failure = conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (failure === undefined) return undefined;
  return troubled(workload, 'False', refusedPod(workload, failure.reason ?? 'FailedCreate', failure.message ?? ''));
}

/** The Deployment has given up waiting (spec.progressDeadlineSeconds); its pods say why. */
function whyNoProgress(workload: KubeObject, { conditions }: WorkloadStatus, look: Look): Verdict | undefined {
  const progress = conditions?.find(({ type }) => type === 'Progressing');
  if (progress?.status !== 'False') return undefined;
  const { reason = 'ProgressDeadlineExceeded', message = '' } = progress;
  if (isRefusedPod(message)) return troubled(workload, 'False', refusedPod(workload, reason, message));
  const trouble = findTrouble(look.pods, look.now);
  if (trouble !== undefined) {
    const explained = explain(trouble, look.logs);
    return troubled(workload, 'False', isHard(trouble) ? explained : { ...explained, reason });
  }
  const words = { reason, cause: plain(message) || 'it makes no progress', next: 'Look at its pods' };
  return troubled(workload, 'False', { ...words, more: describe(workload) });
}

/** One that has run and has no ready pod left is down when a pod says why; before its first run, that it is late. */
function whyNotYet(workload: KubeObject, status: WorkloadStatus, look: Look): Verdict {
  const trouble = findTrouble(look.pods, look.now);
  if (trouble !== undefined) {
    return inTrouble(workload, isHard(trouble) ? 'False' : 'Unknown', trouble, look);
  }
  const unmade = whyUnmade(workload, look);
  if (unmade !== undefined) return unmade;
  if ((status.replicas ?? 0) === 0) return onItsWay(workload, 'none of its pods is made yet', describe(workload));
  return onItsWay(workload, 'not all of its pods are ready yet'); // how many are changes all the time, and a change is a write
}

function isRolledOut({ kind }: KubeObject, status: WorkloadStatus, wanted: number): boolean {
  const { updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0, replicas = 0, conditions } = status;
  if (kind !== 'Deployment') return updatedReplicas >= wanted && readyReplicas >= wanted;
  const isAvailable = conditions?.find(({ type }) => type === 'Available')?.status === 'True';
  return (
    isAvailable && updatedReplicas >= wanted && replicas <= updatedReplicas && availableReplicas >= updatedReplicas
  );
}

/** All is ready; on the first start pods without a readiness probe are watched for a moment, as they may end at once. */
function believed(workload: KubeObject, look: Look): Verdict {
  if (look.hasRun) return RUNS;
  const trouble = findTrouble(look.pods, look.now);
  if (trouble !== undefined && isHard(trouble)) return inTrouble(workload, 'False', trouble, look);
  const starts = look.pods
    .flatMap((pod) => readPod(pod).containers)
    .filter(({ running, readiness }) => running !== undefined && readiness === undefined)
    .map(({ running }) => Date.parse(running?.startedAt ?? ''));
  const again = new Date(Math.max(0, ...starts.filter((time) => !Number.isNaN(time))) + BELIEVED_MS);
  return again <= look.now ? RUNS : { ...onItsWay(workload, 'its pods have just begun to run'), again };
}
