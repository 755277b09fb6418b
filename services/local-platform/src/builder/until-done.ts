import { setTimeout as delay } from 'node:timers/promises';
import { explain, isCoded } from '@openfunction/errors';
import type { Logger } from '@openfunction/telemetry';

const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/**
 * Repeats a call to the API server until it is answered. Only an answer that more of the same cannot change is thrown (forbidden,
 * invalid); an object that is gone gives undefined. When `signal` aborts, its reason is thrown.
 */
export async function untilDone<T>(
  call: () => Promise<T>,
  signal: AbortSignal,
  logger: Logger,
): Promise<T | undefined> {
  for (let pause = FIRST_MS; ; pause = Math.min(pause * 2, LONGEST_MS)) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (isCoded(error, 'api.not-found')) return undefined;
      if (isCoded(error, 'api.forbidden') || isCoded(error, 'api.invalid')) throw error;
      logger.warn({ error: explain(error), retryMs: pause }, 'API call failed');
      await delay(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}
