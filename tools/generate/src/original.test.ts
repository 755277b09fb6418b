import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canonicalJson, kindId, type StructuralSchema } from '@openfunction/api';
import { CRDS } from '@openfunction/api/crds';
import { BUILDER_SCHEMA, FUNCTION_SCHEMA, GATEWAY_SCHEMA, SERVING_SCHEMA } from '@openfunction/api/schemas';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

/**
 * Holds our schemas against the CRDs of OpenFunction v1.2: every field, default, enum, limit and required list of theirs
 * is in ours, nothing is newly required, and what we add is known here by name.
 */
const FOLDER = resolve(import.meta.dirname, '../../../../shared/data/openfunction/crds');
const MISSING = existsSync(FOLDER) ? '' : ` (skipped: the original's CRDs are not at ${FOLDER})`;

const OURS: Record<string, StructuralSchema> = {
  Function: FUNCTION_SCHEMA,
  Builder: BUILDER_SCHEMA,
  Serving: SERVING_SCHEMA,
  Gateway: GATEWAY_SCHEMA,
};

/** Fields of ours that the original lacks, outside of pod templates. */
const ADDED: Record<string, string[]> = {
  Function: ['status.conditions', 'status.observedGeneration', 'status.url'],
  Builder: ['status.conditions', 'status.observedGeneration'],
  Serving: ['status.conditions', 'status.observedGeneration', 'status.service'],
  Gateway: [],
};

/** Alpha fields of Kubernetes 1.26 that later releases removed: no API server of today takes the pod that carries them. */
const REMOVED_UPSTREAM =
  /template\.(resourceClaims\[\]\.source|volumes\[\]\.ephemeral\.volumeClaimTemplate\.spec\.resources\.claims)(\.|\[|$)/;
/** A list key needs a default where it is not required. */
const KEY_DEFAULT = /template\.(imagePullSecrets\[\]\.name|hostAliases\[\]\.ip)$/;
/** Their schema says object; the installation patches it to any JSON, as in ours. */
const ANY_JSON = /\.metadata\[\]\.value$/;
const WORDS = [
  'type',
  'format',
  'default',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
];
const MORE_WORDS = ['maxItems', 'maxProperties', 'nullable', 'anyOf', 'x-kubernetes-int-or-string'];
const MERGE_WORDS = ['x-kubernetes-map-type', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys'];

describe.skipIf(MISSING !== '')(`the schemas and the CRDs of OpenFunction v1.2${MISSING}`, () => {
  for (const { kind } of CRDS) {
    const theirs = () => fields(originalSchema(kindId(kind), kind.versions[0]));
    const ours = fields(OURS[kind.kind] as StructuralSchema);

    it(`${kind.kind}: no field is missing`, () => {
      const missing = [...theirs().keys()].filter((path) => !ours.has(path) && !REMOVED_UPSTREAM.test(path));
      expect(missing).toEqual([]);
    });

    it(`${kind.kind}: every default, enum and limit is the same`, () => {
      const different = [...theirs()].flatMap(([path, schema]) => differences(path, schema, ours.get(path)));
      expect(different).toEqual([]);
    });

    it(`${kind.kind}: the same fields are required`, () => {
      const before = theirs();
      for (const [path, schema] of ours) {
        const original = before.get(path);
        if (original) expect([path, schema.required ?? []]).toEqual([path, [...(original.required ?? [])].sort()]);
      }
    });

    it(`${kind.kind}: what is added is known`, () => {
      const before = theirs();
      const added = [...ours.keys()].filter((path) => !before.has(path) && !path.includes('template.'));
      const tops = added.filter((path) => !added.includes(path.replace(/(\[\]|\.[^.[]+)$/, '')));
      expect(tops.sort()).toEqual(ADDED[kind.kind]);
    });
  }
});

function originalSchema(crd: string, version: string): StructuralSchema {
  const [plural, ...group] = crd.split('.');
  const text = readFileSync(join(FOLDER, `${group.join('.')}_${plural}.yaml`), 'utf8');
  const { versions } = parse(text).spec;
  return versions.find((one: { name: string }) => one.name === version).schema.openAPIV3Schema;
}

/** Every place of a schema by its path: `spec.build.env.*`, `spec.serving.outputs[].dapr`. */
function fields(schema: StructuralSchema, path = '', found = new Map<string, StructuralSchema>()) {
  if (path !== '') found.set(path, schema);
  if (schema.items) fields(schema.items, `${path}[]`, found);
  if (schema.additionalProperties) fields(schema.additionalProperties, `${path}.*`, found);
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    fields(child, path === '' ? name : `${path}.${name}`, found);
  }
  return found;
}

/** How lists and maps of pod templates merge is that of today's Kubernetes; everywhere else it is the original's. */
function differences(path: string, theirs: StructuralSchema, ours: StructuralSchema | undefined): string[] {
  if (!ours || ANY_JSON.test(path)) return [];
  const isPod = path.includes('template.');
  const words = [...WORDS, ...MORE_WORDS, ...(isPod ? [] : MERGE_WORDS)] as (keyof StructuralSchema)[];
  return words
    .filter((word) => !(word === 'default' && KEY_DEFAULT.test(path)))
    .filter((word) => comparable(theirs[word]) !== comparable(ours[word]))
    .map((word) => `${path}: ${word} is ${JSON.stringify(ours[word])}, was ${JSON.stringify(theirs[word])}`);
}

/** A slash may be written with or without a backslash in a pattern. */
function comparable(value: unknown): string {
  return canonicalJson(typeof value === 'string' ? value.replaceAll('\\/', '/') : value);
}
