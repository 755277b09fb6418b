import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { reviewConversion } from '@openfunction/admission';
import { CRD, FUNCTION, type Kind, type KubeObject, V1BETA2_PRESERVED } from '@openfunction/api';
import { KubeClient } from '@openfunction/kube';
import { readManifests } from '@openfunction/local';
import { type StartedCluster, startTestCluster, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeAuthority, makeLeaf } from '../../services/webhook/src/certificate/issue.ts';

// A cluster of its own: its CRD of Functions is first one that lets everything in, as if an older operator had been there.
// Conversion is answered by this process, so that only the API server and conversion are under test.

const CRD_FILE = fileURLToPath(new URL('../../deploy/crds/functions.core.openfunction.io.yaml', import.meta.url));
const HOUR_MS = 3_600_000;
const V1: Kind = { ...FUNCTION, versions: ['v1beta1'] };
const V2: Kind = { ...FUNCTION, versions: ['v1beta2'] };
const namespace = 'default';

let cluster: StartedCluster;
let client: KubeClient;
let server: Server;
let conversion: Record<string, unknown>;

beforeAll(async () => {
  cluster = await startTestCluster({ crds: false });
  client = KubeClient.of(cluster.admin);
  await serveConversion();
});

afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await client?.close();
  await cluster?.stop();
});

