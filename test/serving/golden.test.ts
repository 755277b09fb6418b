import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isEqual, type KubeObject } from '@openfunction/api';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { ABSENT, MANIFESTS, publishedManifests } from '../published.ts';
import { type Emitted, emit, storedFunction } from './emitted.ts';

// What every published manifest, and one of each family of triggers, is made of. To rewrite: npx vitest run test/serving --update

const GOLDEN = join(import.meta.dirname, 'golden');
const FAMILIES = join(import.meta.dirname, 'families');

/** Fragments of documentation that say nothing about serving, or that nobody accepts, make nothing. */
const published = publishedManifests()
  .filter(([file, verdict]) => verdict !== 'not an OpenFunction CRD' && file.includes('.function.'))
  .map(([file]) => join(MANIFESTS, file));
const families = readdirSync(FAMILIES).map((file) => join(FAMILIES, file));

const cases = [...published, ...families].flatMap((file): [name: string, emitted: Emitted][] => {
  const fn = storedFunction(parse(readFileSync(file, 'utf8')));
  const emitted = fn === undefined ? undefined : emit(fn);
  return emitted === undefined ? [] : [[basename(file), emitted]];
});

/** The objects of a function that has run; after them, those that are others while it never has. */
function text({ objects, running }: Emitted): string {
  const atFirst = objects.filter((object) => !running.some((each) => isEqual(each, object)));
  return [...running.map(yaml), ...atFirst.map((object) => `# As long as it has never run\n${yaml(object)}`)].join(
    '---\n',
  );
}

/** Readable by people who review it: contexts and other JSON texts stay on one line. */
function yaml(object: KubeObject): string {
  return stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
}

describe('the objects that a Serving is made of', () => {
  test.each(cases)('%s', async (name, emitted) => {
    await expect(text(emitted)).toMatchFileSnapshot(join(GOLDEN, name));
  });

  test.skipIf(ABSENT !== '')(`are reviewed for every manifest, and for no other${ABSENT}`, () => {
    expect(readdirSync(GOLDEN).toSorted()).toEqual(cases.map(([name]) => name).toSorted());
    expect(published.length).toBeGreaterThan(60);
  });
});
