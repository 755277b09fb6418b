import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canonicalJson, kindId, type StructuralSchema } from '@openfunction/api';
import { CRDS } from '@openfunction/api/crds';
import {
  BUILDER_SCHEMA,
  BUILDER_V1BETA1_SCHEMA,
  CLUSTER_EVENT_BUS_SCHEMA,
  EVENT_BUS_SCHEMA,
  EVENT_SOURCE_SCHEMA,
  FUNCTION_SCHEMA,
  FUNCTION_V1BETA1_SCHEMA,
  GATEWAY_SCHEMA,
  SERVING_SCHEMA,
  SERVING_V1BETA1_SCHEMA,
  TRIGGER_SCHEMA,
} from '@openfunction/api/schemas';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

/**
 * Holds our schemas against the CRDs of OpenFunction v1.2: every field, default, enum, limit and required list of theirs
 * is in ours, nothing is newly required, and what we add is known here by name.
 */
const FOLDER = resolve(import.meta.dirname, '../../../../shared/data/openfunction');
const MISSING = existsSync(FOLDER) ? '' : ` (skipped: the original's CRDs are not at ${FOLDER})`;

const OURS: Record<string, StructuralSchema> = {
  'Function v1beta2': FUNCTION_SCHEMA,
  'Function v1beta1': FUNCTION_V1BETA1_SCHEMA,
  'Builder v1beta2': BUILDER_SCHEMA,
  'Builder v1beta1': BUILDER_V1BETA1_SCHEMA,
  'Serving v1beta2': SERVING_SCHEMA,
  'Serving v1beta1': SERVING_V1BETA1_SCHEMA,
  'Gateway v1alpha1': GATEWAY_SCHEMA,
  'EventSource v1alpha1': EVENT_SOURCE_SCHEMA,
  'EventBus v1alpha1': EVENT_BUS_SCHEMA,
  'ClusterEventBus v1alpha1': CLUSTER_EVENT_BUS_SCHEMA,
  'Trigger v1alpha1': TRIGGER_SCHEMA,
};

const OWN_STATUS = ['status.conditions', 'status.observedGeneration'];
const STEP_TEXTS = ['buildDuration', 'message', 'reason'];
/** Fields of ours that the original lacks, outside of pod templates. v1beta1 has the status of v1beta2. */
const ADDED: Record<string, string[]> = {
  'Function v1beta2': [...OWN_STATUS, 'status.url', 'status.versions'],
  'Function v1beta1': [
    ...OWN_STATUS,
    'status.url',
    'status.versions',
    ...['build', 'serving'].flatMap((step) => STEP_TEXTS.map((text) => `status.${step}.${text}`)),
  ],
  'Builder v1beta2': OWN_STATUS,
  'Builder v1beta1': [...OWN_STATUS, 'status.buildDuration', 'status.message'],
  'Serving v1beta2': [...OWN_STATUS, 'status.readyTime', 'status.service'],
  'Serving v1beta1': [...OWN_STATUS, 'status.readyTime', 'status.service', 'status.message', 'status.reason'],
};

/** Durations: any text in the original, Go's grammar in ours. The operator could not read anything else. */
const DURATIONS =
  /^(spec(\.build|\.serving)?\.(timeout|builderMaxAge|shipwright\.timeout)|status(\.build|\.serving)?\.buildDuration)$/;
const DURATION_LIMITS = ['pattern', 'maxLength'];

