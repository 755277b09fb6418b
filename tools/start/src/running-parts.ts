import { CodedError, explain } from '@openfunction/errors';

/** What has been started and has to be stopped, last first. */
export class RunningParts {
  readonly #stops: { name: string; stop: () => Promise<void> }[] = [];
  readonly #say: (line: string) => void;
  #stopping: Promise<void> | undefined;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Ends a wait for something that will not come any more. Throws `process.failed`. */
  refuseWhenStopping(): void {
    if (this.stopping) throw new CodedError('process.failed', 'everything is being stopped');
  }

  /** Notes a part. One that comes while everything is being stopped is stopped at once. */
  async add(name: string, stop: () => Promise<void>): Promise<void> {
    if (this.stopping) await this.#stopOne({ name, stop });
    else this.#stops.push({ name, stop });
  }

  /** Stops everything once; a second call waits for the first. What cannot be stopped is said, and the rest goes on. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    for (let last = this.#stops.pop(); last !== undefined; last = this.#stops.pop()) await this.#stopOne(last);
  }

  async #stopOne({ name, stop }: { name: string; stop: () => Promise<void> }): Promise<void> {
    await stop().catch((error: unknown) => this.#say(`${name} could not be stopped: ${explain(error)}`));
  }
}
