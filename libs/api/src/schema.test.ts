import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.ts';
import { duration } from './schema.ts';
import { cpuMs } from './testdata/cpu-ms.ts';

const accepts = (text: string) => duration().safeParse(text).success;

describe('duration', () => {
  it.each([
    ['0', 'a bare zero'],
    ['-0', 'a signed zero'],
    ['5m', 'one term'],
    ['1h30m0.5s', 'several terms with a fraction'],
    ['.5s', 'no digit before the point'],
    ['1.s', 'no digit after the point'],
    ['-1m', 'a minus sign'],
    ['+1m', 'a plus sign'],
    ['1ns', 'nanoseconds'],
    ['1us', 'ASCII micro'],
    ['1\u00b5s', 'the micro sign'],
    ['1\u03bcs', 'the Greek letter mu'],
    ['1ms', 'milliseconds, not minutes and seconds'],
    ['1s1h', 'units in any order'],
    ['0s', 'a zero with a unit'],
    ['2562048h', 'more than 292 years: no pattern can say that'],
  ])('takes %s: %s', (text) => {
    expect(accepts(text)).toBe(true);
  });

  it.each([
    ['', 'empty'],
    ['10', 'no unit'],
    ['00', 'only one zero may stand bare'],
    ['1d', 'days are not in the grammar'],
    ['1 s', 'a blank'],
    ['s', 'no digits'],
    ['.s', 'a point without digits'],
    ['.', 'a point alone'],
    ['+', 'a sign alone'],
    ['--1s', 'two signs'],
    ['1s-1s', 'a sign inside'],
    ['1S', 'wrong case'],
    ['1s\n', 'a line end'],
    ['1e3s', 'an exponent'],
    ['1s0', 'a zero after a term'],
    [`${'1'.repeat(100)}s`, 'longer than 100 characters'],
  ])('refuses %j: %s', (text) => {
    expect(accepts(text)).toBe(false);
  });

  it('takes what parseDuration takes, up to the range', () => {
    const part = fc.constantFrom('0', '1', '.', '5', 'ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h', '+', '-', ' ', 'd');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
        const text = parts.join('');
        expect([text, accepts(text)]).toEqual([text, parseDuration(text) !== undefined]);
      }),
      { numRuns: 5000 },
    );
  });

  it('costs next to nothing on a text made to be slow', () => {
    const text = `${'1.1ms'.repeat(19)}1.1x`;
    const took = cpuMs(() => {
      for (let round = 0; round < 1000; round++) accepts(text);
    });
    expect(took).toBeLessThan(1000);
  });
});
