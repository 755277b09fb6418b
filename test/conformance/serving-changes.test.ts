import {
  FUNCTION,
  type Function,
  KNATIVE_REVISION,
  KNATIVE_SERVICE,
  type KubeObject,
  POD,
  SCALED_OBJECT,
  SERVING,
} from '@openfunction/api';
import { applyFunction, sketchFunction, untilCondition, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { POD_AUTOSCALER } from './knative-player.ts';
import { connectWorld, type RealWorld, SKIPPED } from './real-world.ts';

// What a change of a running function does to it, under the real Knative and KEDA.

const MIN_SCALE = 'autoscaling.knative.dev/min-scale';
const MAX_SCALE = 'autoscaling.knative.dev/max-scale';

describe.skipIf(SKIPPED !== '')(`a change of a running function${SKIPPED}`, () => {
  let world: RealWorld;

  beforeAll(async () => {
    world = await connectWorld();
  });

  afterAll(() => world?.stop());

  const running = async (serving: Record<string, unknown>): Promise<{ fn: Function; pod: KubeObject }> => {
    const namespace = await world.namespace();
    const fn = await applyFunction(world.client, sketchFunction({ namespace, name: 'resize', serving }));
    const pod = await world.pod(namespace);
    await world.kubelet.serve(pod);
    return { fn: await untilCondition(world.client, fn, 'Served', 'True', 60_000), pod };
  };

  const change = (fn: Function, serving: object) =>
    world.client.patch(FUNCTION, fn.metadata, { spec: { serving } }, { fieldManager: 'kubectl' });

  const namesOf = async (kind: typeof POD, { metadata }: KubeObject): Promise<string[]> => {
    const { items } = await world.client.list(kind, { namespace: metadata.namespace });
    return items.map(({ metadata: { name } }) => name);
  };

  test('of its scale reaches what scales it on Knative, and no pod', async () => {
    const { fn, pod } = await running({ scaleOptions: { minReplicas: 1, maxReplicas: 5 } });
    const { namespace = '' } = fn.metadata;
    await world.find(POD_AUTOSCALER, namespace, ({ metadata }) => metadata.annotations?.[MAX_SCALE] === '5');
    await change(fn, { scaleOptions: { minReplicas: 2, maxReplicas: 9 } });
    const autoscaler = await world.find(
      POD_AUTOSCALER,
      namespace,
      ({ metadata }) => metadata.annotations?.[MAX_SCALE] === '9',
    );
    expect(autoscaler.metadata.annotations).toMatchObject({ [MIN_SCALE]: '2' });
    await untilCondition(world.client, fn, 'Ready', 'True', 60_000);
    expect(await namesOf(POD, fn)).toEqual([pod.metadata.name]);
    expect(await namesOf(KNATIVE_REVISION, fn)).toHaveLength(1);
    expect(await namesOf(SERVING, fn)).toHaveLength(1);
  });

  test('of its labels keeps its revision', async () => {
    const { fn } = await running({ scaleOptions: { minReplicas: 1 } });
    const { namespace = '' } = fn.metadata;
    await change(fn, { labels: { team: 'pictures' } });
    const pod = await world.find(POD, namespace, ({ metadata }) => metadata.labels?.['team'] === 'pictures');
    await world.kubelet.serve(pod);
    await untilCondition(world.client, fn, 'Ready', 'True', 60_000);
    expect(await namesOf(KNATIVE_REVISION, fn)).toHaveLength(1);
  });

  test('of its parameters is another version, which takes over once it runs', async () => {
    const { fn, pod } = await running({ scaleOptions: { minReplicas: 1 } });
    const { namespace = '' } = fn.metadata;
    const [before] = await namesOf(KNATIVE_SERVICE, fn);
    await change(fn, { params: { MODE: 'fast' } });
    const next = await world.find(POD, namespace, ({ metadata }) => metadata.name !== pod.metadata.name);
    expect(await namesOf(KNATIVE_SERVICE, fn)).toContain(before);
    await world.kubelet.serve(next);
    await waitFor(
      'the old version is gone',
      async () => {
        expect(await namesOf(KNATIVE_SERVICE, fn)).toHaveLength(1);
        expect(await namesOf(KNATIVE_SERVICE, fn)).not.toContain(before);
        return true;
      },
      60_000,
    );
  });

  test('of its scale reaches the ScaledObject of an event-driven function, and no pod', async () => {
    const trigger = { type: 'cron', metadata: { timezone: 'UTC', start: '0 0 * * *', end: '59 23 * * *' } };
    const triggers = [{ ...trigger, metadata: { ...trigger.metadata, desiredReplicas: '1' } }];
    const { fn, pod } = await running({
      triggers: { dapr: [{ name: 'clock', type: 'bindings.cron' }] },
      bindings: { clock: { type: 'bindings.cron', version: 'v1', metadata: [{ name: 'schedule', value: '@hourly' }] } },
      annotations: { 'openfunction.io/enable-dapr': 'false' },
      scaleOptions: { minReplicas: 1, maxReplicas: 3, keda: { triggers } },
    });
    await change(fn, { scaleOptions: { maxReplicas: 7 } });
    await world.find(SCALED_OBJECT, fn.metadata.namespace ?? '', (object) => object['spec'].maxReplicaCount === 7);
    await untilCondition(world.client, fn, 'Ready', 'True', 60_000);
    expect(await namesOf(POD, fn)).toEqual([pod.metadata.name]);
  });
});
