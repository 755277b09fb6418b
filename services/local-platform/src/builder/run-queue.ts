import { BuildStopped } from './build-failure.ts';

interface Run<T> {
  item: T;
  state: 'waiting' | 'running' | 'done';
  stop: AbortController;
}

/** Runs each item once, by its id, so many at a time. An id that is done stays known, so that late news of it starts nothing. */
export class RunQueue<T> {
  readonly #runs = new Map<string, Run<T>>();
  readonly #concurrency: number;
  readonly #work: (item: T, signal: AbortSignal) => Promise<void>;
  readonly #active = new Set<Promise<void>>();
  #closed = false;

  /** `work` must not reject. */
  constructor(concurrency: number, work: (item: T, signal: AbortSignal) => Promise<void>) {
    this.#concurrency = concurrency;
    this.#work = work;
  }

  /** Takes an item in, or its newer version while it still waits. */
  offer(id: string, item: T): void {
    const known = this.#runs.get(id);
    if (known === undefined) this.#runs.set(id, { item, state: 'waiting', stop: new AbortController() });
    else if (known.state === 'waiting') known.item = item;
    this.#startNext();
  }

  /** Ends the work on an item, with this reason; one that waits is run at once, and finds its signal aborted. */
  stop(id: string, reason: BuildStopped): void {
    const run = this.#runs.get(id);
    run?.stop.abort(reason);
    if (run?.state === 'waiting' && !this.#closed) this.#start(run);
  }

  /** The item is gone: its work is ended and its id forgotten. */
  forget(id: string): void {
    const run = this.#runs.get(id);
    if (run?.state === 'waiting') run.state = 'done';
    run?.stop.abort(new BuildStopped('Interrupted', 'the BuildRun was deleted'));
    this.#runs.delete(id);
  }

  /** Ends all work and waits for it. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const run of this.#runs.values()) run.stop.abort(new BuildStopped('Interrupted', 'the platform is stopping'));
    await Promise.all(this.#active);
  }

  #startNext(): void {
    for (const run of this.#runs.values()) {
      if (this.#closed || this.#active.size >= this.#concurrency) return;
      if (run.state === 'waiting') this.#start(run);
    }
  }

  #start(run: Run<T>): void {
    run.state = 'running';
    const active = this.#work(run.item, run.stop.signal).finally(() => {
      run.state = 'done';
      this.#active.delete(active);
      this.#startNext();
    });
    this.#active.add(active);
  }
}
