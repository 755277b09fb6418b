import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openState } from './state.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'state-test-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('one run at a time: the second is told whose it is and what to do', async () => {
  const state = await openState(directory, { reset: false });
  await expect(openState(directory, { reset: false })).rejects.toMatchObject({
    code: 'process.failed',
    message: expect.stringMatching(`process ${process.pid}.*--state`),
  });
  await state.release();
  await (await openState(directory, { reset: false })).release();
});

test('the cluster and logs of an earlier run go, certificates and images stay', async () => {
  const kept = ['images/a', 'source.git/HEAD', 'data/control-plane/pki/ca.crt', 'data/local-platform/processes/1.json'];
  const removed = ['logs/webhook.log', 'kubeconfig', 'identities/webhook/token', 'data/control-plane/etcd/member'];
  for (const file of [...kept, ...removed]) await put(file);
  const state = await openState(directory, { reset: false });
  expect(kept.filter((file) => existsSync(join(directory, file)))).toEqual(kept);
  expect(removed.filter((file) => existsSync(join(directory, file)))).toEqual([]);
  await state.release();
});

test('a reset leaves nothing but locks', async () => {
  for (const file of ['images/a', 'packages.lock']) await put(file);
  const state = await openState(directory, { reset: true });
  expect(existsSync(join(directory, 'images'))).toBe(false);
  expect(existsSync(join(directory, 'packages.lock'))).toBe(true);
  await expect(openState(directory, { reset: true })).rejects.toMatchObject({ code: 'process.failed' });
  await state.release();
});

async function put(file: string): Promise<void> {
  await mkdir(join(directory, file, '..'), { recursive: true });
  await writeFile(join(directory, file), '');
}
