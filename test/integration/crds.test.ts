import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { checkSchema } from '@openfunction/admission';
import {
  apiVersionOf,
  CLUSTER_EVENT_BUS,
  CRD,
  EVENT_BUS,
  EVENT_SOURCE,
  FUNCTION,
  GATEWAY,
  type Kind,
  type KubeObject,
  kindId,
  setCondition,
  TRIGGER,
} from '@openfunction/api';
import { CRDS } from '@openfunction/api/crds';
import { FUNCTION_V1BETA1_SCHEMA } from '@openfunction/api/schemas';
import { statusOf } from '@openfunction/kube';
import { findProgram, silent } from '@openfunction/local';
import { freshNamespace, type TestCluster, testCluster } from '@openfunction/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ABSENT, MANIFESTS, publishedManifests } from '../published.ts';
import { STRICTER } from '../stricter.ts';

/** The CRDs in deploy/crds, as a real API server takes them. The webhook is not there: this is what the schema alone holds. */
const ROOT = resolve(import.meta.dirname, '../..');
const CRD_FILES = readdirSync(join(ROOT, 'deploy/crds')).map((name) => join(ROOT, 'deploy/crds', name));
/** kubectl apply keeps the manifest in an annotation, and annotations end at 256 KiB. */
const MAX_BYTES = 256 * 1024;

let cluster: TestCluster;
let namespace: string;
let kubectlFile: string;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await freshNamespace(cluster.client, 'crds');
  kubectlFile = await findProgram('kubectl', silent);
});

async function kubectl(...args: string[]): Promise<string> {
  return (await kubectlOutput(...args)).stdout;
}

async function kubectlOutput(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const env = {
    ...process.env,
    KUBECONFIG: cluster.kubeconfig,
    KUBECACHEDIR: join(cluster.directory, 'kubectl-cache'),
  };
  return promisify(execFile)(kubectlFile, args, { env });
}

