import {
  DEPLOYMENT,
  EVENT,
  HTTP_SCALED_OBJECT,
  JOB,
  type Kind,
  type KubeObject,
  SCALED_JOB,
  SCALED_OBJECT,
} from '@openfunction/api';
import { applyManifests } from '@openfunction/local';
import { waitFor } from '@openfunction/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectWorld, HPA, type RealWorld, SKIPPED } from './real-world.ts';

// What KEDA and its HTTP add-on do with objects such as ours: what the serving-controller is built on.

const WORKLOAD = 'serving-2x9fd-deployment-v100-hb9xp';
const SCALER = 'serving-2x9fd-scaler-7p2ck';

/** For a minute of the year. */
const CRON = {
  type: 'cron',
  metadata: { timezone: 'UTC', start: '0 0 1 1 *', end: '1 0 1 1 *', desiredReplicas: '2' },
};

describe.skipIf(SKIPPED !== '')(`KEDA${SKIPPED}`, () => {
  let world: RealWorld;
  let redis: Redis;

  beforeAll(async () => {
    world = await connectWorld();
    redis = new Redis(world.redisUrl);
  });

  afterAll(async () => {
    redis?.disconnect();
    await world?.stop();
  });

  const apply = (...objects: KubeObject[]) =>
    applyManifests(world.client, objects, { fieldManager: 'openfunction-serving-controller' });

  const until = (kind: Kind, namespace: string, name: string, expected: object, timeoutMs = 60_000) =>
    waitFor(
      `${kind.kind} ${name}`,
      async () => {
        const live = await world.client.get(kind, { namespace, name });
        expect(live).toMatchObject(expected);
        return live;
      },
      timeoutMs,
    );

  const ready = (condition: object) => ({
    status: { conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', ...condition })]) },
  });

  const redisTrigger = (listName: string) => ({
    type: 'redis',
    metadata: { address: new URL(world.redisUrl).host, listName, listLength: '5' },
    authenticationRef: { name: 'redis' },
  });

  /** How KEDA logs in to Redis. */
  const authentication = (namespace: string): KubeObject[] => {
    const { username, password } = new URL(world.redisUrl);
    const metadata = { namespace, name: 'redis' };
    const stringData = { username, password };
    const secretTargetRef = Object.keys(stringData).map((key) => ({ parameter: key, name: 'redis', key }));
    return [
      { apiVersion: 'v1', kind: 'Secret', metadata, stringData },
      { apiVersion: 'keda.sh/v1alpha1', kind: 'TriggerAuthentication', metadata, spec: { secretTargetRef } },
    ];
  };

  const eventsOf = async (namespace: string, reason: string): Promise<string[]> => {
    const { items } = await world.client.list(EVENT, { namespace });
    return items.filter((event) => event['reason'] === reason).map((event) => String(event['note']));
  };

  test('makes an HPA for a workload with several triggers, and adds its own marks', async () => {
    const namespace = await world.namespace();
    await apply(...authentication(namespace), deployment(namespace));
    await apply(scaledObject(namespace, [CRON, redisTrigger(namespace)]));
    const scaler = await until(
      SCALED_OBJECT,
      namespace,
      SCALER,
      ready({ status: 'True', reason: 'ScaledObjectReady' }),
    );
    expect(scaler?.metadata.labels).toMatchObject({ 'scaledobject.keda.sh/name': SCALER });
    expect(scaler?.metadata.finalizers).toEqual(['finalizer.keda.sh']);
    expect(scaler?.['status']).toMatchObject({ scaleTargetKind: 'apps/v1.Deployment', hpaName: `keda-hpa-${SCALER}` });
    await until(HPA, namespace, `keda-hpa-${SCALER}`, {
      spec: { minReplicas: 1, maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: WORKLOAD } },
    });
  });

  test('scales between none and one by the length of a Redis list', async () => {
    const namespace = await world.namespace();
    await apply(...authentication(namespace), deployment(namespace));
    await apply(scaledObject(namespace, [redisTrigger(namespace)]));
    await until(DEPLOYMENT, namespace, WORKLOAD, { spec: { replicas: 0 } });
    await redis.rpush(namespace, 'one', 'two');
    await until(DEPLOYMENT, namespace, WORKLOAD, { spec: { replicas: 1 } });
    await redis.del(namespace);
    await until(DEPLOYMENT, namespace, WORKLOAD, { spec: { replicas: 0 } });
  });

  const FAULTS = [
    {
      name: 'a trigger of a type that it does not know',
      trigger: () => ({ type: 'pigeon', metadata: { loft: 'north' } }),
      reason: 'ScaledObjectCheckFailed',
      message: /failed to ensure HPA is correctly created for ScaledObject: .*no scaler found for type: pigeon/,
      event: /no scaler found for type: pigeon/,
    },
    {
      // KEDA goes on without it: what the source answers is all that it says.
      name: 'a TriggerAuthentication that is not there',
      trigger: () => redisTrigger('any'),
      reason: 'ScaledObjectCheckFailed',
      message: /failed to ensure HPA is correctly created for ScaledObject: .*NOAUTH/,
      event: /NOAUTH/,
    },
    {
      name: 'a trigger without what it needs',
      trigger: () => ({ type: 'rabbitmq', metadata: { queueName: 'orders', mode: 'QueueLength', value: '5' } }),
      reason: 'ScaledObjectCheckFailed',
      message: /failed to ensure HPA is correctly created for ScaledObject: .*host/,
      event: /host/,
    },
    {
      name: 'a source that cannot be reached',
      trigger: () => ({ type: 'redis', metadata: { address: '127.0.0.1:1', listName: 'any', listLength: '5' } }),
      reason: 'ScaledObjectCheckFailed',
      message: /connection to redis failed|connect: connection refused/,
      event: /connection refused/,
    },
  ];

  test.each(FAULTS)('names $name', async ({ trigger, reason, message, event }) => {
    const namespace = await world.namespace();
    await apply(deployment(namespace), scaledObject(namespace, [trigger()]));
    const said = expect.stringMatching(message);
    await until(SCALED_OBJECT, namespace, SCALER, ready({ status: 'False', reason, message: said }));
    await waitFor('the Event', async () => {
      expect(await eventsOf(namespace, 'KEDAScalerFailed')).toEqual(
        expect.arrayContaining([expect.stringMatching(event)]),
      );
      return true;
    });
  });

  test('names a workload that is not there', async () => {
    const namespace = await world.namespace();
    await apply(scaledObject(namespace, [CRON]));
    await until(
      SCALED_OBJECT,
      namespace,
      SCALER,
      ready({
        status: 'False',
        reason: 'ScaledObjectCheckFailed',
        message: expect.stringMatching(/doesn't have correct scaleTargetRef specification.*not found/),
      }),
    );
  });

  test('makes Jobs of a ScaledJob', async () => {
    const namespace = await world.namespace();
    await apply(...authentication(namespace), scaledJob(namespace, [redisTrigger(namespace)]));
    await until(SCALED_JOB, namespace, SCALER, ready({ status: 'True', reason: 'ScaledJobReady' }));
    await redis.rpush(namespace, 'one');
    const job = await world.find(JOB, namespace);
    await redis.del(namespace);
    expect(job.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'ScaledJob', name: SCALER });
    expect(job['spec'].template.spec.restartPolicy).toBe('OnFailure');
  });

  test('makes a ScaledObject of the same name for an HTTPScaledObject, with its labels', async () => {
    const namespace = await world.namespace();
    await apply(deployment(namespace), httpScaledObject(namespace));
    const made = await until(SCALED_OBJECT, namespace, SCALER, {
      metadata: { labels: LABELS, ownerReferences: [{ kind: 'HTTPScaledObject', name: SCALER, controller: true }] },
      spec: { scaleTargetRef: { kind: 'Deployment', name: WORKLOAD }, minReplicaCount: 0, maxReplicaCount: 10 },
    });
    expect(made?.['spec'].triggers).toMatchObject([{ type: 'external-push' }]);
    const stored = await until(HTTP_SCALED_OBJECT, namespace, SCALER, {
      status: { conditions: expect.arrayContaining([expect.objectContaining({ reason: 'HTTPScaledObjectIsReady' })]) },
    });
    // The operator changes nothing that was said of the target: no two writers of one field.
    expect(stored?.['spec']).toMatchObject(httpScaledObject(namespace)['spec']);
  });
});

