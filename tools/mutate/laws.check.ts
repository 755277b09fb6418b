import { expect, it } from 'vitest';
import { holdLaws, holdReviews } from '../fuzz/src/hold.ts';

/** The laws of `tools/fuzz` over a few objects, in this process: the tests there start one of their own, where no mutant is. */

const OBJECTS = 400;
const SEED = 1;

it('objects keep to the laws', () => {
  expect(holdLaws({ count: OBJECTS, seed: SEED }).counted).toBe(2 * OBJECTS);
});

it('answers are what an API server counts on', () => {
  expect(holdReviews({ count: OBJECTS, seed: SEED }).counted).toBeGreaterThanOrEqual(OBJECTS);
});
