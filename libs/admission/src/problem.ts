import type { Complaint, Fault, FieldPath } from '@openfunction/api';
import { show } from './json.ts';

/** What is wrong with one field, wherever it was found (schema or rule). */
export interface Problem {
  path: FieldPath;
  reason: Fault;
  detail: string;
  value?: unknown;
}

/** meta/v1 StatusCause. */
interface Cause {
  reason: string;
  field: string;
  message: string;
}

const TITLES: Record<Fault, string> = {
  Required: 'Required value',
  Invalid: 'Invalid value',
  NotSupported: 'Unsupported value',
  Forbidden: 'Forbidden',
  Duplicate: 'Duplicate value',
};

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/;

/** The problem a rule's complaint stands for. */
export function problemOf(complaint: Complaint, path: FieldPath): Problem {
  const { at, ...rest } = complaint;
  return { ...rest, path: at ?? path };
}

/** A path as the API server prints it: `spec.ports[0].name`; a key of a map that is no plain word stands in brackets. */
export function printPath(path: FieldPath): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === 'number' || !PLAIN_KEY.test(segment)) return `${text}[${segment}]`;
    return text === '' ? segment : `${text}.${segment}`;
  }, '');
}

/** The problem without its path, in the API server's words: `Invalid value: "x": must be an integer`. */
export function printProblem({ reason, detail, value }: Problem): string {
  const hasValue = reason !== 'Required' && reason !== 'Forbidden';
  return [TITLES[reason], ...(hasValue ? [show(value)] : []), ...(detail === '' ? [] : [detail])].join(': ');
}

/** The problem as a cause of a Status: kubectl prints one bullet for each. */
export function causeOf(problem: Problem): Cause {
  return { reason: `FieldValue${problem.reason}`, field: printPath(problem.path), message: printProblem(problem) };
}
