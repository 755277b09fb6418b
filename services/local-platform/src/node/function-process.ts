import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { explain } from '@openfunction/errors';
import type { ContainerLog } from './container-log.ts';
import { type ProcessMarks, signalGroup } from './process-marks.ts';

export interface ProcessOptions {
  command: readonly string[];
  env: Record<string, string>;
  directory: string;
  log: ContainerLog;
  marks: ProcessMarks;
}

/** How a process ended. Exit codes as a kubelet reports them: 128 + n for signal n, 128 for one that did not start. */
export interface Exit {
  code: number;
  signal?: NodeJS.Signals | undefined;
  /** Why it could not be started at all. */
  trouble?: string;
}

const OUTPUT_GRACE_MS = 1_000;
const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** A function running as a process on this host, in a process group of its own. */
export class FunctionProcess {
  /** Resolves when the process has ended and its output is taken in. */
  readonly ended: Promise<Exit>;
  readonly startedAt = new Date();
  readonly #pid: number | undefined;

  constructor(options: ProcessOptions) {
    const [program = '', ...args] = options.command;
    const child = spawn(program, args, {
      cwd: options.directory,
      env: options.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#pid = child.pid;
    if (child.pid !== undefined) options.marks.add(child.pid);
    this.ended = this.#observe(child, program, options);
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  /** Asks the process to end; kills it and its children when it has not after `graceMs`. Resolves when it has ended. */
  async stop(graceMs: number): Promise<void> {
    if (this.#pid === undefined) return;
    const pid = this.#pid;
    signalGroup(pid, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  /** Children of the function go with it; one that left the group may not hold the output open for ever. */
  #sweep(child: ChildProcessByStdio<null, Readable, Readable>): void {
    if (this.#pid !== undefined) signalGroup(this.#pid, 'SIGKILL');
    const timer = setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, OUTPUT_GRACE_MS);
    child.once('close', () => clearTimeout(timer));
  }

  #observe(
    child: ChildProcessByStdio<null, Readable, Readable>,
    program: string,
    options: ProcessOptions,
  ): Promise<Exit> {
    const { log, marks } = options;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => log.write(name, chunk));
    }
    return new Promise((resolve) => {
      const finish = (exit: Exit) => {
        log.end();
        if (this.#pid !== undefined) marks.remove(this.#pid);
        resolve(exit);
      };
      child.once('error', (error) => {
        if (this.#pid === undefined)
          finish({ code: 128, trouble: `cannot start ${JSON.stringify(program)}: ${explain(error)}` });
      });
      child.once('exit', () => this.#sweep(child));
      child.once('close', (code, signal) => {
        finish({ code: code ?? 128 + (SIGNAL_NUMBERS[signal ?? 'SIGKILL'] ?? 0), signal: signal ?? undefined });
      });
    });
  }
}
