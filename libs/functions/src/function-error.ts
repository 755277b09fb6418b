/**
 * The errors of this package, which functions may tell apart: `config.invalid` for what only another manifest or other code mends,
 * `dapr.failed` when Dapr cannot be reached or refuses what it is asked. The package stands alone, without the operator's catalogue.
 */
export class FunctionError extends Error {
  readonly code: 'config.invalid' | 'dapr.failed';

  constructor(code: FunctionError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'FunctionError';
    this.code = code;
  }
}

/** One line that says what is wrong, for any thrown value. */
export function explain(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
