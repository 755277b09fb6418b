/** Receives progress, one plain line at a time, meant for a person at a terminal. Never holds a secret. */
export type Say = (line: string) => void;

/** Says nothing. */
export function silent(_line: string): void {}

/**
 * Runs `work` and says `line(seconds)` every 4 s until it ends, so that a long step never looks dead
 * (the promise to users is one line at least every 5 s).
 */
export async function sayWhile<T>(say: Say, line: (seconds: number) => string, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const timer = setInterval(() => say(line(Math.round((Date.now() - started) / 1000))), 4000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
