import { explain, isCoded } from '@openfunction/errors';
import type { Logger } from '@openfunction/telemetry';

export interface WorkLoopOptions {
  name: string;
  /** Brings one key in line with what is wanted. An error means: again, later. */
  run: (key: string) => Promise<void>;
  logger: Logger;
  concurrency?: number;
}

interface Entry {
  running: boolean;
  again: boolean;
  failures: number;
  timer?: NodeJS.Timeout | undefined;
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;

/** A level-triggered loop over keys, in memory: a key runs once at a time, and again if it was added meanwhile. */
export class WorkLoop {
  readonly #options: WorkLoopOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Set<string>();
  #active = 0;
  #started = false;
  #stopped = false;

  constructor(options: WorkLoopOptions) {
    this.#options = options;
  }

  /** Begins to work. Keys added before have waited. */
  start(): void {
    this.#started = true;
    this.#pump();
  }

  /** Looks at the key as soon as possible. */
  add(key: string): void {
    if (this.#stopped) return;
    const entry = this.#entry(key);
    clearTimeout(entry.timer);
    entry.timer = undefined;
    if (entry.running) entry.again = true;
    else this.#waiting.add(key);
    this.#pump();
  }

  /** Looks at the key after `ms` milliseconds, unless it is added before. */
  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    const entry = this.#entry(key);
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => this.add(key), ms).unref();
  }

  /** Takes no more work. Runs under way come to their end by themselves. */
  stop(): void {
    this.#stopped = true;
    for (const entry of this.#entries.values()) clearTimeout(entry.timer);
    this.#waiting.clear();
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { running: false, again: false, failures: 0 };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #pump(): void {
    if (!this.#started) return;
    for (const key of this.#waiting) {
      if (this.#active >= (this.#options.concurrency ?? 16)) return;
      this.#waiting.delete(key);
      void this.#run(key, this.#entry(key));
    }
  }

  async #run(key: string, entry: Entry): Promise<void> {
    this.#active += 1;
    entry.running = true;
    try {
      await this.#options.run(key);
      entry.failures = 0;
    } catch (error) {
      this.#failed(key, entry, error);
    }
    entry.running = false;
    this.#active -= 1;
    if (entry.again) {
      entry.again = false;
      this.add(key);
    } else if (entry.timer === undefined && !this.#waiting.has(key)) {
      this.#entries.delete(key);
    }
    this.#pump();
  }

  /** A conflict is retried quietly; everything else is said. */
  #failed(key: string, entry: Entry, error: unknown): void {
    entry.failures += 1;
    if (!isCoded(error, 'api.conflict')) {
      this.#options.logger.warn(
        { loop: this.#options.name, object: key, error: explain(error) },
        'work failed, tried again later',
      );
    }
    this.addAfter(key, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (entry.failures - 1)));
  }
}
