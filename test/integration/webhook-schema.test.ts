import { printPath } from '@openfunction/admission';
import { FUNCTION_TABLE } from '@openfunction/api';
import { FUNCTION_SCHEMA } from '@openfunction/api/schemas';
import { freshNamespace, type TestCluster, testCluster } from '@openfunction/testing';
import { beforeAll, expect, test } from 'vitest';
import { difference, type Tally } from './agreement.ts';

// The webhook answers for the API server's schema check, so it must find what the API server finds: no more, or objects would be
// refused that are fine; no less, or mistakes would come in two rounds. Here no webhook is installed: the API server speaks alone.

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await freshNamespace(cluster.client, 'schema');
});

/** A Function that uses fields of every shape the schema has. */
const RICH = {
  image: 'registry/hello',
  imageCredentials: { name: 'secret' },
  build: {
    builder: 'builder-go',
    env: { FUNC_NAME: 'Hello' },
    srcRepo: { url: 'https://git.example/hello', bundleContainer: { image: 'registry/source' } },
    shipwright: { params: [{ name: 'a', values: [{ value: 'b' }] }] },
    successfulBuildsHistoryLimit: 2,
  },
  serving: {
    triggers: {
      http: {
        port: 8080,
        route: {
          gatewayRef: { name: 'g', namespace: 'n' },
          hostnames: ['a.example'],
          rules: [{ matches: [{ path: { type: 'Exact', value: '/' }, headers: [{ name: 'h', value: 'v' }] }] }],
        },
      },
      dapr: [{ name: 'cron', type: 'bindings.cron' }],
    },
    outputs: [{ dapr: { name: 'out', metadata: { key: 'value' } } }],
    bindings: { cron: { type: 'bindings.cron', version: 'v1', metadata: [{ name: 'schedule', value: { any: [1] } }] } },
    scaleOptions: {
      minReplicas: 1,
      knative: { 'autoscaling.knative.dev/target': '1' },
      keda: { scaledObject: { fallback: { failureThreshold: 1, replicas: 1 } } },
    },
    template: {
      containers: [
        {
          name: 'function',
          ports: [{ containerPort: 80 }],
          env: [{ name: 'A', value: 'b' }],
          resources: { limits: { cpu: '1' } },
          readinessProbe: { httpGet: { port: 'http' } },
        },
      ],
    },
    hooks: { pre: ['a'] },
    tracing: { enabled: true, provider: { name: 'skywalking' } },
  },
};

/**
 * Left out on purpose, because the webhook says more: numbers outside the range of their format (the original refuses them as
 * well), and lists where `format: duration` is, which the API server lets pass.
 */
const WRONG: unknown[] = [null, 'x', '', -1, 1.5, true, {}, [], [null], ['x', 'x'], { a: null }, { a: 1 }];

type Node = Record<string | number, unknown>;

/** Every place in a value, the value itself left out. */
function* placesIn(value: unknown, path: (string | number)[] = []): Generator<(string | number)[]> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  for (const key of keys) yield* placesIn((value as Node)[key], [...path, key]);
}

function withValue(path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(RICH) as Node;
  const parent = path.slice(0, -1).reduce((node, key) => node[key] as Node, copy);
  const last = path.at(-1) ?? '';
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

test('the schema check of the webhook names the fields that the API server names', async () => {
  const sides = { client: cluster.client, namespace, table: FUNCTION_TABLE, schema: FUNCTION_SCHEMA };
  const tally: Tally = { refused: 0, byTwin: new Set() };
  const differing: unknown[] = [];
  for (const path of placesIn(RICH))
    for (const value of [undefined, ...WRONG]) {
      const found = await difference(sides, withValue(path, value), tally);
      if (found !== undefined) differing.push({ at: printPath(path), value, ...found, spec: undefined });
    }
  expect(differing).toEqual([]);
  expect(tally.refused).toBeGreaterThan(300);
});
