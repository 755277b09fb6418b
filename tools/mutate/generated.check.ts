import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { makeOutputs, POD_SPEC_FILE } from '../generate/src/outputs.ts';

/** What `npm run verify` says, as a test: CRDs and pages are made of the rows, so a changed row shows in them. */

const ROOT = new URL('../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, ROOT), 'utf8');

it('generated files are up to date', () => {
  const stale = [...makeOutputs(JSON.parse(read(POD_SPEC_FILE)))].filter(([file, content]) => read(file) !== content);
  expect(stale.map(([file]) => file)).toEqual([]);
});
