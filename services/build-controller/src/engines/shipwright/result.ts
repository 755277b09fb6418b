import { type KubeObject, legalReason, REASON, type SourceResult, STATE } from '@openfunction/api';

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

interface RunStatus {
  completionTime?: string;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
  output?: { digest?: string; size?: number };
  source?: {
    git?: { commitSha?: string; commitAuthor?: string; branchName?: string };
    ociArtifact?: { digest?: string };
  };
  failureDetails?: { reason?: string; message?: string; location?: { pod?: string; container?: string } };
}

const STATES: Record<string, BuildResult['state']> = {
  BuildRunTimeout: STATE.timeout,
  BuildRunCanceled: STATE.canceled,
};

/** The result of a BuildRun, or undefined while it goes on (controllers.md §2.4). */
export function readResult(run: KubeObject): BuildResult | undefined {
  const status = (run['status'] ?? {}) as RunStatus;
  const condition = status.conditions?.find(({ type }) => type === 'Succeeded');
  if (status.completionTime === undefined || condition === undefined) return undefined;
  const completedAt = status.completionTime;
  if (condition.status === 'True') return { ...success(status), completedAt };
  if (condition.status !== 'False') return undefined;
  return {
    state: STATES[condition.reason ?? ''] ?? STATE.failed,
    reason: legalReason(status.failureDetails?.reason ?? condition.reason, REASON.failed),
    message: failureMessage(run.metadata.name, status, condition.message),
    completedAt,
  };
}

/** What a BuildRun in progress says of itself; empty when it says nothing yet. */
export function progressMessage(run: KubeObject): string {
  const condition = ((run['status'] ?? {}) as RunStatus).conditions?.find(({ type }) => type === 'Succeeded');
  return condition?.message ?? '';
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

/**
 * One sentence that names what failed. Shipwright's own details say it best (its condition often says only that a step exited);
 * details of several lines are log output, and then the condition is the sentence.
 */
function failureMessage(run: string, status: RunStatus, message = ''): string {
  const { location, message: detail = '' } = status.failureDetails ?? {};
  const sentence = oneLine(message) || 'failed';
  if (detail === '' || detail.trim().includes('\n') || sentence.includes(detail)) return `BuildRun ${run}: ${sentence}`;
  const where = location?.container === undefined ? '' : `${location.container}: `;
  return `BuildRun ${run}: ${where}${detail}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
