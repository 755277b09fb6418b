import type { KubeObject, Serving, ServingSpec, ServingStatus } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { makeKnativeService } from './engines/knative/make.ts';
import { planServing } from './plan.ts';

const CREATED = '2026-01-01T12:00:00Z';
const at = (seconds: number) => new Date(Date.parse(CREATED) + seconds * 1000);
const HTTP = { triggers: { http: { port: 8080 } } };

function makeServing(spec: Partial<ServingSpec> = HTTP, status?: ServingStatus): Serving {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Serving',
    metadata: {
      name: 'serving-a',
      namespace: 'ns',
      uid: 'uid-s',
      generation: 1,
      creationTimestamp: CREATED,
      labels: { 'openfunction.io/function': 'fn' },
    },
    spec: { image: 'acme/fn:v1', version: 'v1.0.0', ...spec },
    ...(status !== undefined && { status }),
  };
}

function makeKnative(
  status: 'True' | 'False' | 'Unknown',
  more: { message?: string; reason?: string; generation?: number } = {},
): KubeObject {
  const { generation = 1, ...said } = more;
  const conditions = [{ type: 'Ready', status, ...said }];
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name: 'k', generation },
    status: { observedGeneration: 1, conditions },
  };
}

const plan = (serving: Serving, options: { knative?: KubeObject; installed?: boolean; after?: number } = {}) =>
  planServing(
    { serving, knativeService: options.knative, installed: options.installed ?? true },
    at(options.after ?? 10),
  );
const ready = (status: ServingStatus | undefined) => status?.conditions?.find(({ type }) => type === 'Ready');

