import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEqual } from '../json.ts';
import { writeJson } from './json-text.ts';
import { type Change, diff, merge } from './preserve.ts';

/** JSON as it comes off the wire: no -0, `__proto__` is a key like any other. */
const json = fc.json({ maxDepth: 5 }).map((text) => JSON.parse(text) as unknown);
const word = fc.constantFrom('a', 'b', 'c', '', 'name', '__proto__', 'dapr', 'constructor');
const leaf = fc.oneof(word, fc.integer({ min: -2, max: 2 }), fc.constantFrom(null, true, false));

/** Small trees over few words, so that two of them have much in common: lists with names, without, and with doubles. */
const { tree } = fc.letrec<{ tree: unknown }>((tie) => {
  const record = (keys: fc.Arbitrary<string>) =>
    fc
      .array(fc.tuple(keys, tie('tree')), { maxLength: 4 })
      .map((entries) => JSON.parse(`{${entries.map(([k, v]) => `${JSON.stringify(k)}:${writeJson(v)}`).join(',')}}`));
  const named = fc.tuple(word, record(word)).map(([name, rest]) => ({ ...rest, name }));
  const dapr = fc.tuple(word, record(word)).map(([name, rest]) => ({ ...rest, dapr: { name } }));
  return {
    tree: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf,
      record(word),
      fc.array(named, { maxLength: 4 }),
      fc.array(fc.oneof(dapr, record(word)), { maxLength: 4 }),
      fc.array(tie('tree'), { maxLength: 3 }),
    ),
  };
});

function throughText(change: Change | undefined): unknown {
  return change === undefined ? undefined : JSON.parse(writeJson(change));
}

describe('diff and merge', () => {
  it.each([
    ['any JSON', json, 5_000],
    ['trees that have much in common', tree, 20_000],
  ] as const)('law: merging the difference of a and b into a gives b: %s', (_name, arbitrary, numRuns) => {
    fc.assert(
      fc.property(arbitrary, arbitrary, (a, b) => {
        const merged = merge(a, throughText(diff(a, b)));
        expect(isEqual(merged, b) ? b : merged).toEqual(b);
      }),
      { numRuns },
    );
  });

  it('law: equal trees have no difference, whatever the order of their keys', () => {
    fc.assert(
      fc.property(tree, (a) => {
        expect(diff(a, JSON.parse(writeJson(a)))).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it('law: any JSON can be merged as a change, into any JSON, and leaves it untouched where it does not fit', () => {
    fc.assert(
      fc.property(tree, tree, json, (a, b, noise) => {
        const before = writeJson(a);
        merge(a, noise);
        merge(a, { fields: noise });
        merge(a, { by: 'name', items: noise, order: noise });
        merge(a, throughText(diff(b, a)));
        expect(writeJson(a)).toBe(before);
      }),
      { numRuns: 5_000 },
    );
  });

  const from = { port: 1, list: [{ name: 'x', v: 1 }], tags: ['t'], deep: { a: 1 } };
  const to = { port: 2, list: [{ name: 'x', v: 2 }], tags: ['u'], deep: { a: 1, b: 1 } };
  const change = diff(from, to);

  it.each([
    ['nothing edited: all of it', from, to],
    ['a field no entry touches: all of it, and the edit', { ...from, other: 1 }, { ...to, other: 1 }],
    ['a field an entry touches: that entry is dropped', { ...from, port: 9 }, { ...to, port: 9 }],
    [
      'an item an entry touches is gone: that entry is dropped',
      { ...from, list: [{ name: 'y' }] },
      { ...to, list: [{ name: 'y' }] },
    ],
    [
      'an item is added: it stays',
      { ...from, list: [{ name: 'y' }, ...from.list] },
      { ...to, list: [{ name: 'y' }, ...to.list] },
    ],
    ['a list of plain values is one value', { ...from, tags: ['t', 'v'] }, { ...to, tags: ['t', 'v'] }],
    ['the object around an added field is gone: dropped', { ...from, deep: 5 }, { ...to, deep: 5 }],
    [
      'a field that was absent is there now: it stays',
      { ...from, deep: { a: 1, b: 7 } },
      { ...to, deep: { a: 1, b: 7 } },
    ],
  ])('after an edit, the change still applies where it may: %s', (_name, edited, expected) => {
    expect(merge(edited, change)).toEqual(expected);
  });

  it('does not double an item without a name that was edited meanwhile', () => {
    const scalers = diff(
      [{ type: 'cron', start: '1' }, { type: 'cpu' }],
      [{ type: 'cron', start: '1', kind: 'job' }, { type: 'cpu' }],
    );
    expect(merge([{ type: 'cron', start: '2' }, { type: 'cpu' }], scalers)).toEqual([
      { type: 'cron', start: '2' },
      { type: 'cpu' },
    ]);
    expect(merge([{ type: 'cpu' }, { type: 'cron', start: '1' }], scalers)).toEqual([
      { type: 'cpu' },
      { type: 'cron', start: '1', kind: 'job' },
    ]);
  });

  it('takes a list of items without names as one value when items go and others come', () => {
    const scalers = diff([{ type: 'cron', start: '1' }], [{ type: 'cron', start: '1', kind: 'job' }, {}]);
    expect(merge([{ type: 'cron', start: '2' }], scalers)).toEqual([{ type: 'cron', start: '2' }]);
  });

  it('does not add an item under a name that is taken meanwhile', () => {
    const added = diff({ list: [] }, { list: [{ name: 'x', v: 1 }] });
    expect(merge({ list: [{ name: 'x', v: 2 }] }, added)).toEqual({ list: [{ name: 'x', v: 2 }] });
  });

  it('takes trees of 100,000 levels', () => {
    const deep = (value: string) => JSON.parse('{"a":['.repeat(50_000) + value + ']}'.repeat(50_000));
    const change = diff({ x: deep('1') }, { x: deep('2') });
    expect(isEqual(merge({ x: deep('1') }, JSON.parse(writeJson(change))), { x: deep('2') })).toBe(true);
    expect(isEqual(merge({ x: deep('3') }, change), { x: deep('3') })).toBe(true);
  });
});
