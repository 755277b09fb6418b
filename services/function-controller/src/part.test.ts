import { describe, expect, it } from 'vitest';
import { quietUntil } from './part.ts';
import { makeFunction, NOW } from './testdata/world.ts';

describe('a child that was just made', () => {
  it.each<[string, number, number | undefined]>([
    ['goes unmentioned for 3 s', -1, 2],
    ['goes unmentioned in its first moment', 0, 3],
    ['is spoken of afterwards', -3, undefined],
    ['is spoken of at once when our clock is behind, a little', 1, undefined],
    ['is spoken of at once when our clock is behind, an hour', 3_600, undefined],
  ])('%s', (_what, created, until) => {
    const child = makeFunction({});
    child.metadata.creationTimestamp = new Date(NOW.getTime() + created * 1_000).toISOString();
    expect(quietUntil(child, NOW)).toEqual(until === undefined ? undefined : new Date(NOW.getTime() + until * 1_000));
  });

  it('is not there', () => {
    expect(quietUntil(undefined, NOW)).toBeUndefined();
  });
});
