import { expect, it } from 'vitest';
import { prune, type Schema, slimSchema } from './pruning.ts';

const A = { properties: { a: {} } };
const FREE = { 'x-kubernetes-preserve-unknown-fields': true };

it.each<[string, Schema, object, object, string[]]>([
  [
    'a field that is not declared goes',
    { properties: { spec: A } },
    { spec: { a: 1, b: 2 } },
    { spec: { a: 1 } },
    ['spec.b'],
  ],
  ['a field goes with all that is below it', A, { b: { c: [1] } }, {}, ['b']],
  ['a name of every JavaScript object is none of the schema', A, { toString: 1 }, {}, ['toString']],
  [
    'each item of a list is looked at',
    { properties: { list: { items: A } } },
    { list: [{ a: 1 }, { a: 1, b: 2 }, 3] },
    { list: [{ a: 1 }, { a: 1 }, 3] },
    ['list[1].b'],
  ],
  [
    'a map keeps every key',
    { properties: { map: { additionalProperties: {} } } },
    { map: { x: 1 } },
    { map: { x: 1 } },
    [],
  ],
  [
    'the values of a map are looked at',
    { properties: { map: { additionalProperties: A } } },
    { map: { x: { a: 1, b: 2 } } },
    { map: { x: { a: 1 } } },
    ['map.x.b'],
  ],
  ['what is free stays', { properties: { x: FREE } }, { x: { y: { z: 1 } } }, { x: { y: { z: 1 } } }, []],
  [
    'what is declared inside of what is free is looked at',
    { ...FREE, properties: { x: A } },
    { x: { a: 1, b: 2 }, y: 1 },
    { x: { a: 1 }, y: 1 },
    ['x.b'],
  ],
  [
    'an object inside of another keeps what every object has',
    { properties: { x: { 'x-kubernetes-embedded-resource': true } } },
    { metadata: { name: 'a' }, x: { kind: 'A', apiVersion: 'v1', metadata: { name: 'a' }, b: 1 } },
    { metadata: { name: 'a' }, x: { kind: 'A', apiVersion: 'v1', metadata: { name: 'a' } } },
    ['x.b'],
  ],
  ['null stays where it is declared', { properties: { x: A } }, { x: null }, { x: null }, []],
])('%s', (_why, schema, given, object, left) => {
  const before = structuredClone(given);
  expect(prune(schema, given)).toEqual({ object, left });
  expect(prune(slimSchema(schema), given)).toEqual({ object, left });
  expect(given).toEqual(before);
});

it('an object that is declared in full is returned as it is', () => {
  const object = { a: { b: 1 } };
  expect(prune({ properties: { a: FREE } }, object).object).toBe(object);
});

it('a slim schema holds nothing but what says which fields there are', () => {
  const wordy = {
    type: 'object',
    description: 'words',
    required: ['a'],
    properties: { a: { type: 'string', default: '' } },
  };
  expect(slimSchema(wordy as Schema)).toEqual({ properties: { a: {} } });
});
