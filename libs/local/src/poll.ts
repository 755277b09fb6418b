import { setTimeout as pause } from 'node:timers/promises';

/** Asks `probe` until it gives a value or `timeoutMs` is over; then undefined. A probe that throws ends the waiting. */
export async function poll<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  timeoutMs: number,
  everyMs = 50,
): Promise<T | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() >= deadline) return undefined;
    await pause(everyMs);
  }
}
