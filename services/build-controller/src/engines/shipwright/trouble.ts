import type { Rebuilds } from './again.ts';
import type { Facts } from './evidence.ts';

/** One known trouble. Rows are asked in order; the first that matches explains. */
export interface Trouble {
  reason: string | ((facts: Facts) => string);
  isIt: (facts: Facts) => boolean;
  cause: (facts: Facts) => string;
  next: (facts: Facts) => string;
  /** Whether that brings a new build, once this one is over. */
  rebuilds: Rebuilds | ((facts: Facts) => Rebuilds);
  /** Also seen while the run still goes on: Shipwright waits for it to pass. */
  waits?: true;
}

export const NO_HOST =
  /could not resolve host(?:name)?:? ['"]?([\w.-]+)|lookup ([\w.-]+)[^\n]*no such host|getaddrinfo \w+ ([\w.-]+)/i;
export const NO_CONNECTION =
  /failed to connect to ([\w.-]+)|connect to host ([\w.-]+)[^\n]*(?:refused|timed out)|dial tcp ([\w.:-]+)[^\n]*(?:refused|timeout)/i;
/** Shipwright's sentence for a step that failed, which says no more than that (resources/conditions.go). */
const BOILERPLATE = /for detailed information:? ?,?(?:see )?kubectl/i;

/** The step that it is about and how it ended, as the beginning of a sentence. */
export function where({ stepName, step }: Facts): string {
  const code = step?.terminated?.exitCode ?? 0;
  return stepName === '' ? '' : `${stepName}${code === 0 ? '' : ` (exit code ${code})`}: `;
}

/** The sentence that says most: the step's own, unless that of the condition has it whole. */
export function said({ detail, message, stepName }: Facts): string {
  const sentence = BOILERPLATE.test(message) ? '' : message.replace(`${stepName}: `, '');
  return sentence.includes(detail) ? sentence : detail;
}

export function isSource({ stepName, detailReason }: Facts): boolean {
  return /^step-source/.test(stepName) || /^(Git|AuthUnexpected)/.test(detailReason);
}

export function match(pattern: RegExp, text: string): string {
  return (
    text
      .match(pattern)
      ?.slice(1)
      .find((group) => group !== undefined) ?? ''
  );
}
