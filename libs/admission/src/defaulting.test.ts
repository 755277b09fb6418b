import { describe, expect, it } from 'vitest';
import { patchBetween, patchOf, pointer, withField, withValue } from './defaulting.ts';

describe('the patch between two objects', () => {
  it.each<[string, unknown, unknown, unknown[]]>([
    ['nothing, where nothing differs', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ['an added member', { a: 1 }, { a: 1, b: { c: 2 } }, [{ op: 'add', path: '/b', value: { c: 2 } }]],
    ['a removed member', { a: 1, b: 2 }, { a: 1 }, [{ op: 'remove', path: '/b' }]],
    ['a replaced leaf', { a: { b: 1, c: 1 } }, { a: { b: 2, c: 1 } }, [{ op: 'replace', path: '/a/b', value: 2 }]],
    ['null for a value', { a: 1 }, { a: null }, [{ op: 'replace', path: '/a', value: null }]],
    ['a list as a whole', { a: [1, 2] }, { a: [1, 3] }, [{ op: 'replace', path: '/a', value: [1, 3] }]],
    ['an object for a leaf', { a: 1 }, { a: { b: 1 } }, [{ op: 'replace', path: '/a', value: { b: 1 } }]],
    ['a leaf for an object', { a: { b: 1 } }, { a: 1 }, [{ op: 'replace', path: '/a', value: 1 }]],
    [
      'several, each at its own place',
      { a: { x: 1 }, b: 1 },
      { a: { y: 1 }, c: 1 },
      [
        { op: 'remove', path: '/a/x' },
        { op: 'add', path: '/a/y', value: 1 },
        { op: 'remove', path: '/b' },
        { op: 'add', path: '/c', value: 1 },
      ],
    ],
    ['names with slashes', { 'a/b~c': 1 }, { 'a/b~c': 2 }, [{ op: 'replace', path: '/a~1b~0c', value: 2 }]],
  ])('is %s', (_name, from, to, patch) => {
    expect(patchBetween(from, to)).toEqual(patch);
  });
});

describe('setting fields', () => {
  const start = { object: { a: { b: 1 } }, set: [] };

  it('notes the outermost field alone', () => {
    const inner = withField(start, ['n', 'x'], 1);
    const outer = withField(inner, ['n'], { x: 2 });
    expect(outer).toEqual({ object: { a: { b: 1 }, n: { x: 2 } }, set: [['n']] });
    expect(withField(outer, ['n', 'y'], 3)).toEqual({ object: { a: { b: 1 }, n: { x: 2, y: 3 } }, set: [['n']] });
    expect(withField(withField(start, ['n'], 1), ['m'], 1).set).toEqual([['n'], ['m']]);
  });

  it('leaves an object alone whose field has the value', () => {
    expect(withField(start, ['a', 'b'], 1)).toBe(start);
    expect(withField(start, ['c'], undefined)).toBe(start);
  });

  it('touches nothing that it was given', () => {
    const object = { list: [{ a: 1 }, { a: 2 }] };
    expect(withValue(object, ['list', 1, 'a'], 3)).toEqual({ list: [{ a: 1 }, { a: 3 }] });
    expect(withValue(object, ['list', 0, 'a'], undefined)).toEqual({ list: [{}, { a: 2 }] });
    expect(withValue('text', ['a'], 1)).toEqual({ a: 1 });
    expect(object).toEqual({ list: [{ a: 1 }, { a: 2 }] });
  });

  it('gives a patch that adds, replaces and removes', () => {
    const draft = [
      [['a', 'b'], 2],
      [['a', 'c'], 3],
      [['d'], undefined],
    ].reduce((now, [path, value]) => withField(now, path as string[], value), {
      ...start,
      object: { a: { b: 1 }, d: 4 },
    } as Parameters<typeof withField>[0]);
    expect(patchOf({ a: { b: 1 }, d: 4 }, draft)).toEqual([
      { op: 'replace', path: '/a/b', value: 2 },
      { op: 'add', path: '/a/c', value: 3 },
      { op: 'remove', path: '/d' },
    ]);
    // A field that came and went again is nothing to an API server.
    expect(patchOf({ a: 1 }, { object: { a: 1 }, set: [['gone']] })).toEqual([]);
    // And so is one that went and came again.
    expect(patchOf({ a: { b: 1 } }, { object: { a: { b: 1 } }, set: [['a']] })).toEqual([]);
  });

  it('writes pointers', () => {
    expect(pointer([])).toBe('');
    expect(pointer(['a', 0, 'm/n', 'x~y'])).toBe('/a/0/m~1n/x~0y');
  });
});
