import { type Builder, REASON, type SourceResult, STATE } from '@openfunction/api';
import { againBy } from './again.ts';
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
  if (state === STATE.canceled) return { ...canceled(evidence.builder), completedAt };
  return { state, ...explainFailure(evidence), completedAt };
}

/** The build was stopped on request. */
export function canceled(builder: Builder): BuildResult {
  const message = `The build was cancelled. To build again: ${againBy(builder)}`;
  return { state: STATE.canceled, reason: 'BuildRunCanceled', message };
}

function success(status: RunStatus): BuildResult {
  const { output } = status;
  const sources = readSources(status);
  return {
    state: STATE.succeeded,
    reason: REASON.succeeded,
    message: 'Succeeded',
    ...(output !== undefined && { output: pick(output) }),
    ...(sources.length > 0 && { sources }),
  };
}

/** A list in v1alpha1, as in the status of a Builder; one source without a name in v1beta1. */
function readSources({ source, sources }: RunStatus): SourceResult[] {
  if (sources !== undefined) return sources.map(readSource);
  const { git, ociArtifact: bundle } = source ?? {};
  if (git !== undefined) return [readSource({ name: 'default', git })];
  return bundle === undefined ? [] : [readSource({ name: 'default', bundle })];
}

/** Without what the status of a Builder has no field for, such as the time of a commit. */
function readSource({ name, git, bundle }: SourceResult): SourceResult {
  return {
    name,
    ...(git !== undefined && { git: pickGit(git) }),
    ...(bundle !== undefined && { bundle: pickBundle(bundle) }),
  };
}

function pickGit({ commitSha, commitAuthor, branchName }: NonNullable<SourceResult['git']>) {
  return {
    ...(commitSha !== undefined && { commitSha }),
    ...(commitAuthor !== undefined && { commitAuthor }),
    ...(branchName !== undefined && { branchName }),
  };
}

function pickBundle({ digest }: NonNullable<SourceResult['bundle']>) {
  return { ...(digest !== undefined && { digest }) };
}

function pick(output: { digest?: string; size?: number }) {
  const { digest, size } = output;
  return { ...(digest !== undefined && { digest }), ...(size !== undefined && { size }) };
}
