import { execFileSync } from 'node:child_process';
import { access, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeBuildEnvironment } from './build-environment.ts';
import type { BuildFailure } from './build-failure.ts';
import { fetchSource } from './source.ts';

let root: string;
let repository: string;
let first: string;
let url: string;
let runs = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'source-'));
  repository = join(root, 'repository');
  await mkdir(join(repository, 'fn/deep'), { recursive: true });
  url = pathToFileURL(repository).href;
  git('init', '-q', '-b', 'trunk');
  await symlink('/etc', join(repository, 'outside'));
  first = await commit('one');
  git('tag', '-a', 'v1', '-m', 'v1');
  git('branch', 'other');
  await commit('two');
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

function git(...args: string[]): string {
  const names = {
    GIT_AUTHOR_NAME: 'Ann Ä',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'B',
    GIT_COMMITTER_EMAIL: 'b@example.com',
  };
  return execFileSync('git', args, { cwd: repository, encoding: 'utf8', env: { ...process.env, ...names } }).trim();
}

async function commit(text: string): Promise<string> {
  await writeFile(join(repository, 'fn/deep/text'), text);
  git('add', '-A');
  git('commit', '-q', '-m', text);
  return git('rev-parse', 'HEAD');
}

async function fetch(
  request: { url?: string; revision?: string | undefined; contextDir?: string },
  localRepository?: string,
) {
  const work = join(root, `work-${runs++}`);
  await mkdir(work);
  return await fetchSource({ url, ...request }, work, {
    environment: makeBuildEnvironment(process.env),
    localRepository,
  });
}

describe('a source', () => {
  test.each([
    ['the default branch', () => undefined, 'two', 'trunk'],
    ['a branch', () => 'other', 'one', 'other'],
    ['a tag', () => 'v1', 'one', undefined],
    ['a commit', () => first, 'one', undefined],
    ['the beginning of a commit', () => first.slice(0, 8), 'one', undefined],
  ])('is fetched at %s', async (_what, revision, text, branchName) => {
    const { directory, result } = await fetch({ revision: revision(), contextDir: 'fn/deep' });
    expect(execFileSync('cat', [join(directory, 'text')], { encoding: 'utf8' })).toBe(text);
    expect(result).toEqual({
      commitSha: git('rev-parse', text === 'one' ? first : 'trunk'),
      commitAuthor: 'Ann Ä',
      branchName,
    });
  });

  test('has no .git in it, and is the whole repository without contextDir', async () => {
    const { directory } = await fetch({});
    await access(join(directory, 'fn/deep/text'));
    await expect(access(join(directory, '.git'))).rejects.toThrow();
  });

  test('of local://samples is the repository of the setting', async () => {
    expect((await fetch({ url: 'local://samples', contextDir: 'fn' }, repository)).result.branchName).toBe('trunk');
  });

  test.each([
    [
      'a repository that is not there',
      { url: 'file:///nowhere/at/all' },
      'GitRemoteRepositoryNotFound',
      '/nowhere/at/all',
    ],
    ['a revision that is not there', { revision: 'nope' }, 'GitRevisionNotFound', '"nope"'],
    ['a commit that is not there', { revision: 'abcdef0123' }, 'GitRevisionNotFound', '"abcdef0123"'],
    ['a revision that is an option', { revision: '--upload-pack=true' }, 'GitRevisionNotFound', '--upload-pack'],
    ['a folder that is not there', { contextDir: 'nope' }, 'ContextDirNotFound', '"nope"'],
    ['a folder above the repository', { contextDir: '../..' }, 'ContextDirNotFound', '"../.."'],
    ['a link out of the repository', { contextDir: 'outside' }, 'ContextDirNotFound', '"outside"'],
    ['a transport that runs programs', { url: 'ext::sh -c true' }, 'GitError', 'ext::'],
    ['local://samples without the setting', { url: 'local://samples' }, 'GitError', 'SAMPLES_REPOSITORY'],
    ['a host that is not there', { url: 'https://ann:s3cret@127.0.0.1:1/x.git' }, 'GitError', '127.0.0.1:1/x.git'],
  ])('that cannot be had is one sentence: %s', async (_what, request, reason, said) => {
    const error = (await fetch(request).catch((thrown: unknown) => thrown)) as BuildFailure;
    expect(error.facts).toMatchObject({ step: 'step-source', reason });
    expect(error.facts.sentence).toContain(said);
    expect(JSON.stringify([error.message, error.facts])).not.toContain('s3cret');
    expect(error.message).not.toContain('\n');
  });
});
