import { describe, expect, it } from 'vitest';
import { ask, type Complaint, type Rule } from '../rules.ts';
import { GATEWAY_DEFAULTS } from './defaults.ts';
import { gateway } from './examples.ts';
import { GATEWAY_RULES } from './rules.ts';

function complaintsOf(rule: Rule, object: unknown): readonly Complaint[] {
  return [ask(rule, object, rule.seen) ?? []].flat();
}

/** A field path as the rows write it, the index of the first listener for `[]`. */
function fieldOf(rule: Rule, { at }: Complaint): string {
  if (at === undefined) return rule.path;
  return at
    .map((segment) => (typeof segment === 'number' ? '[]' : `.${segment}`))
    .join('')
    .slice(1);
}

describe('rows of the Gateway', () => {
  it.each(GATEWAY_RULES.map((rule) => [rule.number, rule.id, rule] as const))(
    '%s %s refuses its bad example, alone among the rules of its level, and accepts its good one',
    (_number, _id, rule) => {
      const speaking = GATEWAY_RULES.filter(
        (other) =>
          other.level === rule.level && complaintsOf({ ...other, seen: rule.seen ?? {} }, rule.refuses).length > 0,
      );
      expect(speaking.map(({ id }) => id)).toEqual([rule.id]);
      expect(complaintsOf(rule, rule.refuses).map((complaint) => fieldOf(rule, complaint))).toEqual([rule.path]);
      const strict = GATEWAY_RULES.filter(({ level }) => level === 'deny' || level === rule.level);
      expect(strict.flatMap((other) => complaintsOf({ ...other, seen: rule.seen ?? {} }, rule.accepts))).toEqual([]);
    },
  );

  it('have names of their own', () => {
    const ids = [...GATEWAY_RULES, ...GATEWAY_DEFAULTS].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('keep the schema words of a field apart: no two rows put the same word on one field', () => {
    const words = GATEWAY_RULES.flatMap(({ twin, path }) =>
      twin !== undefined && twin !== 'schema' && 'words' in twin
        ? Object.keys(twin.words).map((word) => `${path} ${word}`)
        : [],
    );
    expect(words.length).toBeGreaterThan(0);
    expect(new Set(words).size).toBe(words.length);
  });
});

/** The schema words hold a text exactly where the row does; else the API server would refuse what admission accepts. */
describe('schema words of a row', () => {
  const texts = [
    '',
    ' ',
    'ofn.io',
    '*.ofn.io',
    'OFN.io',
    'a'.repeat(64),
    `${'a'.repeat(63)}.io`,
    `${'a.'.repeat(125)}io`,
    'ofn.io/gateway',
    '/gateway',
    'a b',
    '{{.Name}}.{{- .Foo -}} b',
    '{{if .Name}}',
    '{{{.Name}}',
    '{{/* comment */}}',
    'x'.repeat(1025),
    `${'x'.repeat(1022)}{{`,
    '{{/* a */ b */}}',
    '{{.Foo}}{{/* open',
  ];
  const rules = GATEWAY_RULES.filter(
    ({ twin }) => twin !== undefined && twin !== 'schema' && 'words' in twin && !('maxItems' in twin.words),
  );

  it.each(rules.map((rule) => [rule.number, rule.id, rule] as const))('%s %s say what it says', (_n, _id, rule) => {
    const field = rule.path.slice('spec.'.length);
    const {
      pattern,
      minLength = 0,
      maxLength = Number.POSITIVE_INFINITY,
    } = rule.twin !== undefined && rule.twin !== 'schema' && 'words' in rule.twin ? rule.twin.words : {};
    const judged = texts.map((text) => {
      const isHeld = text.length >= minLength && text.length <= maxLength && new RegExp(pattern ?? '').test(text);
      return { text, isHeld, isAccepted: complaintsOf(rule, gateway({ [field]: text })).length === 0 };
    });
    expect(judged.filter(({ isHeld, isAccepted }) => isHeld !== isAccepted)).toEqual([]);
    expect(judged.some(({ isHeld }) => !isHeld)).toBe(true);
  });
});
