import type { StructuralSchema } from '@openfunction/api';
import { expect, it } from 'vitest';
import { inDocumentOrder } from './order.ts';
import { printPath } from './problem.ts';

const ITEM: StructuralSchema = { type: 'object', properties: { z: { type: 'string' }, a: { type: 'string' } } };
const SCHEMA: StructuralSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        image: { type: 'string' },
        build: ITEM,
        list: { type: 'array', items: ITEM },
        map: { type: 'object', additionalProperties: ITEM },
      },
    },
  },
};

const ORDERED = [
  ['metadata', 'name'],
  ['spec'],
  ['spec', 'image'],
  ['spec', 'build'],
  ['spec', 'build', 'z'],
  ['spec', 'build', 'a'],
  ['spec', 'list', 2, 'z'],
  ['spec', 'list', 2, 'a'],
  ['spec', 'list', 10],
  ['spec', 'list', 10, 'a'],
  ['spec', 'map', 'b', 'z'],
  ['spec', 'map', 'b', 'a'],
  ['spec', 'map', 'c', 'z'],
  ['spec', 'unknown'],
  ['spec', 'unknown', 'x'],
  ['spec', 'unknown', 'y'],
  ['spec', 'unknown2'],
];

/** `metadata` is described before `spec`, whatever the CRD holds of it. */
const WITH_METADATA = { ...SCHEMA, properties: { metadata: { type: 'object' as const }, ...SCHEMA.properties } };

it.each([
  ['backwards', ORDERED.toReversed()],
  ['by their names', ORDERED.toSorted((left, right) => (left.join() < right.join() ? -1 : 1))],
  ['inside out', ORDERED.toSorted((left, right) => right.length - left.length)],
  ['as they are', ORDERED],
])('problems come in the order of the schema, of items and of keys, from a list that is %s', (_name, paths) => {
  const problems = paths.map((path) => ({ path, reason: 'Invalid' as const, detail: '' }));
  expect(inDocumentOrder(WITH_METADATA, problems).map(({ path }) => printPath(path))).toEqual(ORDERED.map(printPath));
});

it('what an earlier row says about a field stays first', () => {
  const said = (detail: string) => ({ path: ['spec', 'image'], reason: 'Invalid' as const, detail });
  const found = inDocumentOrder(SCHEMA, [said('b'), said('a'), said('c')]);
  expect(found.map(({ detail }) => detail)).toEqual(['b', 'a', 'c']);
});
