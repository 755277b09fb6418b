import { describe, expect, test } from 'vitest';
import { Load } from './load.ts';

describe('the load of a revision', () => {
  test('is the average number of open requests over the time that is asked for', () => {
    const load = new Load(0);
    load.set(10, 1_000);
    load.set(0, 2_000);
    expect(load.average(2_000, 2_000)).toBeCloseTo(5);
    expect(load.average(10_000, 10_000)).toBeCloseTo(1);
  });

  test('counts what is still open, and forgets what is long over', () => {
    const load = new Load(0);
    load.set(4, 0);
    expect(load.average(1_000, 60_000)).toBeCloseTo(4);
    load.set(0, 60_000);
    expect(load.average(1_000, 3_000_000)).toBe(0);
    expect(load.average(4_000_000, 4_000_000)).toBe(0);
  });
});
