import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOlder, mergeFloors } from './floor.ts';
import { mergeWakes } from './wake.ts';

const version = fc.bigInt({ min: 0n, max: 2n ** 70n }).map(String);
const floor = fc.dictionary(fc.constantFrom('a', 'b', 'c'), version);

describe('floors', () => {
  test('versions are compared as integers of any length', () => {
    fc.assert(fc.property(version, version, (a, b) => isOlder(a, b) === BigInt(a) < BigInt(b)));
  });

  test('merging keeps the highest of each object, in any order, any number of times', () => {
    fc.assert(
      fc.property(floor, floor, (a, b) => {
        const merged = mergeFloors(a, b);
        expect(mergeFloors(b, a)).toEqual(merged);
        expect(mergeFloors(merged, a)).toEqual(merged);
        for (const object of new Set([...Object.keys(a), ...Object.keys(b)])) {
          const versions = [a[object], b[object]].filter((one) => one !== undefined).map(BigInt);
          expect(versions.map(String)).toContain(merged[object]);
          expect(versions.every((one) => one <= BigInt(merged[object] ?? -1))).toBe(true);
        }
      }),
    );
  });
});

describe('wake-ups that meet', () => {
  const cases = [
    { why: 'low and low stay low', a: { priority: 'low' }, b: { priority: 'low' }, both: { priority: 'low' } },
    { why: 'a normal one takes the key to the front', a: { priority: 'low' }, b: {}, both: {} },
    { why: 'a low one takes nobody back', a: {}, b: { priority: 'low' }, both: {} },
    { why: 'the newest trace wins', a: { traceparent: '1' }, b: { traceparent: '2' }, both: { traceparent: '2' } },
    { why: 'no trace replaces none', a: { traceparent: '1' }, b: {}, both: { traceparent: '1' } },
    { why: 'a reset is kept', a: { failureReset: true }, b: {}, both: { failureReset: true } },
  ] as const;
  test.each(cases)('$why', ({ a, b, both }) => expect(mergeWakes(a, b)).toEqual(both));
});
