import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration, parseNanoseconds } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0, 'a bare zero needs no unit'],
    ['-0', 0, 'nor a signed one'],
    ['5m', 300_000, 'one term'],
    ['1h30m0.5s', 5_400_500, 'several terms with a fraction'],
    ['1.5h', 5_400_000, 'a fraction of a large unit'],
    ['.5s', 500, 'no digit before the point'],
    ['1.s', 1000, 'no digit after the point'],
    ['-1m', -60_000, 'a sign'],
    ['+1m', 60_000, 'a plus sign'],
    ['1µs', 0.001, 'the micro sign'],
    ['1μs', 0.001, 'the Greek letter mu'],
    ['1us', 0.001, 'ASCII micro'],
    ['1s1h', 3_601_000, 'units in any order'],
    ['0.1s', 100, 'no rounding error'],
  ])('reads %s as %d ms: %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    ['', 'empty'],
    ['10', 'no unit'],
    ['1d', 'days are not in the grammar'],
    ['1 s', 'a blank'],
    ['s', 'no digits'],
    ['.s', 'a point without digits'],
    ['+', 'a sign alone'],
    ['--1s', 'two signs'],
    ['1S', 'wrong case'],
    ['1s,', 'trailing text'],
    ['1e3s', 'an exponent'],
    ['9223372036854775808ns', 'beyond 64 bits'],
    ['2562048h', 'beyond 292 years'],
  ])('refuses "%s": %s', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('takes the smallest 64-bit number, which has no positive twin', () => {
    expect(parseNanoseconds('-9223372036854775808ns')).toBe(-(2n ** 63n));
    expect(parseNanoseconds('9223372036854775807ns')).toBe(2n ** 63n - 1n);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const value = parseDuration(text);
        expect(value === undefined || Number.isFinite(value)).toBe(true);
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [300_000, '5m0s'],
    [90_000, '1m30s'],
    [3_600_000, '1h0m0s'],
    [1500, '1.5s'],
    [100, '100ms'],
    [1.5, '1.5ms'],
    [0.002, '2µs'],
    [0.0025, '2.5µs'],
    [0.000001, '1ns'],
    [-90_000, '-1m30s'],
    [86_400_000, '24h0m0s'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('writes what parseDuration reads back, for every whole number of milliseconds', () => {
    fc.assert(
      fc.property(fc.integer(), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds === 0 ? 0 : milliseconds);
      }),
    );
  });
});
