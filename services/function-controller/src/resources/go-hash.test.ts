import { describe, expect, it } from 'vitest';
import { goBool, goInt32, goMap, goPointer, goSlice, goString, goStruct, isGoHash } from './go-hash.ts';

describe('the hash of the Go operator', () => {
  // The first seven are the vectors of controllers.md, appendix A; the others were printed by mitchellh/hashstructure v1.1.0.
  const anonymous = goStruct<{ a?: string }>('', { a: ['A', goPointer(goString)] });
  it.each([
    ['a text', goString('a'), '12638153115695167422'],
    ['a list', goSlice(goString)(['a', 'b']), '2712570657419664240'],
    ['a map', goMap(goString)({ a: 'b' }), '4550450939398240104'],
    ['true', goBool(true), '12638153115695167454'],
    ['an int32', goInt32(1), '4934814342159144266'],
    ['a struct with a null pointer', anonymous({}), '181701068014038876'],
    ['false', goBool(false), '12638153115695167455'],
    ['a text beyond ASCII', goString('ü→😀'), '7740451664141231701'],
  ])('of %s', (_what, hash, expected) => {
    expect(String(hash)).toBe(expected);
  });

  it.each([
    ['list', goSlice(goString)],
    ['map', goMap(goString)],
  ] as const)('of a null or empty %s is 0', (_what, type) => {
    expect([type(undefined), type(null)]).toEqual([0n, 0n]);
  });

  it('tells the order of a list, not that of a map', () => {
    expect(goSlice(goString)(['b', 'a'])).not.toBe(goSlice(goString)(['a', 'b']));
    expect(goMap(goString)({ b: '2', a: '1' })).toBe(goMap(goString)({ a: '1', b: '2' }));
  });

  it('of a null pointer is not that of its zero value', () => {
    expect(goPointer(goString)(null)).not.toBe(goPointer(goString)(''));
    expect(goString(undefined)).toBe(goString(''));
  });
});

describe('a hash', () => {
  it.each([
    ['14165285899942527405', true],
    ['v1:00ff', false],
    ['v2:12', false],
    ['', false],
  ])('%j is of the Go operator: %s', (hash, expected) => {
    expect(isGoHash(hash)).toBe(expected);
  });
});
