import { readdir } from 'node:fs/promises';
import { BuildFailure } from './build-failure.ts';

export type Language = 'go' | 'node' | 'python';

const BY_BUILDER: Record<string, Language> = {
  go: 'go',
  golang: 'go',
  node: 'node',
  nodejs: 'node',
  typescript: 'node',
  python: 'python',
};

/** The language that a builder image is for, when its name says so: `…/builder-go:latest`. Others than ours are returned as they are. */
export function languageOfBuilder(image: string): string | undefined {
  const repository = image.split('@')[0]?.split('/').at(-1) ?? '';
  const name = /^builder-([a-z]+)/.exec(repository)?.[1];
  return name === undefined ? undefined : (BY_BUILDER[name] ?? name);
}

/** The language of a source folder by its files, or undefined. A manifest tells more than a source file. */
export function languageOfFiles(names: readonly string[]): Language | undefined {
  const has = (...wanted: string[]) => wanted.some((name) => names.includes(name));
  if (has('go.mod')) return 'go';
  if (has('package.json')) return 'node';
  if (has('requirements.txt', 'main.py')) return 'python';
  if (has('index.js', 'index.mjs', 'index.cjs', 'index.ts', 'index.mts', 'index.cts')) return 'node';
  return names.some((name) => name.endsWith('.go')) ? 'go' : undefined;
}

/** Decides the language: the builder image has the say, the files speak when it does not. */
export async function decideLanguage(builderImage: string | undefined, directory: string): Promise<Language> {
  const named = builderImage === undefined ? undefined : languageOfBuilder(builderImage);
  if (named === 'go' || named === 'node' || named === 'python') return named;
  if (named !== undefined) {
    const sentence = `the builder image ${JSON.stringify(builderImage)} is for ${named}, which needs a cluster: here Go, Node and Python functions are built`;
    throw new BuildFailure({ step: 'step-prepare', reason: 'NeedsCluster', sentence });
  }
  const language = languageOfFiles(await readdir(directory));
  if (language !== undefined) return language;
  const sentence =
    'the language cannot be told: the source has no go.mod, package.json, requirements.txt or main.py, and the builder image names none';
  throw new BuildFailure({ step: 'step-prepare', reason: 'LanguageUnknown', sentence });
}
