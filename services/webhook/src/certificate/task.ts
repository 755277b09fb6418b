import { explain } from '@openfunction/errors';
import { Backoff, pause } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';

/**
 * One piece of work that is done again each time somebody wakes it, never twice at once. When it fails it is tried again by
 * itself, later each time (0.2 to 10 s).
 */
export class Task {
  readonly #name: string;
  readonly #work: () => Promise<void>;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #backoff = new Backoff(200, 10_000);
  #wanted = false;
  #running: Promise<void> | undefined;

  constructor(name: string, work: () => Promise<void>, logger: Logger) {
    this.#name = name;
    this.#work = work;
    this.#logger = logger;
  }

  wake(): void {
    this.#wanted = true;
    this.#running ??= this.#run();
  }

  /** Ends the work and waits for what is in hand. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#wanted && !signal.aborted) {
      this.#wanted = false;
      try {
        await this.#work();
        this.#backoff.reset();
      } catch (error) {
        this.#wanted = true;
        this.#logger.warn({ task: this.#name, error: explain(error) }, 'failed, tried again soon');
        await pause(this.#backoff.next(), signal);
      }
    }
    // In the same turn as the last look at `#wanted`, so that no wake falls in between.
    this.#running = undefined;
  }
}
