import { CodedError } from '@openfunction/errors';

/** The steps of a build, in order; named like the containers of a build pod. */
export type BuildStep = 'step-source' | 'step-prepare' | 'step-build' | 'step-export';

/** Why a build did not succeed, as the user is to read it. */
export interface FailureFacts {
  step: BuildStep;
  /** CamelCase, for `failureDetails.reason`. */
  reason: string;
  /** One sentence. */
  sentence: string;
  /** The last lines that the step's program printed. */
  lines?: string[];
  exitCode?: number;
}

/** A step failed for a reason that lies with the source, the request or the machine. */
export class BuildFailure extends CodedError {
  readonly facts: FailureFacts;

  constructor(facts: FailureFacts, cause?: unknown) {
    super('build.failed', `${facts.step}: ${facts.sentence}`, cause);
    this.name = 'BuildFailure';
    this.facts = facts;
  }
}

/** The build was ended from outside: the reason is Shipwright's name for it. */
export class BuildStopped extends CodedError {
  readonly reason: 'BuildRunTimeout' | 'BuildRunCanceled' | 'Interrupted';

  constructor(reason: BuildStopped['reason'], message: string) {
    super('build.failed', message);
    this.name = 'BuildStopped';
    this.reason = reason;
  }
}

const DISK_FULL = /ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i;

/** Whether an error or what a program printed says that the disk is full. */
export function saysDiskFull(error: unknown, lines: readonly string[] = []): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT' || lines.some((line) => DISK_FULL.test(line));
}

/** The failure that a full disk is, in any step. */
export function diskFull(step: BuildStep, directory: string, cause?: unknown): BuildFailure {
  // Folders of one build are gone by the time the user reads this: the place is what they were in.
  const place = directory.replace(/\/(work|drafts)\/.*$/, '');
  const sentence = `the disk is full: free some space where ${place} is, then build again`;
  return new BuildFailure({ step, reason: 'DiskFull', sentence }, cause);
}
