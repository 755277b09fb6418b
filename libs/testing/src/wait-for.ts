import { setTimeout as pause } from 'node:timers/promises';
import { explain } from '@openfunction/errors';

const EVERY_MS = 50;
const QUIET_MS = 1_000;

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

/** Waits until two counts a second apart are the same, e.g. of writes: what was going on has ended. Returns the count. */
export async function untilQuiet(count: () => Promise<number>, timeoutMs = 60_000): Promise<number> {
  let last = -1;
  await waitFor(
    'what is counted comes to rest',
    async () => {
      const now = await count();
      const same = now === last;
      last = now;
      if (!same) await pause(QUIET_MS);
      return same;
    },
    timeoutMs,
  );
  return last;
}
