import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What tells a process from a later one with the same id. */
interface Mark {
  pid: number;
  /** When the process began, in words of the system. */
  born: string;
}

const KILL_AFTER_MS = 3_000;

/** Files that name the running function processes, so that a platform that was killed can end them when it starts again. */
export class ProcessMarks {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** Notes a process that was just started. */
  add(pid: number): void {
    const mark: Mark = { pid, born: bornAt(pid) ?? '' };
    writeFileSync(this.#file(pid), JSON.stringify(mark));
  }

  remove(pid: number): void {
    rmSync(this.#file(pid), { force: true });
  }

  /** Ends the processes of an earlier run, with their children. Returns how many there were. */
  async endLeftovers(): Promise<number> {
    const marks = readdirSync(this.#directory)
      .map((name) => readMark(join(this.#directory, name)))
      .filter((mark) => mark !== undefined);
    const alive = marks.filter(isAlive);
    for (const { pid } of alive) signalGroup(pid, 'SIGTERM');
    const deadline = Date.now() + KILL_AFTER_MS;
    while (alive.some(isAlive) && Date.now() < deadline) await delay(50);
    for (const mark of alive) if (isAlive(mark)) signalGroup(mark.pid, 'SIGKILL');
    for (const { pid } of marks) this.remove(pid);
    return alive.length;
  }

  #file(pid: number): string {
    return join(this.#directory, `${pid}.json`);
  }
}

/** Sends a signal to a process and its children, which share a process group. A group that is gone is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function isAlive(mark: Mark): boolean {
  return mark.born !== '' && bornAt(mark.pid) === mark.born;
}

function readMark(file: string): Mark | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Mark;
  } catch {
    rmSync(file, { force: true }); // half written when the platform was killed: the process had no time to be of use
    return undefined;
  }
}

/** When a process began; undefined when there is none, or it has ended and only waits to be reaped. */
function bornAt(pid: number): string | undefined {
  return process.platform === 'linux' ? bornAtLinux(pid) : bornAtPs(pid);
}

/** proc(5): the 22nd field, in ticks since boot; the fields after the program's name, which may hold anything, begin with the 3rd. */
function bornAtLinux(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    if (fields[0] === 'Z') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

function bornAtPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