describe('a Serving', () => {
  it('that is new gets a Knative Service, and says nothing for 2 s', () => {
    const { apply, status, wakeAt } = plan(makeServing(), { after: 1 });
    expect(apply.map(({ kind }) => kind)).toEqual(['Service']);
    expect([status, wakeAt]).toEqual([undefined, at(2)]);
  });

  it('says Starting afterwards, in the words of Knative', () => {
    const { status } = plan(makeServing(), { knative: makeKnative('Unknown', { message: 'pulling the image' }) });
    expect(status).toMatchObject({ phase: 'Serving', state: 'Starting', message: 'pulling the image' });
  });

  it('runs when Knative says so of the present generation', () => {
    expect(plan(makeServing(), { knative: makeKnative('True') }).status).toMatchObject({
      state: 'Running',
      reason: 'Running',
    });
    expect(plan(makeServing(), { knative: makeKnative('True', { generation: 2 }) }).status?.state).toBe('Starting');
  });

  it('names its Service under both keys: url is what v1.2 called it', () => {
    const { apply, status } = plan(makeServing(), { knative: makeKnative('True') });
    const name = apply[0]?.metadata.name;
    expect([status?.url, status?.service, status?.resourceRef]).toEqual([
      name,
      name,
      { 'serving.knative.dev/service': name },
    ]);
  });

  it('fails with the reason and words of Knative, and recovers', () => {
    const { status } = plan(makeServing(), {
      knative: makeKnative('False', { reason: 'RevisionFailed', message: 'exit code 3' }),
    });
    expect(status).toMatchObject({ state: 'Failed', reason: 'RevisionFailed', message: 'exit code 3' });
    expect(status?.conditions?.some(({ type }) => type === 'Stalled')).toBe(true);
    const recovered = plan(makeServing(HTTP, status), { knative: makeKnative('True') }).status;
    expect(recovered?.state).toBe('Running');
    expect(recovered?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
  });

  it('goes on running while its workload is rolled over', () => {
    expect(plan(makeServing(HTTP, { state: 'Running' }), { knative: makeKnative('Unknown') }).status).toBeUndefined();
  });

  it('is given up after its timeout, may recover, and is not bounded once it ran (Q4)', () => {
    const spec = { ...HTTP, timeout: '1m' };
    expect(plan(makeServing(spec), { knative: makeKnative('Unknown') }).wakeAt).toEqual(at(60));
    const late = plan(makeServing(spec, { state: 'Starting', message: 'pulling' }), {
      knative: makeKnative('Unknown'),
      after: 61,
    }).status;
    expect(late).toMatchObject({ state: 'Timeout', message: expect.stringMatching(/1m: pulling$/) });
    expect(plan(makeServing(spec, late), { knative: makeKnative('Unknown'), after: 99 }).status).toEqual(late);
    expect(plan(makeServing(spec, late), { knative: makeKnative('True'), after: 99 }).status?.state).toBe('Running');
    expect(
      plan(makeServing(spec, { state: 'Running' }), { knative: makeKnative('Unknown'), after: 99 }).status,
    ).toBeUndefined();
  });

  it('waits for Knative, and says that it is not installed', () => {
    const { apply, status } = plan(makeServing(), { installed: false });
    expect(apply).toEqual([]);
    expect(ready(status)).toMatchObject({
      status: 'Unknown',
      reason: 'DependencyMissing',
      message: expect.stringContaining('Knative'),
    });
  });

  it.each([
    ['no http trigger', { triggers: { dapr: [{ name: 'a' }] } }],
    ['no triggers', {}],
    ['the keda engine', { triggers: { http: { engine: 'keda' } } }],
    ['Dapr outputs', { ...HTTP, outputs: [{ dapr: { name: 'o' } }] }],
    ['Dapr by annotation', { ...HTTP, annotations: { 'openfunction.io/enable-dapr': 'true' } }],
  ])('says what it cannot run: %s', (_case, spec) => {
    const { apply, status } = plan(makeServing(spec));
    expect(apply).toEqual([]);
    expect(status).toMatchObject({ state: 'Failed', reason: 'Unsupported' });
    expect(status?.message).not.toBe('');
  });
});

describe('the Knative Service', () => {
  const spec = (serving: Serving) => makeKnativeService(serving)['spec'].template;
  const container = (serving: Serving, name = 'function') =>
    spec(serving).spec.containers.find((each: { name: string }) => each.name === name);

  it('of the smallest Serving (controllers.md §3.9)', () => {
    const { metadata } = makeKnativeService(makeServing());
    expect(metadata.name).toMatch(/^serving-a-ksvc-[a-z][a-z0-9]{9}$/);
    expect(metadata.labels).toEqual({ 'openfunction.io/serving': 'serving-a' });
    const template = spec(makeServing());
    expect(template.metadata.name).toBe(`${metadata.name}-v100`);
    expect(template.metadata.labels).toEqual({
      'openfunction.io/serving': 'serving-a',
      'app.kubernetes.io/version': 'v1.0.0',
    });
    expect(template.metadata.annotations).toMatchObject({ 'dapr.io/app-id': 'fn-ns', 'dapr.io/enabled': 'false' });
    expect(container(makeServing())).toMatchObject({
      image: 'acme/fn:v1',
      imagePullPolicy: 'IfNotPresent',
      ports: [{ containerPort: 8080 }],
    });
    expect(container(makeServing()).env.map(({ name }: { name: string }) => name)).toEqual([
      'APP_PROTOCOL',
      'FUNC_CONTEXT',
      'FUNC_CONTEXT_V1BETA2',
      'POD_NAME',
      'POD_NAMESPACE',
    ]);
  });

  it('fills the container named function of the template, and leaves the others', () => {
    const given = {
      name: 'function',
      imagePullPolicy: 'Always',
      env: [{ name: 'MINE', value: '1' }],
      resources: { limits: { cpu: '1' } },
    };
    const template = { containers: [{ name: 'sidecar', image: 's' }, given], serviceAccountName: 'sa' };
    const serving = makeServing({ ...HTTP, template, params: { B: '2', A: '1' }, imageCredentials: { name: 'pull' } });
    expect(container(serving, 'sidecar')).toEqual({ name: 'sidecar', image: 's' });
    const made = container(serving);
    expect(made).toMatchObject({ image: 'acme/fn:v1', imagePullPolicy: 'Always', resources: { limits: { cpu: '1' } } });
    expect(made.env.map(({ name }: { name: string }) => name)).toEqual([
      'MINE',
      'APP_PROTOCOL',
      'FUNC_CONTEXT',
      'FUNC_CONTEXT_V1BETA2',
      'A',
      'B',
      'POD_NAME',
      'POD_NAMESPACE',
    ]);
    expect(spec(serving).spec).toMatchObject({ serviceAccountName: 'sa', imagePullSecrets: [{ name: 'pull' }] });
  });

  it('scales as asked: replica bounds win over annotations, and the concurrency is set on the revision too', () => {
    const knative = { 'autoscaling.knative.dev/min-scale': '4', 'autoscaling.knative.dev/container-concurrency': '7' };
    const template = spec(makeServing({ ...HTTP, scaleOptions: { minReplicas: 1, maxReplicas: 3, knative } }));
    expect(template.metadata.annotations).toMatchObject({
      'autoscaling.knative.dev/min-scale': '1',
      'autoscaling.knative.dev/minScale': '1',
      'autoscaling.knative.dev/max-scale': '3',
      'autoscaling.knative.dev/maxScale': '3',
      'autoscaling.knative.dev/container-concurrency': '7',
    });
    expect(template.spec.containerConcurrency).toBe(7);
  });

  it('lets no label of the user take the place of a reserved one (Q26)', () => {
    const labels = { 'openfunction.io/serving': 'other', team: 'a' };
    expect(spec(makeServing({ ...HTTP, labels })).metadata.labels).toMatchObject({
      'openfunction.io/serving': 'serving-a',
      team: 'a',
    });
  });

  it('keeps its name when the route or the timeout changes, and takes another with other content', () => {
    const name = (spec: Partial<ServingSpec>) => makeKnativeService(makeServing(spec)).metadata.name;
    const route = { hostnames: ['a.example.com'] };
    expect(name({ triggers: { http: { port: 8080, route } }, timeout: '1m' })).toBe(name(HTTP));
    expect(name({ ...HTTP, params: { A: '1' } })).not.toBe(name(HTTP));
  });

  it('tells the function what it is, in both layouts (controllers.md §3.7)', () => {
    const route = { hostnames: ['a.example.com'] };
    const values = Object.fromEntries(
      container(makeServing({ triggers: { http: { port: 9000, route } } })).env.map(
        ({ name, value }: { name: string; value: string }) => [name, value],
      ),
    );
    expect(JSON.parse(values['FUNC_CONTEXT'])).toEqual({
      name: 'fn',
      version: 'v1.0.0',
      runtime: 'Knative',
      port: '9000',
    });
    expect(JSON.parse(values['FUNC_CONTEXT_V1BETA2'])).toEqual({
      name: 'fn',
      version: 'v1.0.0',
      triggers: { http: { port: 9000 } },
    });
  });

  it('gets the runtime class of WebAssembly when the Function asks for it', () => {
    const serving = makeServing();
    serving.metadata.annotations = { 'module.wasm.image/variant': 'compat-smart' };
    expect(spec(serving).spec.runtimeClassName).toBe('openfunction-crun');
  });
});
