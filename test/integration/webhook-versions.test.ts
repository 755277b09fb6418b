import { globSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { FUNCTION, type KubeObject, SERVING, valueAt } from '@openfunction/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWebhookCluster, type WebhookCluster } from './webhook-cluster.ts';

// Both versions through a real API server, with objects in the store as the Go operator left them.

const V1BETA1 = 'functions.v1beta1.core.openfunction.io';
const V1BETA2 = 'functions.v1beta2.core.openfunction.io';

let webhook: WebhookCluster;

beforeAll(async () => {
  webhook = await startWebhookCluster();
});

afterAll(() => webhook?.stop());

/** Writes an object into etcd as it is, past every check: as an older release may have left it. */
async function store(plural: string, object: KubeObject): Promise<void> {
  const [socketPath] = globSync('**/etcd:0', { cwd: webhook.cluster.directory });
  const { namespace, name } = object.metadata;
  const key = `/registry/core.openfunction.io/${plural}/${namespace}/${name}`;
  const uid = crypto.randomUUID();
  const metadata = { generation: 1, creationTimestamp: '2024-01-01T00:00:00Z', uid, ...object.metadata };
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const body = JSON.stringify({ key: encode(key), value: encode(JSON.stringify({ ...object, metadata })) });
  const path = join(webhook.cluster.directory, socketPath ?? '');
  await new Promise<void>((resolve, reject) => {
    const call = request({ socketPath: path, path: '/v3/kv/put', method: 'POST' }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`etcd: ${response.statusCode}`)),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

function fn(version: string, name: string, rest: object): KubeObject {
  return {
    apiVersion: `core.openfunction.io/${version}`,
    kind: 'Function',
    metadata: { name, namespace: 'default' },
    ...rest,
  };
}

/** An object as kubectl reads it in one version. */
async function read(resource: string, name: string): Promise<KubeObject> {
  const { code, out, error } = await webhook.kubectl('get', resource, name, '-o', 'json');
  expect({ code, error: error.replace(/^Warning: .*\n/gm, '') }).toEqual({ code: 0, error: '' });
  return JSON.parse(out);
}

/** A Function that uses every feature of v1beta2, those that v1beta1 lacks above all. */
const RICH = {
  version: 'v2',
  image: 'registry/hello:v2',
  imageCredentials: { name: 'push' },
  build: {
    builder: 'builder-go',
    builderCredentials: { name: 'pull' },
    env: { FUNC_NAME: 'Hello' },
    srcRepo: {
      bundleContainer: { image: 'registry/source' },
      revision: 'main',
      sourceSubPath: 'a',
      credentials: { name: 'git' },
    },
    shipwright: {
      strategy: { name: 'buildpacks', kind: 'ClusterBuildStrategy' },
      timeout: '5m',
      params: [
        { name: 'b', value: '2' },
        { name: 'a', value: '1' },
        { name: 'list', values: [{ value: 'x' }, { secretValue: { name: 's', key: 'k' } }] },
        { name: 'c', configMapValue: { name: 'm', key: 'k', format: 'some' } },
      ],
    },
    timeout: '10m',
    successfulBuildsHistoryLimit: 2,
    failedBuildsHistoryLimit: 3,
    builderMaxAge: '24h',
  },
  serving: {
    triggers: {
      http: {
        engine: 'keda',
        port: 9000,
        route: { hostnames: ['hello.example'], rules: [{ matches: [{ path: { type: 'Exact', value: '/a' } }] }] },
      },
      inputs: [{ dapr: { name: 'store', type: 'state.redis' } }],
    },
    outputs: [
      { dapr: { name: 'out', type: 'bindings.kafka', operation: 'create', metadata: { k: 'v' }, outputName: 'o' } },
    ],
    bindings: { out: { type: 'bindings.kafka', version: 'v1', metadata: [{ name: 'brokers', value: 'kafka:9092' }] } },
    states: { store: { spec: { type: 'state.redis', version: 'v1', metadata: [] } }, other: {} },
    scaleOptions: {
      minReplicas: 1,
      maxReplicas: 5,
      keda: { httpScaledObject: { targetPendingRequests: 50, cooldownPeriod: 60 } },
    },
    params: { LOG_LEVEL: 'debug' },
    labels: { team: 'a' },
    annotations: { 'openfunction.io/enable-dapr': 'true' },
    template: { containers: [{ name: 'function', resources: { limits: { cpu: '1' } } }] },
    timeout: '1m',
    hooks: { pre: ['a'], post: ['b'], policy: 'Append' },
    tracing: {
      enabled: true,
      provider: { name: 'opentelemetry', exporter: { name: 'otlp', endpoint: 'http://otel:4317' } },
    },
    workloadType: 'Deployment',
  },
};
const STATUS = {
  build: {
    state: 'Succeeded',
    reason: 'Succeeded',
    message: 'built',
    resourceRef: 'builder-a',
    resourceHash: '1',
    buildDuration: '1m2s',
  },
  serving: {
    state: 'Running',
    reason: 'Running',
    message: 'runs',
    resourceRef: 'serving-a',
    resourceHash: '2',
    service: 'hello',
  },
  addresses: [{ type: 'External', value: 'http://hello.example/' }],
  route: { hosts: ['hello.example'], paths: [{ type: 'Exact', value: '/a' }] },
};

describe('a label through v1beta1', () => {
  test('changes nothing but the label', async () => {
    const { client, kubectl } = webhook;
    const made = await client.create(FUNCTION, fn('v1beta2', 'rich', { spec: RICH }));
    await client.patch(FUNCTION, made.metadata as { name: string }, { status: STATUS }, { subresource: 'status' });
    const before = await read(V1BETA2, 'rich');
    const { code, error } = await kubectl('label', V1BETA1, 'rich', 'x=y');
    expect({ code, error }).toMatchObject({ code: 0 });
    const after = await read(V1BETA2, 'rich');
    expect(after['spec']).toEqual(before['spec']);
    expect(after['status']).toEqual(before['status']);
    expect(after.metadata.annotations).toEqual(before.metadata.annotations);
    expect(after.metadata.labels).toEqual({ ...before.metadata.labels, x: 'y' });
    expect(after.metadata.generation).toBe(before.metadata.generation);
  });
});

describe('an edit', () => {
  test('through one version is there in the other, and what only the first can say stays', async () => {
    const { client, kubectl } = webhook;
    await client.create(FUNCTION, fn('v1beta2', 'edited', { spec: RICH }));
    const patch = JSON.stringify({ spec: { port: 9001, serving: { params: { LOG_LEVEL: 'info' } } } });
    const { code, error } = await kubectl('patch', V1BETA1, 'edited', '--type=merge', '-p', patch);
    expect({ code, error }).toMatchObject({ code: 0 });
    const serving = { ...RICH.serving, params: { LOG_LEVEL: 'info' } };
    const http = { ...RICH.serving.triggers.http, port: 9001 };
    const stored = await read(V1BETA2, 'edited');
    expect(stored['spec']).toMatchObject({
      ...RICH,
      serving: { ...serving, triggers: { ...RICH.serving.triggers, http } },
    });
    expect(valueAt(await read(V1BETA1, 'edited'), 'spec.port')).toBe(9001);
  });
});

const SOURCE = { url: 'https://git.example/hello' };
const CRASHES: [number: string, version: string, object: object][] = [
  ['X1', 'v1beta1', { spec: { image: 'a', build: { builder: 'b', srcRepo: { bundleContainer: { image: 'c' } } } } }],
  ['X1', 'v1beta2', { spec: { image: 'a', build: { builder: 'b', srcRepo: { bundleContainer: { image: 'c' } } } } }],
  ['X2', 'v1beta1', { spec: { image: 'a', build: { builder: 'b', srcRepo: SOURCE, params: { A: 'b' } } } }],
  ['X3', 'v1beta1', { spec: { image: 'a', serving: { runtime: 'async', scaleOptions: { keda: { scaledJob: {} } } } } }],
  ['X4', 'v1beta2', { spec: { image: 'a', serving: { triggers: { http: {} }, outputs: [{}, { dapr: {} }] } } }],
  ['X5', 'v1beta2', { spec: { image: 'a', serving: { triggers: { dapr: [{}] } } } }],
  ['X6', 'v1beta2', { spec: { image: 'a', serving: { triggers: { http: {} }, states: { a: null } } } }],
  [
    'X7',
    'v1beta1',
    { spec: { image: 'a', serving: { runtime: 'knative' } }, status: { addresses: [{ value: 'http://a' }] } },
  ],
  ['X7', 'v1beta2', { spec: { image: 'a', serving: {} }, status: { addresses: [{ value: 'http://a' }] } }],
  [
    'durations',
    'v1beta2',
    { spec: { image: 'a', serving: { timeout: '1d' } }, status: { build: { buildDuration: 'zzz' } } },
  ],
];

describe('a store as the Go operator left it', () => {
  const names = CRASHES.map(([number, version]) => `${number.toLowerCase()}-${version}`);

  beforeAll(async () => {
    for (const [index, [, version, object]] of CRASHES.entries())
      await store('functions', fn(version, names[index] ?? '', object));
    await store('servings', {
      apiVersion: 'core.openfunction.io/v1beta2',
      kind: 'Serving',
      metadata: { name: 'x4-serving', namespace: 'default' },
      spec: { image: 'a', triggers: { http: {} }, outputs: [{}] },
    } as KubeObject);
  });

  test.each([V1BETA1, V1BETA2])('X1-X7 are listed as %s', async (resource) => {
    const { code, out, error } = await webhook.kubectl('get', resource, '-o', 'json');
    expect({ code, error: error.replace(/^Warning: .*\n/gm, '') }).toEqual({ code: 0, error: '' });
    const found = JSON.parse(out).items.map((item: KubeObject) => item.metadata.name);
    expect(found).toEqual(expect.arrayContaining(names));
  });

  test('X4 Servings are listed in both versions', async () => {
    for (const version of ['v1beta1', 'v1beta2'])
      expect((await webhook.kubectl('get', `servings.${version}.core.openfunction.io`, 'x4-serving')).code).toBe(0);
  });

  test.each(CRASHES.map(([number, version], index) => [number, version, names[index] ?? ''] as const))(
    '%s stored as %s can be labelled and deleted',
    async (_number, version, name) => {
      const labelled = await webhook.kubectl('label', `functions.${version}.core.openfunction.io`, name, 'a=b');
      expect(labelled).toMatchObject({ code: 0 });
      const { code, error } = await webhook.kubectl('delete', `functions.${version}.core.openfunction.io`, name);
      expect({ code, error: error.replace(/^Warning: .*\n/gm, '') }).toEqual({ code: 0, error: '' });
    },
  );
});

describe('v1beta1', () => {
  test('is defaulted, stored as v1beta2, and said to be deprecated', async () => {
    const spec = { image: 'registry/hello', serving: { runtime: 'knative' } };
    const { code, error } = await webhook.kubectl(
      'apply',
      '-f',
      await webhook.manifest(fn('v1beta1', 'old', { spec })),
    );
    expect({ code, error }).toEqual({
      code: 0,
      error: expect.stringContaining('core.openfunction.io/v1beta1 Function is deprecated'),
    });
    const stored = await read(V1BETA2, 'old');
    expect(stored['spec']).toEqual({
      image: 'registry/hello',
      version: 'latest',
      workloadRuntime: 'OCIContainer',
      serving: {
        triggers: { http: { port: 8080, route: { gatewayRef: { name: 'openfunction', namespace: 'openfunction' } } } },
      },
    });
    const again = await read(V1BETA1, 'old');
    expect(valueAt(again, 'spec.port')).toBe(8080);
    expect(valueAt(again, 'spec.serving')).toEqual({ runtime: 'knative' });
  });

  test('Q46 is answered in its own paths, all mistakes at once', async () => {
    const spec = {
      image: '',
      port: 99999,
      serving: { runtime: 'knative', scaleOptions: { keda: { scaledObject: { minReplicaCount: -1 } } } },
    };
    const { code, error } = await webhook.kubectl(
      'apply',
      '-f',
      await webhook.manifest(fn('v1beta1', 'bad', { spec })),
    );
    expect(code).toBe(1);
    const bullets = error.split('\n').filter((line) => line.startsWith('* '));
    expect(bullets.map((line) => line.split(':')[0]).toSorted()).toEqual([
      '* spec.image',
      '* spec.port',
      '* spec.serving.scaleOptions.keda.scaledObject.minReplicaCount',
    ]);
  });

  test('C10 is refused as async without inputs, instead of becoming HTTP', async () => {
    const spec = { image: 'registry/hello', serving: { runtime: 'async' } };
    const { code, error } = await webhook.kubectl(
      'apply',
      '-f',
      await webhook.manifest(fn('v1beta1', 'bad', { spec })),
    );
    expect({ code, error }).toEqual({ code: 1, error: expect.stringContaining('spec.serving.inputs: Required value') });
  });

  test('of a Serving is converted too', async () => {
    const spec = { image: 'registry/hello', runtime: 'knative', port: 8080 };
    const object = {
      apiVersion: 'core.openfunction.io/v1beta1',
      kind: 'Serving',
      metadata: { name: 'old', namespace: 'default' },
      spec,
    };
    const { code, error } = await webhook.kubectl('apply', '-f', await webhook.manifest(object));
    expect({ code, error }).toMatchObject({ code: 0 });
    const stored = await webhook.client.get(SERVING, { namespace: 'default', name: 'old' });
    expect(stored?.['spec']).toEqual({ image: 'registry/hello', triggers: { http: { port: 8080 } } });
  });
});
