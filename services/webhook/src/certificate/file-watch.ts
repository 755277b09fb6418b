import { readFile } from 'node:fs/promises';
import { explain } from '@openfunction/errors';
import { pause } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';

/** A mounted Secret is changed by swapping a folder of links, which no watch of a file sees: so the content is compared. */
const LOOK_MS = 2_000;

/**
 * Reads files again and again, and tells their texts when all could be read and any has changed. What cannot be read is said
 * once, and waited for. `take` may throw to say that the texts make no sense (yet): they are kept from use until they change.
 */
export class FileWatch<Name extends string> {
  readonly #files: Record<Name, string>;
  readonly #logger: Logger;
  readonly #take: (texts: Record<Name, string>) => void;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #last = '';
  #trouble = '';

  constructor(files: Record<Name, string>, logger: Logger, take: (texts: Record<Name, string>) => void) {
    this.#files = files;
    this.#logger = logger;
    this.#take = take;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#look().then(
        () => this.#say(''),
        (error) => this.#say(explain(error)),
      );
      await pause(LOOK_MS, signal);
    }
  }

  async #look(): Promise<void> {
    const names = Object.keys(this.#files) as Name[];
    const texts = await Promise.all(names.map((name) => readFile(this.#files[name], 'utf8')));
    const joined = texts.join('\0');
    if (joined === this.#last) return;
    this.#take(Object.fromEntries(names.map((name, index) => [name, texts[index]])) as Record<Name, string>);
    this.#last = joined;
  }

  #say(trouble: string): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    if (trouble !== '') this.#logger.warn({ files: Object.values(this.#files), error: trouble }, 'files are not used');
  }
}
