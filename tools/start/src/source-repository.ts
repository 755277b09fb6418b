import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CodedError, explain } from '@openfunction/errors';
import { ROOT } from './root.ts';

const BRANCH = 'refs/heads/main';
const AUTHOR = { NAME: 'npm start', EMAIL: 'npm-start@localhost' };

/**
 * Makes the bare repository hold the folder as it stands now, ignored files left out, in a commit on top of what it holds
 * already; nothing is added when nothing has changed. The working tree counts, not only what is committed: an edit is seen
 * by the next start, and a checkout without `.git` works too. Returns the commit. Throws `process.failed`.
 */
export async function updateSourceRepository(repository: string, folder: string): Promise<string> {
  const git = (...args: string[]) => runGit(repository, folder, args);
  await mkdir(repository, { recursive: true });
  await git('init', '--quiet', '--bare', '--initial-branch=main', repository);
  await git('-c', `core.excludesFile=${join(ROOT, '.gitignore')}`, '--work-tree', folder, 'add', '--all', '.');
  const tree = await git('write-tree');
  const head = await git('rev-parse', '--quiet', '--verify', BRANCH).catch(() => undefined);
  if (head !== undefined && (await git('rev-parse', `${head}^{tree}`)) === tree) return head;
  const parents = head === undefined ? [] : ['-p', head];
  const commit = await git('commit-tree', tree, ...parents, '-m', 'Samples as they are in the checkout');
  await git('update-ref', BRANCH, commit);
  return commit;
}

async function runGit(repository: string, folder: string, args: string[]): Promise<string> {
  // A hook or a caller's GIT_DIR must not lead us into another repository.
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  const identity = Object.entries(AUTHOR).flatMap(([name, value]) => [
    [`GIT_AUTHOR_${name}`, value],
    [`GIT_COMMITTER_${name}`, value],
  ]);
  const env = { ...Object.fromEntries([...clean, ...identity]), GIT_DIR: repository };
  try {
    return (await promisify(execFile)('git', args, { cwd: folder, env })).stdout.trim();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? 'git is not installed' : explain((error as { stderr?: string }).stderr || error);
    throw new CodedError('process.failed', `the Git repository of the samples (${repository}): ${why}`, error);
  }
}
