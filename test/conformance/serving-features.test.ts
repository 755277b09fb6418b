import { CONFIG_MAP, KNATIVE_SERVICE } from '@openfunction/api';
import { waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectWorld, type RealWorld, SKIPPED } from './real-world.ts';

// As installed, Knative refuses the variable POD_NAME of every function, a field reference.

describe.skipIf(SKIPPED !== '')(`the first function that Knative meets${SKIPPED}`, () => {
  let world: RealWorld;

  beforeAll(async () => {
    world = await connectWorld();
  });

  afterAll(() => world?.stop());

  test('starts, as the serving-controller has it allow field references', async () => {
    const service = await world.find(KNATIVE_SERVICE, 'default');
    expect(JSON.stringify(service['spec'])).toContain('"fieldPath":"metadata.name"');
    const map = await world.client.get(CONFIG_MAP, { namespace: 'knative-serving', name: 'config-features' });
    expect(map?.['data']).toMatchObject({ 'kubernetes.podspec-fieldref': 'enabled' });
    await waitFor('Knative has looked at it', async () => {
      const live = await world.client.get(KNATIVE_SERVICE, service.metadata);
      return live?.['status']?.observedGeneration === 1;
    });
  });
});
