import { type ManagedProcess, type ProcessSpec, startProcess } from './process.ts';

/** Processes that belong together: started one by one, stopped together in the reverse order. */
export class ProcessGroup {
  readonly #processes: ManagedProcess[] = [];
  #stopping: Promise<void> | undefined;

  /** Starts a process as a member. Throws `process.failed`. */
  async start(spec: ProcessSpec): Promise<ManagedProcess> {
    const started = await startProcess(spec);
    this.#processes.push(started);
    started.exited.then(() => this.#forget(started));
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
    for (let last = this.#processes.at(-1); last !== undefined; last = this.#processes.at(-1)) {
      await last.stop(graceMs);
      this.#forget(last);
    }
  }

  #forget(ended: ManagedProcess): void {
    const index = this.#processes.indexOf(ended);
    if (index >= 0) this.#processes.splice(index, 1);
  }
}
