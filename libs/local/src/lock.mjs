// @ts-check
// Plain JavaScript without dependencies: the bootstrap uses it before anything is installed. Types: lock.d.mts.
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const HEARTBEAT_MS = 2000;
const STALE_ELSEWHERE_MS = 30_000;
const STALE_HERE_MS = 10 * 60_000;
const RETRY_MS = 200;
const SAY_MS = 4000;

export async function withLock(file, doing, say, work) {
  let saidAt = 0;
  let taken = await tryLock(file, doing);
  while (taken.holder !== undefined) {
    if (Date.now() - saidAt >= SAY_MS) {
      say(`waiting for process ${taken.holder.pid}, which is ${taken.holder.doing}`);
      saidAt = Date.now();
    }
    await pause(RETRY_MS);
    taken = await tryLock(file, doing);
  }
  try {
    return await work();
  } finally {
    await taken.release();
  }
}

export async function tryLock(file, doing) {
  await mkdir(dirname(file), { recursive: true });
  for (;;) {
    if (await create(file, doing)) return { release: hold(file) };
    const holder = await read(file);
    if (holder === undefined) continue;
    if (!(await isStale(file, holder))) return { holder: { pid: holder.pid, doing: holder.doing } };
    await takeAway(file, holder);
  }
}

function hold(file) {
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    await rm(file, { force: true });
  };
}

async function create(file, doing) {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(JSON.stringify({ pid: process.pid, host: hostname(), doing }));
    await handle.close();
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

async function read(file) {
  try {
    const text = await readFile(file, 'utf8');
    // Between creation and the first write the file is empty: someone is just taking it.
    return text === '' ? { text, pid: 0, host: '', doing: 'starting' } : { text, ...JSON.parse(text) };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Whether the holder is gone. On this host its process tells; after long silence the number may be another program's. Of another
 * host or container (a shared home folder) only the heartbeat is seen.
 */
async function isStale(file, holder) {
  const here = holder.host === hostname();
  if (here && holder.pid > 0 && !isAlive(holder.pid)) return true;
  const seen = await stat(file).catch(() => undefined);
  const patience = here ? STALE_HERE_MS : STALE_ELSEWHERE_MS;
  return seen !== undefined && Date.now() - seen.mtimeMs > patience;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

/** Moves a stale lock away. Two may try at once: what was moved is looked at, and a living one is put back. */
async function takeAway(file, stale) {
  const aside = `${file}.stale-${process.pid}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  const moved = await readFile(aside, 'utf8');
  if (moved === stale.text) await rm(aside, { force: true });
  else await rename(aside, file);
}

function touch(file) {
  const now = new Date();
  // A lock that was taken from us (we were suspended for long) needs no heartbeat.
  utimes(file, now, now).catch(() => {});
}
