import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withFileLock } from './file-lock.ts';
import { LayerCache } from './layer-cache.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'layers-'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

const NEVER = 2 ** 22 + 1; // above the largest process id of Linux

test('equal inputs are filled once, even by two caches at once; other inputs again', async () => {
  let fills = 0;
  const fill = async (directory: string) => {
    fills++;
    await writeFile(join(directory, 'x'), 'y');
  };
  const get = (input: string) => new LayerCache(root).get(['t', input], undefined, fill);
  const [one, same] = await Promise.all([get('1'), get('1'), get('1')]);
  expect(same).toBe(one);
  expect(fills).toBe(1);
  expect(await get('2')).not.toBe(one);
  expect(await readFile(join(one ?? '', 'x'), 'utf8')).toBe('y');
});

test('a fill that fails leaves no layer, and the next one tries again', async () => {
  const cache = new LayerCache(root);
  const broken = cache.get(['t'], undefined, async (directory) => {
    await writeFile(join(directory, 'half'), '');
    throw new Error('broken');
  });
  await expect(broken).rejects.toThrow('broken');
  const layer = await cache.get(['t'], undefined, async () => undefined);
  expect(await readdir(layer)).toEqual([]);
  expect(await readdir(join(root, 'drafts'))).toEqual([]);
});

test('layers that no build has used for long are removed', async () => {
  const cache = new LayerCache(root);
  const old = await cache.get(['t', 'old'], undefined, async () => undefined);
  const young = await cache.get(['t', 'young'], undefined, async () => undefined);
  await utimes(old, 1, 1);
  await cache.prune(Date.now());
  expect(await readdir(join(root, 'layers'))).toEqual([young.split('/').at(-1)]);
});

test('a lock has one holder at a time', async () => {
  const file = join(root, 'lock');
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withFileLock(file, undefined, work)));
  expect(most).toBe(1);
});

test('the lock of a process that has ended is taken over; waiting for a live one can be given up', async () => {
  const file = join(root, 'deep/lock');
  await mkdir(join(root, 'deep'));
  await writeFile(file, String(NEVER));
  expect(await withFileLock(file, undefined, async () => 'mine')).toBe('mine');
  await writeFile(file, String(process.pid));
  const stop = new AbortController();
  const waiting = withFileLock(file, stop.signal, async () => 'never');
  stop.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');
});
