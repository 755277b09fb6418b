import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from '@openfunction/errors';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(`${ROOT}${file}`, 'utf8');

describe('docs/dependencies.md', () => {
  it('gives the reason of every dependency, and of nothing else', () => {
    const packages = [
      'package.json',
      ...['libs', 'services'].flatMap((folder) =>
        readdirSync(`${ROOT}${folder}`).map((name) => `${folder}/${name}/package.json`),
      ),
    ];
    const used = packages.flatMap((file) => {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(file)) as Record<
        string,
        Record<string, string> | undefined
      >;
      return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    });
    const foreign = new Set(used.filter((name) => !name.startsWith('@openfunction/')));
    expect(firstColumn('docs/dependencies.md')).toEqual([...foreign].sort());
  });
});

describe('docs/errors.md', () => {
  it('explains every code of the catalogue, and no other', () => {
    expect(firstColumn('docs/errors.md')).toEqual(Object.keys(ERROR_CODES).sort());
    for (const [code, { meaning, retry }] of Object.entries(ERROR_CODES))
      expect(read('docs/errors.md')).toContain(`| \`${code}\` | ${retry} | ${meaning} |`);
  });
});

/** The names in backquotes that begin a row of a table, sorted. */
function firstColumn(file: string): string[] {
  return [...read(file).matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name).sort();
}
