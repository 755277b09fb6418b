import { describe, expect, it } from 'vitest';
import { parseQuantity } from './quantity.ts';

describe('a quantity', () => {
  it.each([
    ['0', 0n],
    ['1', 1_000_000_000n],
    [2, 2_000_000_000n],
    [0.5, 500_000_000n],
    ['1n', 1n],
    ['1u', 1_000n],
    ['1000m', 1_000_000_000n],
    ['.5', 500_000_000n],
    ['5.', 5_000_000_000n],
    ['-1.5k', -1_500_000_000_000n],
    ['1Ki', 1_024_000_000_000n],
    ['1.5Gi', 1_610_612_736_000_000_000n],
    ['1e3', 1_000_000_000_000n],
    ['1E-3', 1_000_000n],
    ['1E', 1_000_000_000_000_000_000_000_000_000n],
    ['0.0000000001', 1n],
  ])('%s is so many billionths: %s', (text, expected) => {
    expect(parseQuantity(text)).toBe(expected);
  });

  it.each(['', '.', 'm', '1 Gi', '1gi', '1K', '1e', '1e999', 'x', ' 1', null, undefined, {}, Number.NaN])(
    '%j is none',
    (value) => {
      expect(parseQuantity(value)).toBeUndefined();
    },
  );
});
