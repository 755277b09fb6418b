import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A Git repository with one Node function, `source`, under the tag `v1`. */
export async function sourceRepository(folder: string, name: string, source: string): Promise<string> {
  const repository = join(folder, `${name}.git`);
  await mkdir(repository);
  await writeFile(join(repository, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
  await writeFile(join(repository, 'index.js'), source);
  return await repositoryOf(repository);
}

/** Makes a folder a Git repository, its files under the tag `v1`. */
export async function repositoryOf(folder: string): Promise<string> {
  await run('git', ['init', '--quiet', folder]);
  await commit(folder, {}, 'v1');
  return folder;
}

/** Puts other files in their place, under a tag of their own. */
export async function commit(repository: string, files: Record<string, string>, tag: string): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(repository, name), text);
  const git = (...args: string[]) =>
    run('git', ['-C', repository, '-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args]);
  await git('add', '.');
  await git('commit', '--quiet', '-m', tag);
  await git('tag', tag);
}

/** A function that answers with this text. */
export function answering(text: string): string {
  return `exports.answer = (request, response) => response.send('${text}');\n`;
}

/** `spec.build` of a Function whose source is at a tag of the repository. */
export function buildOf(repository: string, revision: string) {
  return {
    builder: 'openfunction/builder-node:latest',
    env: { FUNC_NAME: 'answer' },
    srcRepo: { url: `file://${repository}`, revision },
  };
}
