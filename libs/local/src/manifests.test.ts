import { isCoded } from '@openfunction/errors';
import { describe, expect, test } from 'vitest';
import { parseManifests } from './manifests.ts';

describe('parseManifests', () => {
  test('keeps the order and leaves out empty documents', () => {
    const text =
      '# first\n---\napiVersion: v1\nkind: A\nmetadata: {name: a}\n---\n---\napiVersion: g/v1\nkind: B\nmetadata: {name: b}\n';
    expect(parseManifests(text).map(({ kind }) => kind)).toEqual(['A', 'B']);
  });

  const broken: [string, string, RegExp][] = [
    ['YAML that cannot be parsed', 'a: [1', /^some\.yaml: .* at line 1/],
    ['a document without a kind', 'apiVersion: v1\nmetadata: {name: a}', /^some\.yaml: a document lacks/],
    ['a document without a name', 'apiVersion: v1\nkind: A', /^some\.yaml: a document lacks/],
    ['a document that is a list', '- a', /^some\.yaml: a document lacks/],
  ];
  test.each(broken)('names the file for %s', (_name, text, message) => {
    const parsing = () => parseManifests(text, 'some.yaml');
    expect(parsing).toThrow(message);
    expect(parsing).toThrow(expect.toSatisfy((error) => isCoded(error, 'config.invalid')));
  });
});
