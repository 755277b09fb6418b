import { explain } from '@openfunction/errors';
import { Backoff, pause } from '@openfunction/kube';
import { describeExit, type Say, type ServiceProcess, type ServiceSpec, startService } from '@openfunction/local';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A replica that ran this long and then died is started again after the first pause. */
const STABLE_MS = 30_000;
/** Its functions, and requests under way, may take a while to end. */
const STOP_GRACE_MS = 15_000;

/**
 *   starting ──health port answers──► running ──ends──► pausing (0.2 s, doubled up to 5 s) ──► starting
 *
 * One replica of a service, kept running until it is told to stop.
 */
export class Replica {
  readonly name: string;
  readonly #spec: ServiceSpec;
  readonly #say: Say;
  readonly #stopping = new AbortController();
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  #current: ServiceProcess | undefined;
  #keeping: Promise<void> | undefined;
  #trouble = 'is starting';

  constructor(spec: ServiceSpec, say: Say) {
    this.name = spec.name;
    this.#spec = spec;
    this.#say = say;
  }

  start(): void {
    this.#keeping ??= this.#keep();
  }

  /** True when `/readyz` of the process says so, else what it waits for. */
  async readiness(): Promise<true | string> {
    const current = this.#current;
    return current === undefined ? this.#trouble : await current.readiness();
  }

  /** Ends the process; no other one follows. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#current?.process.stop(STOP_GRACE_MS);
    await this.#keeping;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedAt = Date.now();
      const end = await this.#runOnce();
      if (signal.aborted) return;
      if (Date.now() - startedAt > STABLE_MS) this.#backoff.reset();
      const wait = this.#backoff.next();
      this.#trouble = end;
      this.#say(`${end}; starting it again in ${(wait / 1000).toFixed(1)} s`);
      await pause(wait, signal);
    }
  }

  /** Runs it to its end; says how that came about. */
  async #runOnce(): Promise<string> {
    try {
      const current = await startService(this.#spec);
      this.#current = current;
      // It may have been told to stop while the process was coming up.
      if (this.#stopping.signal.aborted) await current.process.stop(STOP_GRACE_MS);
      const exit = await current.process.exited;
      return `${this.name} ended with ${describeExit(exit)} (log: ${current.process.logFile})`;
    } catch (error) {
      return explain(error);
    } finally {
      this.#current = undefined;
    }
  }
}
