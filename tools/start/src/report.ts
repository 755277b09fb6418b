import { sayWhile } from '@openfunction/local';

/** Progress on the terminal: one line each, with the seconds since the start. */
export class Report {
  readonly #startedAt = performance.now();
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Milliseconds since the start. */
  get elapsed(): number {
    return performance.now() - this.#startedAt;
  }

  /** A line with the time, e.g. `   3.2 s  control plane       https://127.0.0.1:21234`. */
  line(subject: string, detail = ''): void {
    this.#write(`${seconds(this.elapsed).padStart(8)}  ${subject.padEnd(18)}  ${detail}`.trimEnd());
  }

  /** A line as it is. */
  plain(line: string): void {
    this.#write(line);
  }

  /** Runs a step and says how long it took; meanwhile that it goes on, every few seconds. `detail` is made of its result. */
  async step<T>(subject: string, work: () => Promise<T>, detail: (result: T) => string = () => ''): Promise<T> {
    const from = this.elapsed;
    const result = await sayWhile(
      () => this.line(subject, 'still at it'),
      () => '',
      work,
    );
    this.line(subject, `${detail(result)} (took ${seconds(this.elapsed - from)})`.trimStart());
    return result;
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
