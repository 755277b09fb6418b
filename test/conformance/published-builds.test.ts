import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubeObject, SHIPWRIGHT_BUILD_RUN } from '@openfunction/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { ABSENT, MANIFESTS, publishedManifests } from '../published.ts';
import { STRICTER } from '../stricter.ts';
import { connectWorld, makeSecret, type RealWorld, SKIPPED } from './real-world.ts';

// Every published Function with a build, from kubectl to the pod that Tekton makes for the real Shipwright.

const WHY = SKIPPED || ABSENT;

/** Fragments of documentation that nobody accepts: they lack a builder. */
const FRAGMENTS = Object.entries(STRICTER).flatMap(([file, fields]) => ('spec.build.builder' in fields ? [file] : []));

const files = publishedManifests()
  .filter(([file, verdict]) => verdict === 'ok' && !FRAGMENTS.includes(file))
  .map(([file]) => file)
  .filter((file) => parse(readFileSync(join(MANIFESTS, file), 'utf8')).spec?.build !== undefined);

describe.skipIf(WHY !== '')(`a published build${WHY}`, () => {
  let world: RealWorld;

  beforeAll(async () => {
    world = await connectWorld();
  });

  afterAll(() => world?.stop());

  test('is in the index', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  test.each(files)('%s reaches a pod', async (file) => {
    const namespace = await world.namespace();
    const fn = filledIn(parse(readFileSync(join(MANIFESTS, file), 'utf8')), namespace);
    for (const name of secretsOf(fn)) await makeSecret(world.client, namespace, name);
    const manifest = join(world.directory, `${namespace}.yaml`);
    writeFileSync(manifest, stringify(fn));
    await world.kubectl('apply', '-f', manifest);
    const pod = await world.pod(namespace);
    const run = await world.find(SHIPWRIGHT_BUILD_RUN, namespace);
    expect(pod.metadata.labels).toMatchObject({ 'buildrun.shipwright.io/name': run.metadata.name });
    // Image, source and every variable arrive whole in what the steps are told.
    const { build, image } = fn['spec'];
    const told = stringsIn(pod['spec']);
    expect(told.some((text) => text.includes(image))).toBe(true);
    expect(told.some((text) => text.includes(build.srcRepo.url))).toBe(true);
    for (const [name, value] of Object.entries(build.env ?? {}))
      expect(told.filter((text) => text.includes(`${name}=${value}`))).not.toEqual([]);
  });
});

/** What the reader of a manifest has to fill in. */
function filledIn(fn: KubeObject, namespace: string): KubeObject {
  const image = (fn['spec'].image as string).replace(/<[^>]*>/g, 'example');
  return { ...fn, metadata: { ...fn.metadata, namespace }, spec: { ...fn['spec'], image } };
}

function secretsOf(fn: KubeObject): Set<string> {
  const { imageCredentials, build } = fn['spec'];
  const references = [imageCredentials, build.builderCredentials, build.srcRepo.credentials];
  return new Set(references.flatMap((reference) => (reference?.name === undefined ? [] : [reference.name])));
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(stringsIn) : [];
}