/** Alpha fields of Kubernetes 1.26 that later releases removed: no API server of today takes the pod that carries them. */
const REMOVED_UPSTREAM =
  /template\.(resourceClaims\[\]\.source|volumes\[\]\.ephemeral\.volumeClaimTemplate\.spec\.resources\.claims)(\.|\[|$)/;
/** A list key needs a default where it is not required. */
const KEY_DEFAULT = /template\.(imagePullSecrets\[\]\.name|hostAliases\[\]\.ip)$/;
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
const MORE_WORDS = [
  'maxItems',
  'maxProperties',
  'nullable',
  'anyOf',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
];
const MERGE_WORDS = ['x-kubernetes-map-type', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys'];

describe.skipIf(MISSING !== '')(`the schemas and the CRDs of OpenFunction v1.2${MISSING}`, () => {
  const rows = CRDS.flatMap(({ kind, older }) =>
    [kind.versions[0], ...(older ? [older.name] : [])].map((version) => ({ kind, version })),
  );

  it('are compared for every kind and version, and the original has no others', () => {
    expect(rows.map(({ kind, version }) => `${kind.kind} ${version}`).sort()).toEqual(Object.keys(OURS).sort());
    expect(originalVersions()).toEqual(Object.keys(OURS).sort());
  });

  for (const { kind, version } of rows) {
    const name = `${kind.kind} ${version}`;
    const theirs = () => fields(originalSchema(kindId(kind), version));
    const ours = fields(OURS[name] as StructuralSchema);

    it(`${name}: no field is missing`, () => {
      const missing = [...theirs().keys()].filter((path) => !ours.has(path) && !REMOVED_UPSTREAM.test(path));
      expect(missing).toEqual([]);
    });

    it(`${name}: every default, enum and limit is the same`, () => {
      const different = [...theirs()].flatMap(([path, schema]) => differences(path, schema, ours.get(path)));
      expect(different).toEqual([]);
    });

    it(`${name}: the same fields are required`, () => {
      const before = theirs();
      for (const [path, schema] of ours) {
        const original = before.get(path);
        if (original) expect([path, schema.required ?? []]).toEqual([path, [...(original.required ?? [])].sort()]);
      }
    });

    it(`${name}: what is added is known`, () => {
      const before = theirs();
      const added = [...ours.keys()].filter((path) => !before.has(path) && !path.includes('template.'));
      const tops = added.filter((path) => !added.includes(path.replace(/(\[\]|\.[^.[]+)$/, '')));
      expect(tops.sort()).toEqual([...(ADDED[name] ?? [])].sort());
    });

    it(`${name}: every duration has Go's grammar, and only durations have it`, () => {
      const limited = [...ours].filter(([, { pattern }]) => pattern?.includes('(ns|us|')).map(([path]) => path);
      expect(limited.filter((path) => !DURATIONS.test(path))).toEqual([]);
      expect(limited).toEqual([...ours.keys()].filter((path) => DURATIONS.test(path)));
    });
  }
});

function originalVersions(): string[] {
  const files = readdirSync(join(FOLDER, 'crds')).map((file) =>
    parse(readFileSync(join(FOLDER, 'crds', file), 'utf8')),
  );
  return files
    .flatMap(({ spec }) => spec.versions.map((version: { name: string }) => `${spec.names.kind} ${version.name}`))
    .sort();
}

function originalSchema(crd: string, version: string): StructuralSchema {
  const [plural, ...group] = crd.split('.');
  const definition = parse(readFileSync(join(FOLDER, 'crds', `${group.join('.')}_${plural}.yaml`), 'utf8'));
  patch(definition, join(FOLDER, 'crd-patches', `dynamicvalue_in_${plural}.yaml`));
  const { versions } = definition.spec;
  return versions.find((one: { name: string }) => one.name === version).schema.openAPIV3Schema;
}

/** What the original's installation does to a CRD: the value of a Dapr setting loses its type, so that it may be any JSON. */
function patch(definition: Record<string, unknown>, file: string): void {
  if (!existsSync(file)) return;
  for (const { op, path, value } of parse(readFileSync(file, 'utf8'))) {
    const names: string[] = path.split('/').slice(1);
    const last = names.pop() as string;
    // biome-ignore lint/suspicious/noExplicitAny: any YAML
    const parent = names.reduce((part: any, name) => part[name], definition);
    if (op !== 'replace' || parent[last] === undefined) throw new Error(`cannot ${op} ${path}`);
    parent[last] = value === '' ? undefined : value;
  }
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
  if (!ours) return [];
  const isPod = path.includes('template.');
  const words = [...WORDS, ...MORE_WORDS, ...(isPod ? [] : MERGE_WORDS)] as (keyof StructuralSchema)[];
  return words
    .filter((word) => !(word === 'default' && KEY_DEFAULT.test(path)))
    .filter((word) => !(DURATION_LIMITS.includes(word) && DURATIONS.test(path)))
    .filter((word) => comparable(theirs[word]) !== comparable(ours[word]))
    .map((word) => `${path}: ${word} is ${JSON.stringify(ours[word])}, was ${JSON.stringify(theirs[word])}`);
}

/** A slash may be written with or without a backslash in a pattern. */
function comparable(value: unknown): string {
  return canonicalJson(typeof value === 'string' ? value.replaceAll('\\/', '/') : value);
}
