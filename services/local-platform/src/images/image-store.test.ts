import { access, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ImageStore } from './image-store.ts';
import { parseReference } from './reference.ts';

const CONFIG = { command: ['./run', 'x'], env: { B: '2', A: '1' }, language: 'go' };
let root: string;
let store: ImageStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'images-'));
  store = new ImageStore(join(root, 'store'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

async function makeTree(text: string): Promise<string> {
  const directory = await mkdtemp(join(root, 'tree-'));
  await mkdir(join(directory, 'deep/er'), { recursive: true });
  await writeFile(join(directory, 'run'), '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(join(directory, 'deep/er/text'), text);
  await symlink('deep/er/text', join(directory, 'alias'));
  return directory;
}

describe('an image store', () => {
  test('gives back what was committed, by tag and by digest', async () => {
    const { digest, size } = await store.commit('acme/a:v1', await makeTree('one'), CONFIG);
    const byTag = await store.resolve('acme/a:v1');
    expect(byTag).toEqual(await store.resolve(`other/name:v9@${digest}`));
    expect(byTag).toMatchObject({ digest, language: 'go', env: { A: '1', B: '2' } });
    expect(byTag?.command).toEqual([join(byTag?.directory ?? '', 'run'), 'x']);
    expect(await readFile(join(byTag?.directory ?? '', 'alias'), 'utf8')).toBe('one');
    expect(size).toBeGreaterThan('#!/bin/sh\none'.length);
  });

  test('gives equal content the same digest, whatever its times and the order of its settings', async () => {
    const again = await makeTree('one');
    await utimes(join(again, 'run'), 1, 1);
    const first = await store.commit('a:v1', await makeTree('one'), CONFIG);
    const second = await store.commit('a:v1', again, { ...CONFIG, env: { A: '1', B: '2' } });
    expect(second.digest).toBe(first.digest);
  });

  test('gives other content, another mode or another command another digest', async () => {
    const digests = new Set<string>();
    digests.add((await store.commit('a:v1', await makeTree('one'), CONFIG)).digest);
    digests.add((await store.commit('a:v1', await makeTree('two'), CONFIG)).digest);
    digests.add((await store.commit('a:v1', await makeTree('one'), { ...CONFIG, command: ['./run'] })).digest);
    const plain = await makeTree('one');
    await writeFile(join(plain, 'extra'), '', { mode: 0o644 });
    digests.add((await store.commit('a:v1', plain, CONFIG)).digest);
    const executable = await makeTree('one');
    await writeFile(join(executable, 'extra'), '', { mode: 0o755 });
    digests.add((await store.commit('a:v1', executable, CONFIG)).digest);
    expect(digests.size).toBe(5);
  });

  test('keeps an earlier build by digest when a tag moves on', async () => {
    const first = await store.commit('a:v1', await makeTree('one'), CONFIG);
    const second = await store.commit('a:v1', await makeTree('two'), CONFIG);
    expect((await store.resolve('a:v1'))?.digest).toBe(second.digest);
    expect((await store.resolve(`a:v1@${first.digest}`))?.digest).toBe(first.digest);
  });

  test('lets two writers commit one image at once and leaves nothing unfinished', async () => {
    const trees = await Promise.all(Array.from({ length: 6 }, () => makeTree('same')));
    const results = await Promise.all(
      trees.map((tree) => new ImageStore(join(root, 'store')).commit('a:v1', tree, CONFIG)),
    );
    expect(new Set(results.map((result) => result.digest)).size).toBe(1);
    const image = await store.resolve('a:v1');
    await access(join(image?.directory ?? '', 'run'));
    expect(await readdir(join(root, 'store/work'))).toEqual([]);
    expect(await readdir(join(root, 'store/references'))).toHaveLength(1);
  });

  test('knows nothing of an image that was never built, or of a reference that makes no sense', async () => {
    expect(await store.resolve('nobody/built:this')).toBeUndefined();
    expect(await store.resolve(`a:v1@sha256:${'0'.repeat(64)}`)).toBeUndefined();
    expect(await store.resolve('a:v1@sha256:../../etc')).toBeUndefined();
    expect(await store.resolve('')).toBeUndefined();
  });
});

test.each([
  ['acme/a', { name: 'acme/a:latest' }, 'no tag means latest'],
  ['host:5000/acme/a', { name: 'host:5000/acme/a:latest' }, 'a port is not a tag'],
  ['host:5000/a:v1', { name: 'host:5000/a:v1' }, 'both'],
])('reads %s', (reference, expected, _why) => {
  expect(parseReference(reference)).toEqual(expected);
});
