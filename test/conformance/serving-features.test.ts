import { CONFIG_MAP, EVENT, KNATIVE_SERVICE } from '@openfunction/api';
import { applyFunction, sketchFunction, untilCondition, waitFor } from '@openfunction/testing';
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

  test('runs without the fields of its template that Knative does not declare, and an Event names them', async () => {
    const namespace = await world.namespace();
    const lifecycle = { preStop: { exec: { command: ['true'] } } };
    const template = { terminationGracePeriodSeconds: 60, containers: [{ name: 'function', lifecycle }] };
    const serving = { template, scaleOptions: { minReplicas: 1 } };
    const fn = await applyFunction(world.client, sketchFunction({ namespace, name: 'resize', serving }));
    await world.kubelet.serve(await world.pod(namespace));
    await untilCondition(world.client, fn, 'Served', 'True', 60_000);
    const notes = await waitFor('it is told', async () => {
      const { items } = await world.client.list(EVENT, { namespace });
      const told = items.filter(({ reason }) => reason === 'FieldsLeftOut');
      return told.length > 0 ? told.map(({ note }) => note) : undefined;
    });
    expect(notes).toHaveLength(1);
    for (const field of ['terminationGracePeriodSeconds', 'containers[0].lifecycle'])
      expect(notes[0]).toContain(`spec.serving.template.${field}`);
  });
});
