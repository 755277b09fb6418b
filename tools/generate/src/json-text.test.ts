import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from './json-text.ts';

describe('jsonText', () => {
  it('puts members on lines of their own and short lists of plain values on one', () => {
    expect(jsonText({ a: ['b', 1], c: {}, d: [{ e: null }] })).toBe(
      '{\n  "a": ["b", 1],\n  "c": {},\n  "d": [\n    {\n      "e": null\n    }\n  ]\n}\n',
    );
  });

  it('breaks a list that does not fit 120 columns', () => {
    const lines = jsonText({ list: ['x'.repeat(60), 'y'.repeat(60)] }).split('\n');
    expect(lines).toHaveLength(7);
  });

  it('says the same as JSON.stringify', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(jsonText(plain))).toEqual(plain);
      }),
    );
  });
});
