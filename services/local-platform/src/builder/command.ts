import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A program to run to its end. */
export interface Command {
  program: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** How it ended, and what it printed on both outputs: all of stdout (up to 1 MB), the last lines of both together. */
export interface Outcome {
  exitCode: number;
  stdout: string;
  lines: string[];
}

const LINES_KEPT = 40;
const LINE_LENGTH = 500;
const STDOUT_KEPT = 1_000_000;
const GRACE_MS = 2_000;

/**
 * Runs a program in a process group of its own, with no standard input. Whatever the program leaves running in its group is
 * ended with it. When `signal` aborts, the group is ended (SIGTERM, after 2 s SIGKILL) and the signal's reason is thrown.
 * Throws ENOENT when there is no such program.
 */
export async function runCommand({ program, args, cwd, env, signal }: Command): Promise<Outcome> {
  signal?.throwIfAborted();
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const output = collect(child);
  const endGroup = () => stopGroup(child);
  signal?.addEventListener('abort', endGroup, { once: true });
  try {
    const exitCode = await ended(child);
    signal?.throwIfAborted();
    return { exitCode, ...output() };
  } finally {
    signal?.removeEventListener('abort', endGroup);
  }
}

function collect(child: ChildProcess): () => { stdout: string; lines: string[] } {
  const lines: string[] = [];
  let stdout = '';
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line.slice(0, LINE_LENGTH));
      if (lines.length > LINES_KEPT) lines.shift();
    });
  }
  child.stdout?.on('data', (chunk: Buffer) => {
    if (stdout.length < STDOUT_KEPT) stdout += chunk.toString();
  });
  return () => ({ stdout, lines });
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => signalGroup(child, 'SIGKILL'));
    child.once('close', (code) => resolve(code ?? 128));
  });
}

function stopGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS);
  child.once('close', () => clearTimeout(timer));
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // ESRCH: the group is empty already. EPERM: macOS says so of a group in which only zombies are left.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
