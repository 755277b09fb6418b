import { DAPR_COMPONENT, type KubeObject } from '@openfunction/api';
import { statusOf } from '@openfunction/kube';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectWorld, type RealWorld, SKIPPED } from './real-world.ts';

// What the CRD of Dapr takes of Components such as ours; no part of Dapr runs here.

describe.skipIf(SKIPPED !== '')(`a Component of Dapr${SKIPPED}`, () => {
  let world: RealWorld;

  beforeAll(async () => {
    world = await connectWorld();
  });

  afterAll(() => world?.stop());

  const apply = (component: KubeObject) =>
    world.client.apply(DAPR_COMPONENT, component, { fieldManager: 'openfunction-serving-controller', force: true });

  test('is stored whole, with values of every JSON type', async () => {
    const spec = {
      type: 'bindings.kafka',
      version: 'v1',
      ignoreErrors: true,
      initTimeout: '10s',
      metadata: [
        { name: 'brokers', value: 'kafka:9092' },
        { name: 'retries', value: 3 },
        { name: 'ratio', value: 0.5 },
        { name: 'authRequired', value: false },
        { name: 'nothing', value: '' },
        { name: 'nested', value: { a: [1, 'two', { three: true }] } },
        { name: 'list', value: ['a', 'b'] },
        { name: 'password', secretKeyRef: { name: 'kafka', key: 'password' } },
        { name: 'fromEnvironment', envRef: 'KAFKA' },
      ],
    };
    const component = {
      ...sketch(await world.namespace(), spec),
      auth: { secretStore: 'kubernetes' },
      scopes: ['on-order-demo'],
    };
    expect(await apply(component)).toMatchObject(component);
  });

  test.each(['type', 'version', 'metadata'])('needs %s', async (field) => {
    const whole = { type: 'bindings.cron', version: 'v1', metadata: [] };
    const spec = Object.fromEntries(Object.entries(whole).filter(([name]) => name !== field));
    const refused = await apply(sketch(await world.namespace(), spec)).catch((error) => statusOf(error));
    expect(JSON.stringify(refused)).toContain(`spec.${field}: Required value`);
  });
});

function sketch(namespace: string, spec: object): KubeObject {
  const labels = { 'openfunction.io/managed': 'true', 'openfunction.io/serving': 'serving-2x9fd' };
  const metadata = { namespace, name: 'serving-2x9fd-bindings-orders-ckfqw', labels };
  return { apiVersion: 'dapr.io/v1alpha1', kind: 'Component', metadata, spec };
}