function fn(name: string, spec: Record<string, unknown>): KubeObject {
  return { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function', metadata: { name, namespace }, spec };
}

/** What strict clients see: the messages of a refused dry run, or nothing when it passes. */
async function refusal(kind: Kind, object: KubeObject): Promise<string> {
  const home = kind.namespaced ? { namespace } : {};
  const path = ['/apis', apiVersionOf(kind), ...(kind.namespaced ? ['namespaces', namespace] : []), kind.plural].join(
    '/',
  );
  const body = { ...object, metadata: { ...object.metadata, ...home } };
  return cluster.client.request('POST', path, { body, query: { dryRun: 'All', fieldValidation: 'Strict' } }).then(
    () => '',
    (error) => JSON.stringify(statusOf(error)),
  );
}

describe('each CRD', () => {
  test.each(CRDS.map(({ kind }) => kindId(kind)))('%s is established, structural and has its names', async (name) => {
    const crd = await cluster.client.get(CRD, { name });
    const conditions: { type: string; status: string }[] = crd?.['status'].conditions;
    const state = Object.fromEntries(conditions.map(({ type, status }) => [type, status]));
    expect(state).toEqual({ NamesAccepted: 'True', Established: 'True' });
    expect(crd?.['status'].acceptedNames.categories).toEqual(['openfunction']);
  });

  test.each(CRD_FILES)('%s is small enough for plain kubectl apply', async (file) => {
    const bytes = Buffer.byteLength(JSON.stringify(parse(readFileSync(file, 'utf8'))));
    expect(bytes).toBeLessThan(MAX_BYTES);
    expect(await kubectl('apply', '--dry-run=server', '-f', file)).toMatch(/(configured|unchanged) \(server dry run\)/);
  });

  test.each([
    ['core.openfunction.io/v1beta2', 'fn.spec.build.srcRepo.url', 'URL of the Git repository'],
    ['core.openfunction.io/v1beta1', 'fn.spec.route', 'In v1beta2: serving.triggers.http.route'],
    ['core.openfunction.io/v1beta2', 'fb.spec.shipwright.params', 'Parameters handed to the build strategy'],
    ['core.openfunction.io/v1beta1', 'fb.spec.params', 'Parameters handed to the build strategy'],
    ['core.openfunction.io/v1beta2', 'servings.spec.template.containers', '<[]Object>'],
    ['core.openfunction.io/v1beta1', 'servings.spec.runtime', 'called by HTTP'],
    ['networking.openfunction.io/v1alpha1', 'gateways.spec.domain', 'External domain'],
    ['events.openfunction.io/v1alpha1', 'es.spec.kafka.brokers', 'Addresses of the brokers'],
    ['events.openfunction.io/v1alpha1', 'eb.spec.natsStreaming.natsURL', 'Address of the server'],
    ['events.openfunction.io/v1alpha1', 'ceb.spec.natsStreaming.natsURL', 'Address of the server'],
    ['events.openfunction.io/v1alpha1', 'triggers.spec.subscribers.condition', 'Expression over the names'],
  ])('%s %s is described to kubectl explain', async (apiVersion, field, text) => {
    const page = await kubectl('explain', '--api-version', apiVersion, field);
    expect(page.replaceAll(/\s+/g, ' ')).toContain(text);
  });

  test('is found by category', async () => {
    const names = await kubectl('api-resources', '--categories=openfunction', '-o', 'name');
    expect(names.trim().split('\n').sort()).toEqual(CRDS.map(({ kind }) => kindId(kind)).sort());
  });

  test.each(CRDS.filter(({ older }) => older).map(({ kind }) => kind))(
    '$kind: v1beta1 answers with a warning',
    async (kind) => {
      const { stderr } = await kubectlOutput('get', `${kind.plural}.v1beta1.${kind.group}`, '-n', namespace);
      const group = 'core.openfunction.io';
      expect(stderr).toContain(`Warning: ${group}/v1beta1 ${kind.kind} is deprecated; use ${group}/v1beta2`);
    },
  );

  test('is stored and preferred in v1beta2 where there are two versions', async () => {
    const group = await cluster.client.request('GET', '/apis/core.openfunction.io');
    expect(group).toMatchObject({
      preferredVersion: { version: 'v1beta2' },
      versions: [{ version: 'v1beta2' }, { version: 'v1beta1' }],
    });
    for (const { kind } of CRDS) {
      const crd = await cluster.client.get(CRD, { name: kindId(kind) });
      expect(crd?.['status'].storedVersions).toEqual([kind.versions[0]]);
    }
  });
});

describe('the schema', () => {
  test('fills in the defaults of the original', async () => {
    const made = await cluster.client.create(
      FUNCTION,
      fn('defaults', {
        image: 'a',
        serving: {
          triggers: { http: { route: { rules: [{ backendRefs: [{ name: 'b' }] }] } } },
          template: { containers: [{ name: 'function', ports: [{ containerPort: 8080 }] }] },
        },
      }),
      { dryRun: true },
    );
    const { workloadRuntime, serving } = made['spec'];
    expect(workloadRuntime).toBe('OCIContainer');
    expect(serving.template.containers[0].ports).toEqual([{ containerPort: 8080, protocol: 'TCP' }]);
    expect(serving.triggers.http.route.rules[0]).toEqual({
      matches: [{ path: { type: 'PathPrefix', value: '/' } }],
      backendRefs: [{ group: '', kind: 'Service', name: 'b', weight: 1 }],
    });
  });

  test('fills in the defaults of a Gateway', async () => {
    const listener = { name: 'ofn-http-external', port: 80, protocol: 'HTTP' };
    const gateway = {
      apiVersion: 'networking.openfunction.io/v1alpha1',
      kind: 'Gateway',
      metadata: { name: 'defaults', namespace },
      spec: { domain: 'ofn.io', gatewayRef: { name: 'a', namespace: 'b' }, gatewaySpec: { listeners: [listener] } },
    };
    const made = await cluster.client.create(GATEWAY, gateway, { dryRun: true });
    expect(made['spec']).toEqual({
      ...gateway.spec,
      clusterDomain: 'cluster.local',
      hostTemplate: '{{.Name}}.{{.Namespace}}.{{.Domain}}',
      pathTemplate: '{{.Namespace}}/{{.Name}}',
      httpRouteLabelKey: 'app.kubernetes.io/managed-by',
      gatewaySpec: { listeners: [{ ...listener, allowedRoutes: { namespaces: { from: 'Same' } } }] },
    });
  });

  test('keeps any JSON as the value of a Dapr component', async () => {
    const metadata = ['text', 5, true, null, { a: [1] }, ['b']].map((value, index) => ({ name: `v${index}`, value }));
    const component = { type: 'bindings.kafka', version: 'v1', metadata };
    const spec = { image: 'a', serving: { bindings: { a: component }, states: { s: { spec: component } } } };
    const made = await cluster.client.create(FUNCTION, fn('any-json', spec), { dryRun: true });
    expect(made['spec'].serving.bindings.a.metadata.filter((item: { name: string }) => item.name !== 'v3')).toEqual(
      metadata.filter(({ name }) => name !== 'v3'),
    );
  });

  test.each([
    ['an unknown field', { image: 'a', imagge: 'b' }, 'spec.imagge'],
    ['a wrong type', { image: 5 }, 'spec.image'],
    ['a missing image', {}, 'spec.image'],
    ['a build without source', { image: 'a', build: { builder: 'b' } }, 'spec.build.srcRepo'],
    ['a bad hostname', { image: 'a', serving: { triggers: { http: { route: { hostnames: ['A_b'] } } } } }, 'hostnames'],
    [
      'two containers of one name',
      { image: 'a', serving: { template: { containers: [{ name: 'c' }, { name: 'c' }] } } },
      'Duplicate',
    ],
    ['a duration of days', { image: 'a', build: { srcRepo: {}, timeout: '1d' } }, 'spec.build.timeout'],
    ['a Shipwright duration of days', { image: 'a', build: { srcRepo: {}, shipwright: { timeout: '1d' } } }, 'timeout'],
    ['a number as a duration', { image: 'a', serving: { timeout: 5 } }, 'spec.serving.timeout'],
  ])('refuses %s and names it', async (_what, spec, named) => {
    expect(await refusal(FUNCTION, fn('refused', spec))).toContain(named);
  });

  test.each(['0', '1h30m', '-0s', '1.5s', '.5m', '100ms', '1us', '1\u00b5s', '1\u03bcs'])(
    'takes %s for a duration',
    async (timeout) => {
      const build = { builder: 'a', srcRepo: { url: 'a' }, timeout, builderMaxAge: timeout, shipwright: { timeout } };
      expect(await refusal(FUNCTION, fn('durations', { image: 'a', build, serving: { timeout } }))).toBe('');
    },
  );

  const source = { brokers: 'kafka.data:9092', topic: 'orders', authRequired: false };
  const nats = {
    natsURL: 'nats://stan.bus:4222',
    natsStreamingClusterID: 'stan',
    subscriptionType: 'queue',
    durableSubscriptionName: 'ofn',
  };
  test.each([
    [EVENT_SOURCE, { eventBus: 'main', kafka: { order: source } }, ''],
    [EVENT_SOURCE, { kafka: { order: { brokers: 'a' } } }, 'spec.kafka.order.authRequired'],
    [EVENT_BUS, { natsStreaming: nats }, ''],
    [EVENT_BUS, { natsStreaming: { ...nats, natsURL: 5 } }, 'spec.natsStreaming.natsURL'],
    [CLUSTER_EVENT_BUS, { natsStreaming: nats }, ''],
    [CLUSTER_EVENT_BUS, { natsStreaming: {} }, 'spec.natsStreaming.natsURL'],
    [
      TRIGGER,
      { eventBus: 'b', inputs: { a: { eventSource: 's', event: 'e' } }, subscribers: [{ condition: 'a' }] },
      '',
    ],
    [TRIGGER, { eventBus: 'b', inputs: { a: {} } }, 'spec.inputs.a.eventSource'],
  ])('$kind: %j: %s', async (kind, spec, named) => {
    const object = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name: 'some' }, spec };
    const refused = await refusal(kind, object);
    if (named === '') expect(refused).toBe('');
    else expect(refused).toContain(named);
  });

  test('lets two writers share the containers of a pod template', async () => {
    const container = (extra: Record<string, unknown>) => ({ containers: [{ name: 'function', ...extra }] });
    const env = [{ name: 'A', value: '1' }];
    await cluster.client.apply(FUNCTION, fn('shared', { image: 'a', serving: { template: container({ env }) } }), {
      fieldManager: 'one',
    });
    const made = await cluster.client.apply(
      FUNCTION,
      fn('shared', { image: 'a', serving: { template: container({ env: [{ name: 'B', value: '2' }] }) } }),
      { fieldManager: 'two' },
    );
    const [shared] = made['spec'].serving.template.containers;
    expect(shared.env.map((item: { name: string }) => item.name)).toEqual(['A', 'B']);
  });
});

