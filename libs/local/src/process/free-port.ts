import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { CodedError } from '@openfunction/errors';

// Below the ranges from which Linux (32768-60999) and macOS (49152-65535) take ports for "any port" and for outgoing
// connections, so that nobody gets one of ours by chance between our look and our bind.
const FIRST = 20_000;
const COUNT = 12_000;
const ATTEMPTS = 200;

/**
 * A loopback port that nothing listens on, reserved for this process until it ends: a file named after the port holds our
 * process id, so that two runs at once never get the same one. Throws `process.failed` when none is found.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (!reserve(port)) continue;
    if (await canListen(port)) return port;
    release(port);
  }
  throw new CodedError('process.failed', `no free port found on 127.0.0.1 between ${FIRST} and ${FIRST + COUNT}`);
}

/** Whether something could listen on this loopback port now. */
export function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

const reserved = new Set<number>();

function reserve(port: number): boolean {
  prepare();
  const file = reservation(port);
  if (isHeld(file)) return false;
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  reserved.add(port);
  return true;
}

let prepared = false;

/** Gives our ports back at the end, and clears away those of processes that could not. */
function prepare(): void {
  if (prepared) return;
  prepared = true;
  process.once('exit', () => reserved.forEach(release));
  for (const name of readdirSync(folder())) isHeld(join(folder(), name));
}

function release(port: number): void {
  reserved.delete(port);
  rmSync(reservation(port), { force: true });
}

/** Whether a living process holds the reservation; one of a dead process is cleared away. */
function isHeld(file: string): boolean {
  let holder: number;
  try {
    holder = Number(readFileSync(file, 'utf8'));
  } catch {
    return false; // no such file: free
  }
  if (isAlive(holder)) return true;
  rmSync(file, { force: true });
  return false;
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return true; // being written this very moment
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function reservation(port: number): string {
  return join(folder(), String(port));
}

function folder(): string {
  const path = join(tmpdir(), `openfunction-ports-${userInfo().uid}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}
