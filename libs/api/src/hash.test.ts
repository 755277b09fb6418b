import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, contentHash } from './hash.ts';

describe('canonicalJson', () => {
  it('sorts keys at every depth and drops undefined members', () => {
    expect(canonicalJson({ b: [{ d: 1, c: undefined }], a: null })).toBe('{"a":null,"b":[{"d":1}]}');
  });

  it('keeps a key named __proto__', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1},"b":1}');
  });

  it('gives a text for undefined too', () => {
    expect(canonicalJson(undefined)).toBe('null');
  });

  it('is read back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(Object.fromEntries(Object.entries(object))));
      }),
    );
  });
});

describe('contentHash', () => {
  it('stays the same for ever: another value would rebuild every function', () => {
    expect(contentHash({ image: 'a', build: { env: { B: '2', A: '1' } } })).toBe(
      'v1:3ec72e9df5bf776ebc99e4c3ec882e69c42e4536ac688b9e141daf60db9580c5',
    );
  });

  it('sees the order of lists, the difference of unset and zero, and the difference of text and number', () => {
    const values = [{ a: [1, 2] }, { a: [2, 1] }, {}, { a: 0 }, { a: '0' }, { a: null }, { a: {} }, { a: [] }];
    expect(new Set(values.map(contentHash)).size).toBe(values.length);
  });

  it('differs when a leaf differs', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, text) => {
        expect(contentHash({ value, text })).not.toBe(contentHash({ value, text: `${text}x` }));
      }),
    );
  });
});