test('a row of kubectl get fn fits 120 columns with typical values', async () => {
  await cluster.client.create(
    FUNCTION,
    fn('hello-typescript', { image: 'registry.localhost/hello-typescript:v1', serving: {} }),
  );
  const conditions = setCondition([], { type: 'Ready', status: 'True', reason: 'Ready', message: '' }, new Date());
  const status = {
    build: { state: 'Succeeded', resourceRef: 'builder-abcdefghij' },
    serving: { state: 'Running', resourceRef: 'serving-abcdefghij' },
    url: 'http://hello-typescript.default.localhost:31080',
    addresses: [{ type: 'Internal', value: `http://hello-typescript.${namespace}.svc.cluster.local/` }],
    conditions,
  };
  await cluster.client.patch(FUNCTION, { namespace, name: 'hello-typescript' }, { status }, { subresource: 'status' });
  const table = (await kubectl('get', 'fn', 'hello-typescript', '-n', namespace)).trimEnd().split('\n');
  expect(table[0]?.split(/ +/)).toEqual(['NAME', 'BUILDSTATE', 'SERVINGSTATE', 'READY', 'REASON', 'URL', 'AGE']);
  expect(table[1]?.split(/ +/).slice(0, 6)).toEqual([
    'hello-typescript',
    'Succeeded',
    'Running',
    'True',
    'Ready',
    status.url,
  ]);
  for (const line of table) expect(line.length).toBeLessThanOrEqual(120);
  const wide = await kubectl('get', 'fn', 'hello-typescript', '-n', namespace, '-o', 'wide');
  expect(wide).toContain('builder-abcdefghij');
});

