import { explain } from '@openfunction/errors';
import type { Logger } from '@openfunction/telemetry';

/** Calls the resync callback when work may be lost, and every `every` ms (± 10 %); never twice at once. */
export class Resync {
  readonly #logger: Logger;
  readonly #every: number;
  #callback: (() => Promise<void> | void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #again = false;
  #stopped = false;

  constructor(logger: Logger, every = 600_000) {
    this.#logger = logger;
    this.#every = every;
    this.#schedule();
  }

  set callback(callback: () => Promise<void> | void) {
    this.#callback = callback;
  }

  /** Redis lost its memory, or some of it. */
  lost(why: string): void {
    if (this.#stopped) return;
    this.#logger.warn({ reason: why }, 'the queue may have lost work; every known key is queued again');
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(
      () => {
        void this.#run();
        this.#schedule();
      },
      this.#every * (0.9 + Math.random() * 0.2),
    ).unref();
  }

  async #run(): Promise<void> {
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        await this.#callback?.();
      } catch (error) {
        this.#logger.error({ reason: explain(error), error }, 'queueing every known key failed');
      }
    }
    this.#running = false;
  }
}
