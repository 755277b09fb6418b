import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CRD, FUNCTION, GATEWAY, type Kind, type KubeObject, kindId, setCondition } from '@openfunction/api';
import { CRDS } from '@openfunction/api/crds';
import { statusOf } from '@openfunction/kube';
import { findProgram, silent } from '@openfunction/local';
import { freshNamespace, type TestCluster, testCluster } from '@openfunction/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

/** The CRDs in deploy/crds, as a real API server takes them. The webhook is not there: this is what the schema alone holds. */
const ROOT = resolve(import.meta.dirname, '../..');
const CRD_FILES = readdirSync(join(ROOT, 'deploy/crds')).map((name) => join(ROOT, 'deploy/crds', name));
const MAX_BYTES = 200_000;

let cluster: TestCluster;
let namespace: string;
let kubectlFile: string;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await freshNamespace(cluster.client, 'crds');
  kubectlFile = await findProgram('kubectl', silent);
});

async function kubectl(...args: string[]): Promise<string> {
  const env = {
    ...process.env,
    KUBECONFIG: cluster.kubeconfig,
    KUBECACHEDIR: join(cluster.directory, 'kubectl-cache'),
  };
  const { stdout } = await promisify(execFile)(kubectlFile, args, { env });
  return stdout;
}

function fn(name: string, spec: Record<string, unknown>): KubeObject {
  return { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function', metadata: { name, namespace }, spec };
}

/** What strict clients see: the messages of a refused dry run, or nothing when it passes. */
async function refusal(kind: Kind, object: KubeObject): Promise<string> {
  const path = `/apis/${kind.group}/${kind.versions[0]}/namespaces/${namespace}/${kind.plural}`;
  const body = { ...object, metadata: { ...object.metadata, namespace } };
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

  test('is described to kubectl explain, and found by short name and category', async () => {
    expect(await kubectl('explain', 'fn.spec.build.srcRepo.url')).toContain('URL of the Git repository');
    expect(await kubectl('explain', 'servings.spec.template.containers')).toContain('<[]Object>');
    const names = await kubectl('api-resources', '--categories=openfunction', '-o', 'name');
    expect(names.trim().split('\n').sort()).toEqual(CRDS.map(({ kind }) => kindId(kind)).sort());
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
  ])('refuses %s and names it', async (_what, spec, named) => {
    expect(await refusal(FUNCTION, fn('refused', spec))).toContain(named);
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
  await cluster.client.create(FUNCTION, fn('hello-typescript', { image: 'registry.localhost/hello-typescript:v1' }));
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

const MANIFESTS = resolve(ROOT, '../shared/data/openfunction/manifests');
const ABSENT = existsSync(MANIFESTS) ? '' : ` (skipped: they are not at ${MANIFESTS})`;

describe.skipIf(ABSENT !== '')(`the manifests of the original${ABSENT}`, () => {
  const rows = ABSENT === '' ? indexRows() : [];

  test('are found in the index', () => {
    expect(rows.length).toBeGreaterThan(20);
  });

  test.each(rows)('%s: %s', async (file, verdict) => {
    const object: KubeObject = parse(readFileSync(join(MANIFESTS, file), 'utf8'));
    const kind = object.kind === 'Gateway' ? GATEWAY : FUNCTION;
    const refused = await refusal(kind, object);
    if (verdict === 'ok') {
      expect(refused).toBe('');
    } else {
      const named = verdict.match(/spec[\w.[\]]*/g) ?? [];
      expect(named.filter((path) => refused.includes(path))).not.toEqual([]);
    }
  });

  /** File and verdict of each manifest of a version that we serve, from the table in INDEX.md. */
  function indexRows(): [file: string, verdict: string][] {
    const lines = readFileSync(join(MANIFESTS, 'INDEX.md'), 'utf8').split('\n');
    const cells = lines.map((line) => line.split(' | ').map((cell) => cell.replace(/^\| /, '').trim()));
    return cells
      .filter(([file = '']) => /\.(function\..*\.v1beta2|gateway\..*\.v1alpha1)\.yaml`$/.test(file))
      .map(([file = '', , , , verdict = '']) => [file.replaceAll('`', ''), verdict]);
  }
});
