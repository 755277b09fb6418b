import { beforeAll, describe, expect, it } from 'vitest';
import { FAMILIES } from './laws.ts';
import { fuzz, type Report } from './run.ts';

/** Always the same cases: what a gate says must not depend on the day. `npm run fuzz` draws others. */
const SEED = 1;

/** `npm run fuzz` holds a million objects to each. */
const OBJECTS = 20_000;

/** Where fewer objects than this are of the kind that a law is about, it says little. */
const CONCERNED = OBJECTS / 8;

describe(`${OBJECTS} objects of every kind and version that is reviewed`, () => {
  let report: Report;

  // In a process of its own: a test runner's way to load modules makes it twice as slow.
  beforeAll(async () => {
    report = await fuzz({ objects: OBJECTS, reviews: 0, seed: SEED }, { processes: 1 });
  }, 240_000);

  it('break no law', () => {
    expect(report.broken).toEqual([]);
    expect(report.laws?.counted).toBe(FAMILIES.length * OBJECTS);
  });

  it.each(FAMILIES.flatMap(({ laws }) => laws))('keep to the law: $name', ({ name }) => {
    expect(report.laws?.outcomes[name]).toBeGreaterThan(CONCERNED);
  });
});
