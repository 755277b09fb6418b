import { describe, expect, it } from 'vitest';
import { covers, inWordsOf } from './words.ts';

describe('what is wanted, beside what the API shows', () => {
  it.each<[string, unknown, unknown]>([
    ['defaults that were filled in', { a: 1, b: 'default' }, { a: 1 }],
    [
      'a quantity in other words',
      { resources: { limits: { cpu: '1', memory: '1Gi' } } },
      { resources: { limits: { cpu: '1000m', memory: '1024Mi' } } },
    ],
    ['a quantity of one field', { emptyDir: { sizeLimit: '1Gi' } }, { emptyDir: { sizeLimit: '1024Mi' } }],
    ['a text that says nothing, and was dropped', { env: [{ name: 'A' }] }, { env: [{ name: 'A', value: '' }] }],
    ['a list, number or switch that says nothing', {}, { args: [], initialDelaySeconds: 0, hostNetwork: false }],
  ])('is the same for %s, and is said in the words of the API', (_what, live, wanted) => {
    expect(covers(live, wanted)).toBe(true);
    expect(covers(live, inWordsOf(live, wanted))).toBe(true);
    expect(inWordsOf(live, inWordsOf(live, wanted))).toEqual(inWordsOf(live, wanted));
  });

  it.each<[string, unknown, unknown]>([
    ['another value', { a: 1 }, { a: 2 }],
    ['another quantity', { limits: { cpu: '1' } }, { limits: { cpu: '1001m' } }],
    ['texts that only a quantity could spell in two ways', { value: '1' }, { value: '1000m' }],
    ['an item more, or one less', { env: [{ name: 'A' }] }, { env: [{ name: 'A' }, { name: 'B' }] }],
    ['an item less', { env: [{ name: 'A' }, { name: 'B' }] }, { env: [{ name: 'A' }] }],
    ['an empty object, which does say something', {}, { emptyDir: {} }],
    ['something else altogether', 'text', { a: 1 }],
  ])('differs by %s, and stays what is wanted', (_what, live, wanted) => {
    expect(covers(live, wanted)).toBe(false);
    expect(inWordsOf(live, wanted)).toEqual(wanted);
  });

  it('takes nothing from the API that is not wanted', () => {
    expect(inWordsOf({ a: 1, b: 2 }, { a: 1 })).toEqual({ a: 1 });
  });
});
