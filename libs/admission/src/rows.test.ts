import { FUNCTION_DEFAULTS, FUNCTION_RULES } from '@openfunction/api';
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

describe('default rows', () => {
  for (const row of FUNCTION_DEFAULTS)
    it(`${row.number} ${row.id} turns its example into what it promises`, () => {
      const { object } = applyDefaults([row], row.before, 'create');
      expect(object).toEqual(row.after);
    });

  it('have names of their own', () => {
    const ids = FUNCTION_DEFAULTS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('never throw, and applied twice change nothing more, whatever the JSON', () => {
    fc.assert(
      fc.property(functionLike, (object) => {
        const text = JSON.stringify(object);
        const once = applyDefaults(FUNCTION_DEFAULTS, object, 'create');
        const twice = applyDefaults(FUNCTION_DEFAULTS, once.object, 'create');
        expect(twice.set).toEqual([]);
        expect(twice.object).toEqual(once.object);
        expect(JSON.stringify(object)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});

describe('rule rows', () => {
  it.each(Array.from({ length: 40 }, (_, index) => `V${index + 1}`))('there is one for %s', (number) => {
    expect(FUNCTION_RULES.map((rule) => rule.number)).toContain(number);
  });

  for (const rule of FUNCTION_RULES) {
    it(`${rule.number} ${rule.id} accepts its good example`, () => {
      expect(rule.broken(rule.accepts)).toBeUndefined();
    });

    it(`${rule.number} ${rule.id} refuses its bad example, alone among the rules of its level`, () => {
      const speaking = FUNCTION_RULES.filter(({ level, broken }) => level === rule.level && broken(rule.refuses));
      expect(speaking.map(({ id }) => id)).toEqual([rule.id]);
      expect(
        [rule.broken(rule.refuses)]
          .flat()
          .map((complaint) => (complaint?.at === undefined ? rule.path : printPath(complaint.at))),
      ).toEqual([rule.path.replace('[]', '[0]')]);
    });
  }

  it('have names of their own', () => {
    const ids = FUNCTION_RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('never throw, whatever the JSON', () => {
    fc.assert(
      fc.property(functionLike, (object) => {
        for (const { broken } of FUNCTION_RULES) broken(object);
      }),
      { numRuns: 300 },
    );
  });
});
