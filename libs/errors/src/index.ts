/**
 * The one error type of this project: a code from the catalogue, a one-line message, whether a retry can help, and the cause.
 * Nothing in a message may be a secret; inputs are quoted by the code that adds them.
 */
export type RetryClass = 'retry' | 'wait' | 'never';

/** Every code, with what it means and whether trying again helps (`wait`: only once the world has changed). */
export const ERROR_CODES = {
  'api.conflict': {
    retry: 'retry',
    meaning: 'The object changed since it was read; the work is planned again from what is there now.',
  },
  'api.forbidden': {
    retry: 'wait',
    meaning: 'The role of this service lacks a permission, or admission refused the object.',
  },
  'api.gone': {
    retry: 'retry',
    meaning: 'A watch asked for a resource version that the API server no longer keeps; the kind is listed again.',
  },
  'api.invalid': { retry: 'wait', meaning: 'The API server refused the object as invalid.' },
  'api.not-found': { retry: 'wait', meaning: 'The object, or its kind, does not exist.' },
  'api.unauthorized': { retry: 'retry', meaning: 'The token was refused; it is read again from its file.' },
  'api.unavailable': { retry: 'retry', meaning: 'The API server cannot be reached or cannot answer now.' },
  'binary.unavailable': {
    retry: 'never',
    meaning: 'A program that is needed can be neither found, downloaded nor built.',
  },
  'build.failed': {
    retry: 'never',
    meaning: 'A step of a build failed; the step and its last lines are in the BuildRun.',
  },
  'config.invalid': { retry: 'never', meaning: 'A setting has a value that is not allowed.' },
  'name.taken': { retry: 'wait', meaning: 'Another owner holds the name of an object that is wanted.' },
  'process.failed': { retry: 'retry', meaning: 'A child process ended or did not become ready.' },
  'queue.unavailable': { retry: 'retry', meaning: 'Redis cannot be reached; work goes on when it is back.' },
} as const satisfies Record<string, { retry: RetryClass; meaning: string }>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** An error with a code. `message` is one line: `what failed: which part: why`. */
export class CodedError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CodedError';
    this.code = code;
  }

  /** Whether trying again helps. */
  get retry(): RetryClass {
    return ERROR_CODES[this.code].retry;
  }
}

/** Whether `error` is a CodedError, of the given code when one is given. */
export function isCoded(error: unknown, code?: ErrorCode): error is CodedError {
  return error instanceof CodedError && (code === undefined || error.code === code);
}

/** One line that says what is wrong, for any thrown value. */
export function explain(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
