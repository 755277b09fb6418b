import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tryLock, withLock } from './lock.mjs';
import { silent } from './say.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-test-'));
  file = join(directory, 'lock');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('only one works at a time, and nothing is left', async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 5 }, () => withLock(file, 'working', silent, work)));
  expect(most).toBe(1);
  expect(await readdir(directory)).toEqual([]);
});

test('one who waits says for whom', async () => {
  const lines: string[] = [];
  const held = await tryLock(file, 'building a thing');
  const waiting = withLock(
    file,
    'waiting',
    (line) => lines.push(line),
    async () => 'done',
  );
  await expect.poll(() => lines).toEqual([`waiting for process ${process.pid}, which is building a thing`]);
  await held.release?.();
  expect(await waiting).toBe('done');
});

test('a failure gives the lock back', async () => {
  await expect(withLock(file, 'failing', silent, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect((await tryLock(file, 'next')).holder).toBeUndefined();
});

test('the lock of a dead process is taken over, that of a living one is not', async () => {
  await writeFile(file, JSON.stringify({ pid: 2 ** 30, host: hostname(), doing: 'nothing any more' }));
  expect((await tryLock(file, 'taking over')).holder).toBeUndefined();
  expect((await tryLock(file, 'too late')).holder).toEqual({ pid: process.pid, doing: 'taking over' });
});