const rowsOf = (form: RegExp) => publishedManifests().filter(([file]) => form.test(file));

describe.skipIf(ABSENT !== '')(`the manifests of the original${ABSENT}`, () => {
  const stored = /\.(function\..*\.v1beta2|(gateway|eventbus|eventsource|trigger)\..*\.v1alpha1)\.yaml$/;
  const rows = rowsOf(stored);
  /** Without the webhook, which converts them, the API server takes none of these: our check of the schema stands in. */
  const older = rowsOf(/\.function\..*\.v1beta1\.yaml$/);

  test('are found in the index', () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(older.length).toBeGreaterThan(10);
  });

  test.each(rows)('%s: %s', async (file, verdict) => {
    const object: KubeObject = parse(readFileSync(join(MANIFESTS, file), 'utf8'));
    const { kind } = CRDS.find((source) => source.kind.kind === object.kind) as (typeof CRDS)[0];
    const refused = await refusal(kind, object);
    const stricter = STRICTER[file];
    if (stricter !== undefined && verdict === 'ok') {
      for (const field of Object.keys(stricter)) expect(refused).toContain(field);
    } else if (verdict === 'ok') {
      expect(refused).toBe('');
    } else {
      const named = verdict.match(/spec[\w.[\]]*/g) ?? [];
      expect(named.filter((path) => refused.includes(path))).not.toEqual([]);
    }
  });

  test.each(older)('%s: the schema of v1beta1 takes it: %s', (file, verdict) => {
    const object = parse(readFileSync(join(MANIFESTS, file), 'utf8'));
    expect([verdict, checkSchema(FUNCTION_V1BETA1_SCHEMA, object, [])]).toEqual(['ok', []]);
  });
});
