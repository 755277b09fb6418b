import { REASON, type SourceResult, STATE } from '@openfunction/api';
import type { Evidence } from './evidence.ts';
import { explainFailure } from './failure.ts';
import { type RunStatus, runStatusOf, succeededOf } from './status.ts';

/** How a BuildRun ended. */
export interface BuildResult {
  state: 'Succeeded' | 'Failed' | 'Timeout' | 'Canceled';
  reason: string;
  message: string;
  /** When, as the BuildRun says; undefined when it does not. */
  completedAt?: string;
  output?: { digest?: string; size?: number };
  sources?: SourceResult[];
}

const STATES: Record<string, BuildResult['state']> = {
  BuildRunTimeout: STATE.timeout,
  BuildRunCanceled: STATE.canceled,
};

/** The result of a build whose run is over, or undefined while it goes on (controllers.md §2.4). */
export function readResult(evidence: Evidence): BuildResult | undefined {
  const status = runStatusOf(evidence.run);
  const condition = succeededOf(evidence.run);
  if (status.completionTime === undefined || condition === undefined) return undefined;
  const completedAt = status.completionTime;
  if (condition.status === 'True') return { ...success(status), completedAt };
  if (condition.status !== 'False') return undefined;
  const state = STATES[condition.reason] ?? STATE.failed;
  if (state === STATE.canceled)
    return { state, reason: condition.reason, message: 'The build was cancelled.', completedAt };
  return { state, ...explainFailure(evidence), completedAt };
}

function success(status: RunStatus): BuildResult {
  const { output, source } = status;
  const { git, ociArtifact } = source ?? {};
  const sources: SourceResult[] = [];
  if (git !== undefined) sources.push({ name: 'default', git });
  else if (ociArtifact !== undefined) sources.push({ name: 'default', bundle: ociArtifact });
  return {
    state: STATE.succeeded,
    reason: REASON.succeeded,
    message: 'Succeeded',
    ...(output !== undefined && { output: pick(output) }),
    ...(sources.length > 0 && { sources }),
  };
}

function pick(output: { digest?: string; size?: number }) {
  const { digest, size } = output;
  return { ...(digest !== undefined && { digest }), ...(size !== undefined && { size }) };
}
