import { describe, expect, it } from 'vitest';
import { applyPatch, type Operation } from './json-patch.ts';

describe('a JSON patch', () => {
  it.each<[string, unknown, Operation[], unknown]>([
    ['A.1 adds a member', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
    [
      'A.2 adds an item of a list',
      { foo: ['bar', 'baz'] },
      [{ op: 'add', path: '/foo/1', value: 'qux' }],
      { foo: ['bar', 'qux', 'baz'] },
    ],
    ['A.3 removes a member', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
    [
      'A.4 removes an item of a list',
      { foo: ['bar', 'qux', 'baz'] },
      [{ op: 'remove', path: '/foo/1' }],
      { foo: ['bar', 'baz'] },
    ],
    ['A.5 replaces a value', { baz: 'qux' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo' }],
    [
      'A.10 adds an object within another',
      { foo: 'bar' },
      [{ op: 'add', path: '/child', value: { grandchild: {} } }],
      { foo: 'bar', child: { grandchild: {} } },
    ],
    ['A.14 reads escapes', { '/': 9, '~1': 10 }, [{ op: 'replace', path: '/~01', value: 11 }], { '/': 9, '~1': 11 }],
    [
      'A.16 adds a list as an item',
      { foo: ['bar'] },
      [{ op: 'add', path: '/foo/-', value: ['abc'] }],
      { foo: ['bar', ['abc']] },
    ],
    ['adds over what is there', { a: 1 }, [{ op: 'add', path: '/a', value: 2 }], { a: 2 }],
    [
      'takes __proto__ for a name',
      JSON.parse('{"__proto__":{}}'),
      [{ op: 'add', path: '/__proto__/a', value: 1 }],
      JSON.parse('{"__proto__":{"a":1}}'),
    ],
  ])('%s', (_name, document, operations, expected) => {
    expect(JSON.stringify(sorted(applyPatch(document, operations)))).toBe(JSON.stringify(sorted(expected)));
  });

  it.each<[string, unknown, Operation]>([
    ['adds below what is not there (A.12)', { foo: 'bar' }, { op: 'add', path: '/baz/bat', value: 'qux' }],
    ['replaces what is not there', {}, { op: 'replace', path: '/a', value: 1 }],
    ['removes what is not there', { a: [] }, { op: 'remove', path: '/a/0' }],
    ['adds below null', { a: null }, { op: 'add', path: '/a/b', value: 1 }],
    ['does what nobody knows', { a: 1 }, { op: 'increase', path: '/a' }],
  ])('fails where it %s', (_name, document, operation) => {
    expect(() => applyPatch(document, [operation])).toThrow();
  });
});

/** Members in one order, so that texts can be compared: `toEqual` looks past a member named `__proto__`. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}
