import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { CodedError, explain } from '@openfunction/errors';
import { poll } from '../poll.ts';
import { guard, prepareGuard, unguard } from './guard.ts';

/** What to run. */
export interface ProcessSpec {
  /** Name in messages, e.g. `kube-apiserver`. */
  name: string;
  command: string;
  args?: readonly string[];
  /** The whole environment of the child. Default: ours. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Standard output and error are appended here. */
  logFile: string;
  /** Whether it serves already; asked every 50 ms until it answers true. Default: ready once started. */
  ready?: () => Promise<boolean>;
  /** How long `ready` may take, default 60,000 ms. */
  readyTimeoutMs?: number;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child that leads a process group of its own, so that Ctrl-C reaches it only through us. */
export class ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when it has ended, however that came about. */
  readonly exited: Promise<Exit>;
  #exit: Exit | undefined;

  constructor(spec: ProcessSpec, child: ChildProcess & { pid: number }) {
    this.name = spec.name;
    this.pid = child.pid;
    this.logFile = spec.logFile;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        signalGroup(this.pid, 'SIGKILL'); // what it left behind in its group
        unguard(this.pid);
        resolve(this.#exit);
      });
    });
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /** SIGTERM to the whole group; SIGKILL when it is still there after `graceMs`. Returns when it has ended. */
  async stop(graceMs = 10_000): Promise<Exit> {
    if (this.#exit !== undefined) return this.#exit;
    signalGroup(this.pid, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(this.pid, 'SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The end of its log, for a message. */
  async lastLines(count = 3): Promise<string[]> {
    const text = await readFile(this.logFile, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-count);
  }
}

/**
 * Starts a process and waits until it is ready. It ends with us, even when we are killed (guard.ts).
 * Throws `process.failed` when it cannot be started, ends before it is ready, or does not become ready in time.
 */
export async function startProcess(spec: ProcessSpec): Promise<ManagedProcess> {
  const started = await launch(spec);
  if (spec.ready === undefined) return started;
  const outcome = await poll(() => readiness(started, spec.ready), spec.readyTimeoutMs ?? 60_000);
  if (outcome === 'ready') return started;
  const exit = outcome === undefined ? undefined : await started.exited;
  const tail = (await started.lastLines()).join(' | ');
  await started.stop(1000);
  const why = exit === undefined ? 'is not ready in time' : `ended with ${describeExit(exit)}`;
  throw new CodedError('process.failed', `${spec.name} ${why}: ${tail || 'it wrote nothing'} (log: ${spec.logFile})`);
}

/** `code 1`, or `signal SIGKILL`. */
export function describeExit(exit: Exit): string {
  return exit.signal === null ? `code ${exit.code}` : `signal ${exit.signal}`;
}

function launch(spec: ProcessSpec): Promise<ManagedProcess> {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const log = openSync(spec.logFile, 'a', 0o600);
  prepareGuard();
  const child = spawn(spec.command, spec.args ?? [], {
    detached: true,
    stdio: ['ignore', log, log],
    env: spec.env ?? process.env,
    ...(spec.cwd !== undefined && { cwd: spec.cwd }),
  });
  closeSync(log);
  if (hasPid(child)) {
    guard(child.pid);
    return Promise.resolve(new ManagedProcess(spec, child));
  }
  return new Promise((_, reject) => {
    child.once('error', (error) => {
      reject(
        new CodedError(
          'process.failed',
          `${spec.name} (${basename(spec.command)}) cannot be started: ${explain(error)}`,
          error,
        ),
      );
    });
  });
}

async function readiness(started: ManagedProcess, ready: ProcessSpec['ready']): Promise<'ready' | 'ended' | undefined> {
  if (!started.running) return 'ended';
  return (await ready?.()) ? 'ready' : undefined;
}

function hasPid(child: ChildProcess): child is ChildProcess & { pid: number } {
  return child.pid !== undefined;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: nothing is left. EPERM: on macOS, only a zombie is left.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
