import { explain } from '@openfunction/errors';
import { Backoff, pause } from '@openfunction/kube';
import type { Say } from '../say.ts';
import { describeExit, type ManagedProcess, type ProcessSpec, startProcess } from './process.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A process that ran this long and then died is started again after the first pause. */
const STABLE_MS = 30_000;

/** Processes that belong together: started one by one, stopped together in the reverse order. */
export class ProcessGroup {
  readonly #processes: ManagedProcess[] = [];
  readonly #restart: Say | undefined;
  readonly #restarts = new Set<Promise<void>>();
  #life = new AbortController();
  #stopping: Promise<void> | undefined;

  /** With `restart`, a member that ends by itself is started again (after 0.2 s, doubled up to 5 s), and `restart` hears of it. */
  constructor(options: { restart?: Say | undefined } = {}) {
    this.#restart = options.restart;
  }

  /** Starts a process as a member. Throws `process.failed`. */
  async start(spec: ProcessSpec): Promise<ManagedProcess> {
    const started = await startProcess(spec);
    this.#processes.push(started);
    if (this.#restart === undefined) started.exited.then(() => this.#forget(started));
    else this.#keep(spec, started, this.#restart);
    return started;
  }

  /** The members that run now. */
  get running(): readonly ManagedProcess[] {
    return this.#processes;
  }

  /** Stops every member, last started first. Returns when all have ended; a second call waits for the first. */
  stop(graceMs?: number): Promise<void> {
    this.#stopping ??= this.#stopAll(graceMs).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #stopAll(graceMs: number | undefined): Promise<void> {
    this.#life.abort();
    for (let last = this.#processes.at(-1); last !== undefined; last = this.#processes.at(-1)) {
      await last.stop(graceMs);
      this.#forget(last);
    }
    await Promise.all(this.#restarts);
    this.#life = new AbortController();
  }

  #keep(spec: ProcessSpec, first: ManagedProcess, say: Say): void {
    const kept = this.#keepRunning(spec, first, say, this.#life.signal);
    this.#restarts.add(kept);
    kept.finally(() => this.#restarts.delete(kept));
  }

  async #keepRunning(spec: ProcessSpec, first: ManagedProcess, say: Say, life: AbortSignal): Promise<void> {
    const backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    let current: ManagedProcess | undefined = first;
    let startedAt = Date.now();
    let why = '';
    while (!life.aborted) {
      if (current !== undefined) {
        const exit = await current.exited;
        this.#forget(current);
        why = `${spec.name} ended with ${describeExit(exit)} (log: ${spec.logFile})`;
      }
      if (life.aborted) return;
      if (Date.now() - startedAt > STABLE_MS) backoff.reset();
      const wait = backoff.next();
      say(`${why}; starting it again in ${(wait / 1000).toFixed(1)} s`);
      await pause(wait, life);
      if (life.aborted) return;
      startedAt = Date.now();
      try {
        current = await this.#startUnless(life, spec);
      } catch (error) {
        current = undefined;
        why = explain(error);
      }
    }
  }

  /** Starts a process, and stops it when the group was stopped meanwhile. */
  async #startUnless(life: AbortSignal, spec: ProcessSpec): Promise<ManagedProcess> {
    const { ready } = spec;
    const started = await startProcess({
      ...spec,
      ...(ready && { ready: async () => life.aborted || (await ready()) }),
    });
    if (life.aborted) await started.stop();
    else this.#processes.push(started);
    return started;
  }

  #forget(ended: ManagedProcess): void {
    const index = this.#processes.indexOf(ended);
    if (index >= 0) this.#processes.splice(index, 1);
  }
}
