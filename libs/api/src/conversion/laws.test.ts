import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { isEqual, type Tree } from '../json.ts';
import { isObject } from '../rules.ts';
import { convert, V1BETA1_PRESERVED, V1BETA2_PRESERVED } from './convert.ts';
import { writeJson } from './json-text.ts';

const GROUP = 'core.openfunction.io';
const KINDS = { Function: 'functions', Builder: 'builders', Serving: 'servings' } as const;
const OTHER = { v1beta1: 'v1beta2', v1beta2: 'v1beta1' } as const;
type Kind = keyof typeof KINDS;
type Version = keyof typeof OTHER;

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema;
  items?: Schema;
  enum?: unknown[];
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

function schemaOf(kind: Kind, version: Version): Schema {
  const file = new URL(`../../../../deploy/crds/${KINDS[kind]}.${GROUP}.yaml`, import.meta.url);
  const { spec } = parse(readFileSync(file, 'utf8'));
  return spec.versions.find(({ name }: { name: string }) => name === version).schema.openAPIV3Schema;
}

/** Few words, so that components are found, names meet and values are equal now and then. */
const word = fc.constantFrom(
  'k',
  'in',
  'a',
  'true',
  '',
  'Deployment',
  'Job',
  'bindings.kafka',
  '__proto__',
  '# - x: "',
);

/** Any object that a schema allows. Pod templates are all alike to conversion, so one small one stands for them. */
function allowedBy(schema: Schema, name = ''): fc.Arbitrary<unknown> {
  if (name === 'template') return fc.constant({ containers: [{ name: 'function' }] });
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'string') return word;
  if (schema.type === 'integer' || schema.type === 'number') return fc.integer({ min: 0, max: 3 });
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'array') return fc.array(allowedBy(schema.items ?? {}), { maxLength: 3 });
  if (schema.additionalProperties !== undefined) return mapOf(allowedBy(schema.additionalProperties));
  if (schema.properties === undefined) return fc.oneof(word, fc.integer({ min: 0, max: 1 }), fc.constant({}));
  const fields = Object.entries(schema.properties).map(([key, value]) => [key, allowedBy(value, key)] as const);
  return fc
    .record(Object.fromEntries(fields), { requiredKeys: schema.required ?? [] })
    .map((object) => ({ ...object }));
}

function mapOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .array(fc.tuple(word, value), { maxLength: 3 })
    .map((entries) =>
      JSON.parse(`{${entries.map(([key, item]) => `${writeJson(key)}:${writeJson(item)}`).join(',')}}`),
    );
}

const HOOKS = ['', '{}', 'order: [a, b]', 'pre: [a]\npost: [b, a]\n', 'null', '# nothing'];
const TRACING = 'enabled: true\nprovider: {name: skywalking, other: 1}\ntags: {a: b}';
const goodTexts = { plugins: fc.constantFrom(...HOOKS), 'plugins.tracing': fc.constantFrom('', TRACING) };
const anyText = fc.constantFrom(
  ...HOOKS,
  TRACING,
  'pre: a',
  '[',
  'a: &a [1]\nb: *a',
  '[]',
  '%YAML 1.1\n---\n!!set {a}',
);
const texts = { plugins: anyText, 'plugins.tracing': anyText };

