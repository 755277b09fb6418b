import type { Rule, StructuralSchema, Twin } from '@openfunction/api';
import { expect, it } from 'vitest';
import { withTwins } from './twins.ts';

const SCHEMA: StructuralSchema = {
  type: 'object',
  properties: {
    list: { type: 'array', items: { type: 'object', properties: { count: { type: 'integer', minimum: 0 } } } },
    name: { type: 'string' },
  },
};

function rule(path: string, twin?: Twin): Rule {
  const row = { id: 'r', number: 'V1', path, on: ['create' as const], level: 'deny' as const, says: '' };
  return { ...row, ...(twin && { twin }), broken: () => undefined, accepts: {}, refuses: {} };
}

it('puts words on the field of the row, through lists, and leaves the schema itself alone', () => {
  const made = withTwins(SCHEMA, [
    rule('list[].count', { words: { minimum: 0, maximum: 9 } }),
    rule('name', 'schema'),
    rule('name'),
  ]);
  expect(made.properties?.['list']?.items?.properties?.['count']).toEqual({ type: 'integer', minimum: 0, maximum: 9 });
  expect(SCHEMA.properties?.['list']?.items?.properties?.['count']).toEqual({ type: 'integer', minimum: 0 });
  expect(made.properties?.['name']).toEqual({ type: 'string' });
});

it('collects CEL rules where they belong, and says when one is for new objects only', () => {
  const made = withTwins(SCHEMA, [
    rule('name', { at: '', cel: 'has(self.name)', message: 'm' }),
    rule('name', { at: '', cel: 'true', message: 'm', onCreateOnly: true }),
  ]);
  expect(made['x-kubernetes-validations']).toEqual([
    { rule: 'has(self.name)', message: 'm' },
    { rule: 'oldSelf.hasValue() || (true)', message: 'm', optionalOldSelf: true },
  ]);
});

it.each([
  ['a field that is not there', 'list[].other', { words: { minimum: 0 } }, 'has no other'],
  ['a contradiction', 'list[].count', { words: { minimum: 1 } }, 'already says minimum: 0'],
])('refuses %s', (_, path, twin, message) => {
  expect(() => withTwins(SCHEMA, [rule(path, twin)])).toThrow(message);
});
