/** Runs callbacks in order, each `delayMs` after it was pushed; at once when the delay is 0. */
export class DelayLine {
  readonly #delayMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  push(callback: () => void): void {
    if (this.#delayMs === 0) {
      callback();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, this.#delayMs);
    this.#timers.add(timer);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
