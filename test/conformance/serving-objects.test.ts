import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { KNATIVE_SERVICE, type KubeObject } from '@openfunction/api';
import { applyManifests, discoverKind } from '@openfunction/local';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ABSENT, MANIFESTS, publishedManifests } from '../published.ts';
import { emit, storedFunction } from '../serving/emitted.ts';
import { connectWorld, type RealWorld, RUNTIME_CLASS, SKIPPED } from './real-world.ts';

// Every object that a Serving is made of, before its owner's own CRD and webhook. That they are the right ones: test/serving.

const FAMILIES = join(import.meta.dirname, '../serving/families');

const files = [
  ...publishedManifests()
    .filter(([file, verdict]) => verdict !== 'not an OpenFunction CRD' && file.includes('.function.'))
    .map(([file]) => join(MANIFESTS, file)),
  ...readdirSync(FAMILIES).map((file) => join(FAMILIES, file)),
];

/** Fragments of documentation have no image: nobody could run them. */
const cases = files.flatMap((file): [name: string, objects: KubeObject[]][] => {
  const fn = storedFunction(parse(readFileSync(file, 'utf8')));
  const emitted = fn === undefined || fn.spec.image === '' ? undefined : emit(fn);
  return emitted === undefined ? [] : [[basename(file), emitted.objects]];
});

describe.skipIf(SKIPPED !== '')(`the objects of a Serving${SKIPPED}`, () => {
  let world: RealWorld;
  let namespace: string;

  beforeAll(async () => {
    world = await connectWorld();
    namespace = await world.namespace();
    await applyManifests(world.client, [RUNTIME_CLASS], { fieldManager: 'install' });
    await world.find(KNATIVE_SERVICE, 'default'); // of the first function: Knative has let it pass
  });

  afterAll(() => world?.stop());

  /** As the API server would store it; throws for a field that it does not know. */
  const stored = async (object: KubeObject): Promise<unknown> => {
    const kind = await discoverKind(world.client, object.apiVersion, object.kind);
    if (kind === undefined) throw new Error(`${object.apiVersion} ${object.kind} is not served`);
    return world.client.request('PATCH', world.client.path(kind, object.metadata), {
      body: object,
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager: 'openfunction-serving-controller', dryRun: 'All', fieldValidation: 'Strict' },
    });
  };

  test.skipIf(ABSENT !== '')(`are many${ABSENT}`, () => {
    expect(cases.length).toBeGreaterThan(35);
  });

  test.each(cases)('of %s are stored whole', async (_, objects) => {
    for (const object of objects) {
      const placed = { ...object, metadata: { ...object.metadata, namespace } };
      expect(await stored(placed)).toMatchObject(placed);
    }
  });
});
