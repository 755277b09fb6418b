import { mkdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BuildFailure } from './build-failure.ts';
import type { SourceRequest, SourceResult } from './build-request.ts';
import { GitRepository, KEY_FILE, makeGitEnvironment } from './git.ts';
import { withoutCredentials } from './git-error.ts';

/** The URL under which the samples of this checkout are known. */
export const LOCAL_SOURCE = 'local://samples';

export interface SourceTools {
  /** Scrubbed environment of the host. */
  environment: Record<string, string>;
  /** Bare repository that `local://samples` stands for. */
  localRepository?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** A checked-out source: its folder (contextDir applied) and the commit. */
export interface Checkout {
  directory: string;
  result: SourceResult;
}

const ALLOWED = /^(https?|ssh|git|file):\/\/|^[\w.-]+@[\w.-]+:/i;
const COMMIT = /^[0-9a-f]{7,64}$/i;

/** Fetches the wanted revision (one commit deep where that is possible) into `work`/source. Throws BuildFailure `step-source`. */
export async function fetchSource(request: SourceRequest, work: string, tools: SourceTools): Promise<Checkout> {
  const url = resolveUrl(request.url, tools.localRepository);
  checkRevision(request.revision);
  const repository = join(work, 'source');
  await mkdir(repository, { recursive: true });
  const git = new GitRepository(
    repository,
    request,
    await makeGitEnvironment(request.credentials, work, tools.environment),
    tools.signal,
  );
  try {
    await git.must('init', '--quiet', '--initial-branch=openfunction-build');
    await git.must('remote', 'add', 'origin', url);
    const branchName = await fetchRevision(git, request.revision);
    if (await isPresent(join(repository, '.gitmodules')))
      await git.must('submodule', 'update', '--init', '--recursive', '--depth', '1');
    const [commitSha = '', commitAuthor = ''] = (await git.must('log', '-1', '--format=%H%n%an')).stdout
      .trim()
      .split('\n');
    await rm(join(repository, '.git'), { recursive: true, force: true });
    return { directory: await enter(repository, request), result: { commitSha, commitAuthor, branchName } };
  } finally {
    await rm(join(work, KEY_FILE), { force: true });
  }
}

function resolveUrl(url: string, localRepository: string | undefined): string {
  if (url === LOCAL_SOURCE || url === `${LOCAL_SOURCE}.git`) {
    if (localRepository !== undefined) return pathToFileURL(localRepository).href;
    throw sourceFailure(
      'GitError',
      `${LOCAL_SOURCE} is the samples folder of an \`npm start\`, and the setting SAMPLES_REPOSITORY names none`,
    );
  }
  if (ALLOWED.test(url)) return url;
  const shown = JSON.stringify(withoutCredentials(url));
  throw sourceFailure(
    'GitError',
    `the repository URL ${shown} is none that git can fetch here: use https, http, ssh, git or file`,
  );
}

function checkRevision(revision: string | undefined): void {
  if (revision === undefined || /^[\w@][^\s~^:?*[\\]*$/.test(revision)) return;
  throw sourceFailure(
    'GitRevisionNotFound',
    `the revision ${JSON.stringify(revision)} cannot be the name of a branch, tag or commit`,
  );
}

/** Leaves the commit checked out; the name of the branch when it was fetched by one. */
async function fetchRevision(git: GitRepository, revision: string | undefined): Promise<string | undefined> {
  const shallow = await git.run('fetch', '--quiet', '--depth', '1', '--no-tags', 'origin', revision ?? 'HEAD');
  if (shallow.exitCode === 0) {
    await git.must('checkout', '--quiet', '--detach', 'FETCH_HEAD');
    return revision === undefined ? await defaultBranch(git) : await fetchedBranch(git);
  }
  const noShallow = /dumb http|does not support shallow/i.test(shallow.lines.join('\n'));
  if (!noShallow && (revision === undefined || !COMMIT.test(revision))) throw git.failure(shallow);
  await git.must(
    'fetch',
    '--quiet',
    '--tags',
    'origin',
    '+refs/heads/*:refs/remotes/origin/*',
    ...(revision === undefined ? ['+HEAD'] : []),
  );
  await git.must('checkout', '--quiet', '--detach', await findCommit(git, revision));
  return undefined;
}

async function findCommit(git: GitRepository, revision: string | undefined): Promise<string> {
  if (revision === undefined) return 'FETCH_HEAD';
  for (const candidate of [`refs/remotes/origin/${revision}`, `refs/tags/${revision}`, revision]) {
    const found = await git.run('rev-parse', '--quiet', '--verify', `${candidate}^{commit}`);
    if (found.exitCode === 0) return found.stdout.trim();
  }
  throw git.failure({ exitCode: 1, stdout: '', lines: [`fatal: unknown revision ${revision}`] });
}

async function defaultBranch(git: GitRepository): Promise<string | undefined> {
  const { stdout } = await git.run('ls-remote', '--symref', 'origin', 'HEAD');
  return /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(stdout)?.[1];
}

async function fetchedBranch(git: GitRepository): Promise<string | undefined> {
  const text = await readFile(join(git.directory, '.git/FETCH_HEAD'), 'utf8');
  return /\tbranch '([^']+)' of /.exec(text)?.[1];
}

/** The folder to build, which must lie inside the repository (links followed). */
async function enter(repository: string, { contextDir, url }: SourceRequest): Promise<string> {
  if (contextDir === undefined || contextDir === '') return repository;
  const root = await realpath(repository);
  const directory = await realpath(join(root, contextDir)).catch(() => undefined);
  const inside = directory !== undefined && (directory === root || directory.startsWith(root + sep));
  if (inside && (await stat(directory)).isDirectory()) return directory;
  throw sourceFailure(
    'ContextDirNotFound',
    `the repository ${withoutCredentials(url)} has no folder ${JSON.stringify(contextDir)} at this revision`,
  );
}

function sourceFailure(reason: string, sentence: string): BuildFailure {
  return new BuildFailure({ step: 'step-source', reason, sentence });
}

async function isPresent(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
