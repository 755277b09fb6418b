import { describe, expect, it } from 'vitest';
import { keyEntries } from './context-keys.ts';

/** `name@place`, of the component `c`. */
const entries = (texts: string[]) =>
  texts.map((text, at) => {
    const [name = '', place = ''] = text.split('@');
    return { name, place, component: 'c', at };
  });

describe('keys of inputs and outputs', () => {
  it.each<[string, string[], Record<string, number>]>([
    ['are names', ['a@t', 'b@t'], { a: 0, b: 1 }],
    ['are the name for the last of a name, and say the place of those before', ['a@x', 'a@y'], { 'a-x': 0, a: 1 }],
    ['are one for what nothing tells apart: the last', ['a@x', 'a@x'], { a: 1 }],
    ['leave a name to the last of it, wherever its like comes first', ['a@x', 'a@y', 'a@x'], { 'a-y': 1, a: 2 }],
    ['never take the name of another', ['a@x', 'a-x@y', 'a@z'], { 'a-x-2': 0, 'a-x': 1, a: 2 }],
    [
      'are counted where that is still not enough',
      ['a@x', 'a-x-2@', 'a@y', 'a-x@'],
      { 'a-x-3': 0, 'a-x-2': 1, a: 2, 'a-x': 3 },
    ],
    [
      'take any name',
      ['__proto__@x', '__proto__@y'],
      Object.fromEntries([
        ['__proto__-x', 0],
        ['__proto__', 1],
      ]),
    ],
  ])('%s', (_what, texts, keys) => {
    expect(Object.fromEntries(keyEntries(entries(texts)).map(([key, { at }]) => [key, at]))).toEqual(keys);
  });

  it('are different for different components', () => {
    const two = ['c', 'd'].map((component) => ({ name: 'a', place: 'x', component }));
    expect(keyEntries(two).map(([key]) => key)).toEqual(['a-x', 'a']);
  });

  it('are found at once for thousands that are called alike', () => {
    const many = Array.from({ length: 20_000 }, (_, at) => ({ name: 'a', place: 'x', component: `c${at}` }));
    expect(new Set(keyEntries(many).map(([key]) => key)).size).toBe(many.length);
  });
});
