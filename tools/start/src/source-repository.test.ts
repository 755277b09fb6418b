import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { updateSourceRepository } from './source-repository.ts';

let directory: string;
let folder: string;
let repository: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'source-test-'));
  folder = await mkdtemp(join(directory, 'folder-'));
  repository = join(directory, 'source.git');
  await writeFile(join(folder, 'a.txt'), 'one');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const show = (name: string) => execFileSync('git', ['-C', repository, 'show', `main:${name}`], { encoding: 'utf8' });

test('the repository holds the folder, and an edit is in the next commit', async () => {
  const first = await updateSourceRepository(repository, folder);
  expect(show('a.txt')).toBe('one');
  await writeFile(join(folder, 'a.txt'), 'two');
  const second = await updateSourceRepository(repository, folder);
  expect(second).not.toBe(first);
  expect(show('a.txt')).toBe('two');
});

test('without a change there is no new commit', async () => {
  const first = await updateSourceRepository(repository, folder);
  expect(await updateSourceRepository(repository, folder)).toBe(first);
});

test('what was deleted is gone', async () => {
  await updateSourceRepository(repository, folder);
  await rm(join(folder, 'a.txt'));
  await writeFile(join(folder, 'b.txt'), 'b');
  await updateSourceRepository(repository, folder);
  expect(execFileSync('git', ['-C', repository, 'ls-tree', '--name-only', 'main'], { encoding: 'utf8' })).toBe(
    'b.txt\n',
  );
});

test('the environment of a Git hook leads nowhere else', async () => {
  process.env['GIT_DIR'] = join(directory, 'elsewhere');
  try {
    await updateSourceRepository(repository, folder);
  } finally {
    delete process.env['GIT_DIR'];
  }
  expect(show('a.txt')).toBe('one');
});