async function serveConversion(): Promise<void> {
  const authority = await makeAuthority(new Date(), HOUR_MS);
  const leaf = await makeLeaf(authority, ['localhost'], new Date(), HOUR_MS);
  server = createServer(leaf, async (request, response) => {
    const { answer } = reviewConversion(JSON.parse((await buffer(request)).toString()));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}/convert`;
  const clientConfig = { url, caBundle: Buffer.from(authority.cert).toString('base64') };
  conversion = { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } };
}

/** Puts a CRD of Functions in place and waits until the API server goes by it. */
async function install(change: (spec: CrdSpec) => void): Promise<void> {
  const [crd] = await readManifests([CRD_FILE]);
  const spec = (crd as unknown as { spec: CrdSpec }).spec;
  change(spec);
  const mark = `${Date.now()}-${spec.versions.map(({ storage }) => storage)}`;
  for (const version of spec.versions) version.schema.openAPIV3Schema.description = mark;
  await client.apply(CRD, crd as KubeObject, { fieldManager: 'test', force: true });
  await waitFor(`the API server serves ${mark}`, async () => {
    const document = await client.request('GET', '/openapi/v3/apis/core.openfunction.io/v1beta2');
    return JSON.stringify(document).includes(mark);
  });
}

interface CrdSpec {
  versions: {
    name: string;
    storage: boolean;
    subresources?: object;
    schema: { openAPIV3Schema: Record<string, unknown> };
  }[];
  conversion: unknown;
}

/** A CRD that stores any object in this version, as it is. */
function permissive(stored: string): (spec: CrdSpec) => void {
  return (spec) => {
    spec.conversion = { strategy: 'None' };
    for (const version of spec.versions) {
      version.storage = version.name === stored;
      // Without the subresource a create stores the status too.
      version.subresources = {};
      version.schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    }
  };
}

function strict(spec: CrdSpec): void {
  spec.conversion = conversion;
}

function functionOf(kind: Kind, name: string, spec: object, status?: object): KubeObject {
  const apiVersion = `${kind.group}/${kind.versions[0]}`;
  return { apiVersion, kind: 'Function', metadata: { name, namespace }, spec, ...(status && { status }) };
}

const http = { triggers: { http: {} } };
const bundle = { build: { srcRepo: { bundleContainer: { image: 'b' } } } };
const keda = { scaledJob: { pollingInterval: 8 } };
const STORED = [
  functionOf(V1, 'x1', { image: 'i', ...bundle }),
  functionOf(V1, 'x2', { image: 'i', build: { params: { a: '1' }, srcRepo: { url: 'u' } } }),
  functionOf(V1, 'x3', { image: 'i', serving: { runtime: 'async', inputs: [], scaleOptions: { keda } } }),
  functionOf(V1, 'x6-old', { image: 'i', serving: { runtime: 'knative', states: { s: null } } }),
  functionOf(V2, 'x4', { image: 'i', serving: { ...http, outputs: [{}, { dapr: {} }] } }),
  functionOf(V2, 'x5', { image: 'i', serving: { triggers: { dapr: [{}, { type: 't' }] } } }),
  functionOf(V2, 'x6', { image: 'i', serving: { ...http, states: { s: null } } }),
  functionOf(V2, 'x7', { image: 'i' }, { addresses: [{ value: 'http://x' }] }),
  functionOf(V2, 'wrong-types', { image: 5, build: 'no', serving: ['what'] }),
];

/** Everything that v1beta1 has no word for. */
const RICH = {
  image: 'i',
  version: 'latest',
  workloadRuntime: 'OCIContainer',
  build: {
    srcRepo: { url: 'u' },
    builder: 'b',
    timeout: '5m',
    shipwright: {
      strategy: { name: 's' },
      params: [
        { name: 'z', value: '1' },
        { name: 'a', value: '2' },
        { name: 'm', values: [] },
      ],
    },
  },
  serving: {
    triggers: {
      http: { port: 8080, engine: 'keda', route: { hostnames: ['h.example.com'] } },
      inputs: [{ dapr: { name: 's', type: 'state.redis' } }],
    },
    states: { s: {} },
    outputs: [{ dapr: { name: 'k', type: 'bindings.other', operation: 'create', metadata: { a: 'b' } } }],
    workloadType: 'StatefulSet',
    hooks: { pre: ['a'], policy: 'Append' },
    tracing: { enabled: true, provider: { name: 'skywalking', oapServer: 'o:1' } },
    scaleOptions: { minReplicas: 1, keda: { httpScaledObject: { cooldownPeriod: 3 } } },
  },
};

const key = (name: string) => ({ name, namespace });

async function specOf(kind: Kind, name: string): Promise<unknown> {
  return (await client.get(kind, key(name)))?.['spec'];
}

describe('conversion asked for by a real API server', () => {
  test('X1-X7 as an older operator stored them: both versions list, read and delete', async () => {
    for (const version of ['v1beta1', 'v1beta2']) {
      await install(permissive(version));
      for (const object of STORED.filter(({ apiVersion }) => apiVersion?.endsWith(version)))
        await client.create(version === 'v1beta1' ? V1 : V2, object);
    }
    await install(strict);
    for (const kind of [V1, V2]) {
      const { items } = await client.list(kind);
      expect(items.map(({ metadata }) => metadata.name).sort()).toEqual(
        STORED.map(({ metadata }) => metadata.name).sort(),
      );
    }
    expect(await specOf(V2, 'x1')).toMatchObject(bundle);
    expect(await specOf(V2, 'x2')).toMatchObject({ build: { shipwright: { params: [{ name: 'a', value: '1' }] } } });
    expect(await specOf(V2, 'x3')).toMatchObject({ serving: { workloadType: 'Job', scaleOptions: { keda } } });
    expect(await specOf(V1, 'x4')).toMatchObject({ serving: { runtime: 'knative', outputs: [] } });
    expect(await specOf(V1, 'x5')).toMatchObject({ serving: { runtime: 'async', inputs: [] } });
    expect((await client.get(V1, key('x7')))?.['status']).toEqual({ addresses: [{ value: 'http://x' }] });
    const half = Math.floor(STORED.length / 2);
    for (const [at, { metadata }] of STORED.entries()) await client.delete(at < half ? V2 : V1, key(metadata.name));
    expect((await client.list(V2)).items).toEqual([]);
  });

  test('a label set through v1beta1 on a Function that uses every v1beta2 feature changes nothing but the label', async () => {
    await client.create(V2, functionOf(V2, 'rich', RICH));
    const status = {
      build: { state: 'Succeeded', reason: 'r', message: 'm', buildDuration: '5s' },
      serving: { state: 'Running', service: 's', reason: 'r' },
      addresses: [{ type: 'Internal', value: 'http://x' }],
      revision: { imageDigest: 'd' },
    };
    await client.patch(V2, key('rich'), { status }, { subresource: 'status' });
    const before = await client.get(V2, key('rich'));
    const labelled = await client.patch(V1, key('rich'), { metadata: { labels: { x: 'y' } } });
    expect(labelled.metadata.annotations).toHaveProperty([V1BETA2_PRESERVED]);
    const after = await client.get(V2, key('rich'));
    expect(after?.['spec']).toEqual(RICH);
    expect({ ...after, metadata: 0 }).toEqual({ ...before, metadata: 0 });
    expect(after?.metadata.labels).toEqual({ x: 'y' });
    expect(after?.metadata.annotations).toBeUndefined();
    expect(after?.metadata.generation).toBe(before?.metadata.generation);
  });

  test('an edit through one version is there in the other, and what only the first can say stays', async () => {
    await client.patch(V1, key('rich'), { spec: { port: 9090 } });
    const { serving } = (await specOf(V2, 'rich')) as typeof RICH;
    expect(serving).toEqual({
      ...RICH.serving,
      triggers: { ...RICH.serving.triggers, http: { ...RICH.serving.triggers.http, port: 9090 } },
    });
    const inputs = [{ name: 'in', component: 'k', operation: 'o', params: { p: 'v' } }];
    const older = { image: 'i', port: 80, serving: { runtime: 'async', inputs } };
    await client.create(V1, functionOf(V1, 'older', older));
    await client.patch(V2, key('older'), { spec: { serving: { timeout: '1m' } } });
    expect(await specOf(V1, 'older')).toMatchObject({ ...older, serving: { ...older.serving, timeout: '1m' } });
  });
});
