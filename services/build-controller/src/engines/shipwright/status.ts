import type { KubeObject, SourceResult } from '@openfunction/api';

/** Status of a BuildRun, as far as it is read here, of both versions. */
export interface RunStatus {
  startTime?: string;
  completionTime?: string;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
  /** The TaskRun: `executor` since v0.16, `taskRunName` before, `latestTaskRunRef` in v1alpha1. */
  executor?: { name?: string };
  taskRunName?: string;
  latestTaskRunRef?: string;
  output?: { digest?: string; size?: number };
  source?: {
    git?: { commitSha?: string; commitAuthor?: string; branchName?: string };
    ociArtifact?: { digest?: string };
  };
  /** v1alpha1. */
  sources?: SourceResult[];
  failureDetails?: Failure;
  /** v1alpha1: where it failed, before there were details. */
  failedAt?: Location;
}

interface Location {
  pod?: string;
  container?: string;
}

/** What Shipwright says of the step that failed. */
export interface Failure {
  reason?: string;
  message?: string;
  location?: Location;
}

/** Status of a Build: whether Shipwright accepts it, and why not. It has no observedGeneration. */
export interface BuildStatus {
  registered?: string;
  reason?: string;
  message?: string;
}

/** What Shipwright says of a run, with nothing left out of reach. */
export interface RunCondition {
  status: string;
  reason: string;
  message: string;
}

export function runStatusOf(run: KubeObject): RunStatus {
  return (run['status'] ?? {}) as RunStatus;
}

/** The name of the run's TaskRun, which its pod is named after. */
export function taskRunOf(run: KubeObject): string | undefined {
  const { executor, taskRunName, latestTaskRunRef } = runStatusOf(run);
  return executor?.name ?? taskRunName ?? latestTaskRunRef;
}

export function failureOf(run: KubeObject): Failure {
  const { failureDetails = {}, failedAt } = runStatusOf(run);
  const location = failureDetails.location ?? failedAt;
  return location === undefined ? failureDetails : { ...failureDetails, location };
}

export function buildStatusOf(build: KubeObject | undefined): BuildStatus {
  return (build?.['status'] ?? {}) as BuildStatus;
}

/** The condition `Succeeded` of a run; undefined before there is one. */
export function succeededOf(run: KubeObject): RunCondition | undefined {
  const condition = runStatusOf(run).conditions?.find(({ type }) => type === 'Succeeded');
  if (condition === undefined) return undefined;
  return { status: condition.status, reason: condition.reason ?? '', message: condition.message ?? '' };
}

/** Whether a run is over and did not succeed. */
export function hasFailed(run: KubeObject): boolean {
  return runStatusOf(run).completionTime !== undefined && succeededOf(run)?.status === 'False';
}
