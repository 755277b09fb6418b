import { ADMISSION_TABLES, ask, FUNCTION_RULES, segments } from '@openfunction/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDefaults } from './defaulting.ts';
import { printPath } from './problem.ts';

/** Any JSON, and JSON that has the members a Function has, with anything in them. */
const FIELDS = [
  'spec',
  'serving',
  'triggers',
  'http',
  'dapr',
  'route',
  'gatewayRef',
  'port',
  'version',
  'build',
  'srcRepo',
];
const MORE_FIELDS = [
  'url',
  'bundleContainer',
  'image',
  'timeout',
  'builderMaxAge',
  'imageCredentials',
  'name',
  '__proto__',
];
const { functionLike } = fc.letrec<{ functionLike: unknown; members: object }>((tie) => ({
  functionLike: fc.oneof(
    { depthSize: 'large', maxDepth: 5 },
    fc.jsonValue({ maxDepth: 1 }),
    tie('members'),
    tie('members'),
  ),
  members: fc.dictionary(fc.constantFrom(...FIELDS, ...MORE_FIELDS), tie('functionLike'), { maxKeys: 4 }),
}));

/** Any path that a row's path stands for. */
function pathPattern(path: string): RegExp {
  const names = segments(path).map((name) => name.replaceAll(/[.]/g, '[.]').replace('[]', '\\[\\d+\\]'));
  const joined = names.map((name) => (name === '*' ? '.+' : /[./]/.test(name) ? `\\[${name}\\]` : `.${name}`)).join('');
  return new RegExp(`^${joined.slice(1)}$`);
}

describe.each(ADMISSION_TABLES)('$kind.kind', ({ defaults, rules }) => {
  for (const row of defaults)
    it(`${row.number} ${row.id} turns its example into what it promises`, () => {
      const { object } = applyDefaults([row], row.before, row.on.includes('create') ? 'create' : 'update', row.old);
      expect(object).toEqual(row.after);
    });

  it.each(['create', 'update'] as const)(
    'defaults never throw, and applied twice change nothing more: %s',
    (operation) => {
      fc.assert(
        fc.property(functionLike, functionLike, (object, old) => {
          const text = JSON.stringify(object);
          const once = applyDefaults(defaults, object, operation, old);
          const twice = applyDefaults(defaults, once.object, operation, old);
          expect(twice.set).toEqual([]);
          expect(twice.object).toEqual(once.object);
          expect(JSON.stringify(object)).toBe(text);
        }),
        { numRuns: 300 },
      );
    },
  );

  for (const rule of rules) {
    it(`${rule.number} ${rule.id} accepts its good example`, () => {
      expect(ask(rule, rule.accepts, rule.seen)).toBeUndefined();
    });

    it(`${rule.number} ${rule.id} refuses its bad example${rule.level === 'deny' ? ', alone among the rules' : ''}`, () => {
      const seen = rule.seen ?? {};
      const operation = rule.on.includes('create') ? 'create' : 'update';
      const denying = rules.filter(
        (other) =>
          other.level === 'deny' && other.on.includes(operation) && ask(other, rule.refuses, seen) !== undefined,
      );
      if (rule.level === 'deny') expect(denying.map(({ id }) => id)).toContain(rule.id);
      // A stored object may hold what is refused today.
      if (seen.old === undefined) expect(denying).toHaveLength(rule.level === 'deny' ? 1 : 0);
      for (const complaint of [ask(rule, rule.refuses, seen)].flat())
        expect(printPath(complaint?.at ?? segments(rule.path))).toMatch(pathPattern(rule.path));
    });
  }

  it('rows have names of their own', () => {
    for (const rows of [defaults, rules]) expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  it('rules never throw, whatever the JSON', () => {
    fc.assert(
      fc.property(functionLike, functionLike, (object, old) => {
        for (const rule of rules) ask(rule, object, { old, exists: () => false });
      }),
      { numRuns: 300 },
    );
  });
});

it.each(Array.from({ length: 40 }, (_, index) => `V${index + 1}`))('there is a rule for %s', (number) => {
  expect(FUNCTION_RULES.map((rule) => rule.number)).toContain(number);
});
