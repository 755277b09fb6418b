import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Choices } from './choices.ts';
import { drawn } from './drawn.ts';

function drawList(choices: Choices): { items: number[] } {
  return { items: Array.from({ length: choices.below(20) }, () => choices.below(1000)) };
}

describe('choices', () => {
  it('give the same value again, from the seed and from the list', () => {
    const first = Choices.seeded(7);
    const made = drawList(first);
    expect(made.items.length).toBeGreaterThan(0);
    expect(drawList(Choices.seeded(7))).toEqual(made);
    expect(drawList(Choices.repeated(first.taken))).toEqual(made);
    expect(drawList(Choices.seeded(8))).not.toEqual(made);
  });

  it('are the plainest behind the end of a list', () => {
    expect(drawList(Choices.repeated([3, 5]))).toEqual({ items: [5, 0, 0] });
  });

  it('happen as often as the chance says', () => {
    const choices = Choices.seeded(1);
    const times = Array.from({ length: 10_000 }, () => choices.percent(20)).filter(Boolean).length;
    expect(Math.abs(times - 2000)).toBeLessThan(200);
    expect(choices.percent(0)).toBe(false);
    expect(choices.percent(100)).toBe(true);
  });
});

describe('a drawn value', () => {
  const lists = drawn(drawList, ({ items }) => `items ${items.join(' ')}`);

  it('is made as small as it can fail, and shown', () => {
    const result = fc.check(
      fc.property(lists, ({ items }) => items.filter((item) => item > 100).length < 2),
      { seed: 1, numRuns: 1000 },
    );
    expect(result.failed).toBe(true);
    expect(result.counterexample?.[0]).toEqual({ items: [101, 101] });
    expect(fc.stringify(result.counterexample?.[0])).toBe('items 101 101');
  });
});