const LABELS = { 'openfunction.io/managed': 'true', 'openfunction.io/serving': 'serving-2x9fd' };

function deployment(namespace: string): KubeObject {
  const template = {
    metadata: { labels: LABELS },
    spec: { containers: [{ name: 'function', image: 'registry.example.com/acme/on-order:v1' }] },
  };
  const spec = { selector: { matchLabels: LABELS }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name: WORKLOAD, labels: LABELS }, spec };
}

/** As the serving-controller emits it (controllers.md §3.11). */
function scaledObject(namespace: string, triggers: readonly object[]): KubeObject {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { namespace, name: SCALER, labels: LABELS },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: WORKLOAD, envSourceContainerName: 'function' },
      minReplicaCount: 0,
      maxReplicaCount: 3,
      pollingInterval: 1,
      cooldownPeriod: 1,
      triggers,
    },
  };
}

function scaledJob(namespace: string, triggers: readonly object[]): KubeObject {
  const containers = [{ name: 'function', image: 'registry.example.com/acme/on-order:v1' }];
  const template = { metadata: { labels: LABELS }, spec: { restartPolicy: 'OnFailure', containers } };
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledJob',
    metadata: { namespace, name: SCALER, labels: LABELS },
    spec: {
      jobTargetRef: { template },
      envSourceContainerName: 'function',
      maxReplicaCount: 7,
      pollingInterval: 1,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 2,
      scalingStrategy: { strategy: 'accurate' },
      triggers,
    },
  };
}

/** With the fields of v0.8 (controllers.md §3.10 shows those of older ones). */
function httpScaledObject(namespace: string): KubeObject {
  return {
    apiVersion: 'http.keda.sh/v1alpha1',
    kind: 'HTTPScaledObject',
    metadata: { namespace, name: SCALER, labels: LABELS },
    spec: {
      hosts: ['podinfo.example'],
      pathPrefixes: ['/'],
      scaleTargetRef: {
        name: WORKLOAD,
        kind: 'Deployment',
        apiVersion: 'apps/v1',
        service: 'serving-9m4ck-service-v200-48z9t',
        port: 80,
      },
      replicas: { min: 0, max: 10 },
      targetPendingRequests: 100,
      scaledownPeriod: 60,
    },
  };
}
