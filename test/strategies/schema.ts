import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseManifests } from '@openfunction/local';

/** The part of a structural schema (openAPIV3Schema of a CRD) that decides whether an object is accepted. */
export interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  enum?: unknown[];
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** The newest Shipwright that is tried, and the one that the original was made for, which serves v1alpha1 only. */
const RELEASES = { v1beta1: 'v0.17.0', v1alpha1: 'v0.11.0' } as const;

/** Schema of a Shipwright kind as that version is shipped; undefined where its Go module is not on this machine. */
export async function shipwrightSchema(
  plural: 'builds' | 'buildruns' | 'clusterbuildstrategies',
  version: keyof typeof RELEASES,
): Promise<Schema | undefined> {
  const folder = await moduleFolder(RELEASES[version]);
  if (folder === undefined) return undefined;
  const text = await readFile(join(folder, `deploy/crds/shipwright.io_${plural}.yaml`), 'utf8');
  const [crd] = parseManifests(text) as unknown as [Crd];
  return crd.spec.versions.find(({ name }) => name === version)?.schema.openAPIV3Schema;
}

/** Schema of ClusterBuildStrategy v1beta1. */
export function strategySchema(): Promise<Schema | undefined> {
  return shipwrightSchema('clusterbuildstrategies', 'v1beta1');
}

interface Crd {
  spec: { versions: { name: string; schema: { openAPIV3Schema: Schema } }[] };
}

async function moduleFolder(release: string): Promise<string | undefined> {
  const env = { ...process.env, GOPROXY: 'off', GOFLAGS: '' };
  const module = `github.com/shipwright-io/build@${release}`;
  const found = await promisify(execFile)('go', ['mod', 'download', '-json', module], { cwd: '/', env }).catch(
    () => undefined,
  );
  return found === undefined ? undefined : (JSON.parse(found.stdout) as { Dir?: string }).Dir;
}

/** What the API server would refuse or drop of a value, each with its path: wrong types, missing and unknown fields. */
export function faults(schema: Schema, value: unknown, path = ''): string[] {
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${path}: not one of ${schema.enum.join()}`];
  if (schema['x-kubernetes-int-or-string'] === true) {
    return typeof value === 'string' || Number.isInteger(value) ? [] : [`${path}: neither integer nor string`];
  }
  if (Array.isArray(value)) {
    if (schema.type !== 'array') return [`${path}: a list`];
    return value.flatMap((item, index) => faults(schema.items ?? {}, item, `${path}[${index}]`));
  }
  if (typeof value === 'object' && value !== null) return objectFaults(schema, value as Record<string, unknown>, path);
  const type = Number.isInteger(value) ? 'integer' : typeof value;
  return schema.type === type ? [] : [`${path}: ${type}, not ${schema.type}`];
}

function objectFaults(schema: Schema, value: Record<string, unknown>, path: string): string[] {
  if (schema.type !== 'object') return [`${path}: an object`];
  const missing = (schema.required ?? []).filter((name) => !(name in value)).map((name) => `${path}.${name}: missing`);
  const inner = Object.entries(value).flatMap(([name, item]) => {
    const rest = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    const known = schema.properties?.[name] ?? rest;
    if (known !== undefined) return faults(known, item, `${path}.${name}`);
    const free = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.properties === undefined;
    return free ? [] : [`${path}.${name}: unknown field`];
  });
  return [...missing, ...inner];
}