/** Annotations that are there at all hold something: conversion takes empty ones off with its own. */
function objectsOf(
  kind: Kind,
  version: Version,
  plugins: Record<string, fc.Arbitrary<string>>,
  parts: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<Tree> {
  const head = { apiVersion: fc.constant(`${GROUP}/${version}`), kind: fc.constant(kind) };
  const annotations = fc.record({ ...plugins, other: word }, { requiredKeys: ['other'] });
  const managedFields = fc.constant([{ manager: 'm' }]);
  const metadata = fc.record({ name: word, annotations, managedFields }, { requiredKeys: ['name'] });
  return fc.record({ ...head, metadata, ...parts }, { requiredKeys: ['apiVersion', 'kind', 'metadata'] });
}

const FIELDS =
  'spec status serving build triggers http dapr inputs outputs port route runtime name component type params metadata ' +
  'states bindings pubsub scaleOptions keda scaledObject scaledJob minReplicas maxReplicas minReplicaCount workloadType ' +
  'shipwright value hooks tracing pre post policy reason message fallback targetKind __proto__ constructor unknown';

/** Trees with the right names in the wrong places. */
const { junk } = fc.letrec<{ junk: unknown }>((tie) => ({
  junk: fc.oneof(
    { maxDepth: 6, depthSize: 'medium' },
    fc.constantFrom('k', 'in', 'knative', 'async', '', null, 0, true),
    fc
      .array(fc.tuple(fc.constantFrom(...FIELDS.split(' ')), tie('junk')), { maxLength: 5 })
      .map((entries) =>
        JSON.parse(`{${entries.map(([key, item]) => `${writeJson(key)}:${writeJson(item)}`).join(',')}}`),
      ),
    fc.array(tie('junk'), { maxLength: 3 }),
  ),
}));

function converted(object: unknown, version: Version): Tree {
  const result = convert(object, `${GROUP}/${version}`);
  if ('problem' in result) throw new Error(result.problem);
  return result.object as Tree;
}

function expectEqual(actual: unknown, expected: unknown): void {
  // The quick comparison first: the other one is for its message.
  if (!isEqual(actual, expected)) expect(actual).toEqual(expected);
}

/** As it comes back from the API server: parsed from text, members in any order. */
function overTheWire(object: unknown): unknown {
  return JSON.parse(writeJson(object));
}

const ways = (Object.keys(KINDS) as Kind[]).flatMap((kind) => [[kind, 'v1beta1'] as const, [kind, 'v1beta2'] as const]);

// Thousands of objects each: many times the usual test, and its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

describe.each(ways)('conversion of %s from %s', (kind, version) => {
  const other = OTHER[version];
  const schema = schemaOf(kind, version);
  const otherSchema = schemaOf(kind, other);
  const allowed = objectsOf(kind, version, goodTexts, partsOf(schema, allowedBy));
  const wrong = objectsOf(kind, version, texts, { spec: junk, status: junk });

  it.each([
    ['objects with fields in the wrong places', wrong, 4_000],
    ['objects that the schema allows', allowed, 3_400],
  ] as const)(
    'law: there and back gives the object again, and back and there the converted one: %s',
    (_name, objects, numRuns) => {
      fc.assert(
        fc.property(objects, (object) => {
          const before = writeJson(object);
          const there = converted(object, other);
          const back = converted(overTheWire(there), version);
          expectEqual(back, object);
          expectEqual(converted(back, other), there);
          expect(writeJson(object)).toBe(before);
        }),
        { numRuns },
      );
    },
  );

  it('law: an edit of a label changes the label, and nothing but annotations of metadata changes in conversion', () => {
    fc.assert(
      fc.property(wrong, (object) => {
        const there = converted(object, other) as { metadata: Tree };
        const labelled = { ...there, metadata: { ...there.metadata, labels: { x: 'y' } } };
        const { metadata } = object as { metadata: Tree };
        expectEqual(converted(labelled, version), { ...object, metadata: { ...metadata, labels: { x: 'y' } } });
        expectEqual({ ...there.metadata, annotations: 0 }, { ...metadata, annotations: 0 });
      }),
      { numRuns: 3_400 },
    );
  });

  it('law: any preservation annotation is taken; after one conversion there is nothing more to change', () => {
    const change = fc.oneof(
      word,
      fc.json(),
      junk.map(writeJson),
      junk.map((fields) => writeJson({ fields })),
    );
    fc.assert(
      fc.property(wrong, change, change, (object, first, second) => {
        const metadata = { annotations: { [V1BETA1_PRESERVED]: first, [V1BETA2_PRESERVED]: second, other: '' } };
        const there = converted({ ...object, metadata }, other);
        expectEqual(converted(converted(there, version), other), there);
      }),
      { numRuns: 3_400 },
    );
  });

  it('law: what the schema allows becomes what the other schema knows and allows, so that it can be written again', () => {
    // Words that v1beta1 leaves open and v1beta2 lists are for the rules to judge.
    const parts = Object.entries(
      partsOf(other === 'v1beta1' ? otherSchema : withoutWords(otherSchema), (part) => part),
    );
    fc.assert(
      fc.property(allowed, (object) => {
        const there = converted(object, other);
        expect(parts.flatMap(([name, part]) => faults(there[name], part, name))).toEqual([]);
      }),
      { numRuns: 3_400 },
    );
  });
});

function partsOf<Part>({ properties }: Schema, make: (part: Schema) => Part): Record<string, Part> {
  return { spec: make(properties?.['spec'] ?? {}), status: make(properties?.['status'] ?? {}) };
}

function withoutWords(schema: Schema): Schema {
  return JSON.parse(
    JSON.stringify(schema, (key, value) => (key === 'enum' && Array.isArray(value) ? undefined : value)),
  );
}

/** Paths of fields that a schema does not know, of required ones that are not there, and of wrong types or words. */
function faults(value: unknown, schema: Schema, path = ''): string[] {
  if (value === undefined) return [];
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : [`${path}: not in enum`];
  if (schema.type === 'array')
    return Array.isArray(value)
      ? value.flatMap((item, at) => faults(item, schema.items ?? {}, `${path}[${at}]`))
      : [`${path}: no list`];
  if (schema.type !== 'object')
    return schema.type === undefined || typeof value === schema.type || typeof value === 'number'
      ? []
      : [`${path}: type`];
  if (!isObject(value)) return [`${path}: no object`];
  const missing = (schema.required ?? [])
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => `${path}.${key}: missing`);
  const members = Object.keys(value).flatMap((key) => {
    const properties = schema.properties ?? {};
    const member = Object.hasOwn(properties, key) ? properties[key] : schema.additionalProperties;
    if (member !== undefined) return faults(value[key], member, `${path}.${key}`);
    return schema['x-kubernetes-preserve-unknown-fields'] === true ? [] : [`${path}.${key}: unknown`];
  });
  return [...missing, ...members];
}
