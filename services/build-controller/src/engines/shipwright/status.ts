import type { KubeObject } from '@openfunction/api';

/** Status of a BuildRun, as far as it is read here (v1beta1; v1alpha1 has the same fields except the source). */
export interface RunStatus {
  startTime?: string;
  completionTime?: string;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
  /** The TaskRun; `executor` since v0.16. */
  executor?: { name?: string };
  taskRunName?: string;
  output?: { digest?: string; size?: number };
  source?: {
    git?: { commitSha?: string; commitAuthor?: string; branchName?: string };
    ociArtifact?: { digest?: string };
  };
  failureDetails?: { reason?: string; message?: string; location?: { pod?: string; container?: string } };
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
