import { setTimeout as pause } from 'node:timers/promises';
import { explain } from '@openfunction/errors';

const EVERY_MS = 50;

type Falsy = undefined | null | false | 0 | '';

/**
 * Asks `probe` every 50 ms until it gives something true, and returns that. A probe that throws (an assertion, say) is asked
 * again; when time is up its last error is the reason given.
 */
export async function waitFor<T>(
  description: string,
  probe: () => Promise<T | Falsy> | T | Falsy,
  timeoutMs = 15_000,
): Promise<Exclude<T, Falsy>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { value, error } = await attempt(probe);
    if (value) return value as Exclude<T, Falsy>;
    if (Date.now() >= deadline) {
      const why = error === undefined ? '' : `: ${explain(error)}`;
      throw new Error(`not within ${timeoutMs} ms: ${description}${why}`, { cause: error });
    }
    await pause(EVERY_MS);
  }
}

async function attempt<T>(probe: () => T | Promise<T>): Promise<{ value?: T; error?: unknown }> {
  try {
    return { value: await probe() };
  } catch (error) {
    return { error };
  }
}
