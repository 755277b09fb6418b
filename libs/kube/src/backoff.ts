/** Delays for trying again: doubling from `firstMs` to `maxMs`, each with ±20 % jitter so that replicas do not march in step. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #attempts = 0;

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
  }

  /** The next delay in milliseconds. */
  next(): number {
    const delay = Math.min(this.#maxMs, this.#firstMs * 2 ** this.#attempts);
    this.#attempts += 1;
    return delay * (0.8 + Math.random() * 0.4);
  }

  reset(): void {
    this.#attempts = 0;
  }
}

/** Waits, or returns at once when the signal has fired. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
