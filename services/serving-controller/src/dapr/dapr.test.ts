import type { KubeObject, ServingSpec } from '@openfunction/api';
import { daprModeOf } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { asStored, component, envOf, make, makeInput, makeServing, the } from '../testdata/serving.ts';
import { makeComponents } from './components.ts';
import { absentComponents, componentProblems, resolve, resolveStates } from './references.ts';

const OUTPUT = { outputs: [{ dapr: { name: 'o', type: 'bindings.kafka' } }] };
const EVENT = { triggers: { dapr: [{ name: 'in' }] }, bindings: { in: component('bindings.kafka') } };
const mode = (text: string) => ({ annotations: { 'openfunction.io/dapr-service-mode': text } });

describe('Dapr', () => {
  it.each<[string, string, Partial<ServingSpec>]>([
    ['is off for a plain function', 'off', {}],
    ['is off for components alone: nothing calls them', 'off', { bindings: { o: component('bindings.kafka') } }],
    ['is on for a dapr trigger', 'standalone', { triggers: { dapr: [{ name: 'in' }] } }],
    ['is on for an input', 'standalone', { triggers: { http: {}, inputs: [{ dapr: { name: 'in' } }] } }],
    ['is on for outputs', 'standalone', OUTPUT],
    ['is on for states', 'standalone', { states: { s: {} } }],
    ['is on when the annotation says so', 'standalone', { annotations: { 'openfunction.io/enable-dapr': '' } }],
    [
      'is off when the annotation says so',
      'off',
      { ...OUTPUT, annotations: { 'openfunction.io/enable-dapr': 'false' } },
    ],
    ['is in each pod in sidecar mode', 'sidecar', { ...OUTPUT, ...mode('sidecar') }],
    ['is nowhere in a mode that nobody knows', 'off', { ...OUTPUT, ...mode('beside') }],
  ])('%s', (_what, wanted, spec) => {
    expect(daprModeOf(makeServing(spec).spec)).toBe(wanted);
  });
});

describe('a Component', () => {
  it('is made for each entry with a spec, for this function alone, in a fixed order (controllers.md §3.6)', () => {
    const spec = { ...component('bindings.kafka'), metadata: [{ name: 'brokers', value: 9092 }] };
    const states = { s: { spec: component('state.redis') }, elsewhere: {} };
    const serving = makeServing({ bindings: { b: spec, a: spec }, pubsub: { p: component('pubsub.redis') }, states });
    const made = makeComponents(makeInput(serving));
    expect(made.map(({ metadata }) => metadata.name.slice(0, -11))).toEqual(
      ['bindings-a', 'bindings-b', 'pubsub-p', 'state-s'].map((what) => `serving-a-${what}`),
    );
    expect(made[0]).toMatchObject({ spec, scopes: ['fn-ns'] });
    expect(made[0]?.metadata.labels).toEqual({
      'openfunction.io/managed': 'true',
      'openfunction.io/serving': 'serving-a',
    });
  });

  it('is scoped to the app id that the user chose (Q26)', () => {
    const serving = makeServing({
      bindings: { b: component('bindings.kafka') },
      annotations: { 'dapr.io/app-id': 'mine' },
    });
    expect(makeComponents(makeInput(serving))[0]?.['scopes']).toEqual(['mine']);
  });

  it('has a name of its own, whatever its key holds', () => {
    const keys = ['Kafka_Server', 'kafka-server', 'kafka.server', 'k'.repeat(80), '日本'];
    const bindings = Object.fromEntries(keys.map((key) => [key, component('bindings.kafka')]));
    const names = makeComponents(makeInput(makeServing({ bindings }))).map(({ metadata }) => metadata.name);
    expect(new Set(names).size).toBe(keys.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });

  it('that the Go operator made keeps its name, recorded or not; that of a longer key is another', () => {
    const spec = { pubsub: { in: component('pubsub.redis'), 'in-out': component('pubsub.redis') } };
    const left = (name: string): KubeObject =>
      asStored({ apiVersion: 'dapr.io/v1alpha1', kind: 'Component', metadata: { name } });
    const owned = [left('serving-a-pubsub-in-ckfqw'), left('serving-a-pubsub-in-out-r9zwr')];
    const names = (serving = makeServing(spec), world = owned) =>
      makeComponents(makeInput(serving, { owned: world })).map(({ metadata }) => metadata.name);
    expect(names()).toEqual(owned.map(({ metadata }) => metadata.name));
    const resourceRef = { 'dapr.io/component': 'serving-a-pubsub-in-out-r9zwr,serving-a-pubsub-in-ckfqw' };
    expect(names(makeServing(spec, { status: { resourceRef } }), [])).toEqual(names());
  });
});

describe('a reference to a component', () => {
  const existing: KubeObject = {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name: 'shared' },
    spec: { type: 'pubsub.nats' },
  };
  const world = (spec: Partial<ServingSpec>) =>
    makeInput(makeServing(spec), { components: new Map([['shared', existing]]) });
  const declared = { bindings: { k: component('bindings.kafka') }, pubsub: { k: component('pubsub.kafka') } };

  it('means the one declared here, of the type it says', () => {
    expect(resolve(world(declared), { name: 'k', type: 'pubsub.kafka' }).componentName).toMatch(/^serving-a-pubsub-k-/);
    expect(resolve(world(declared), { name: 'k' })).toMatchObject({ componentType: 'bindings.kafka' });
  });

  it('else means one that somebody else has made, and takes its type', () => {
    expect(resolve(world({}), { name: 'shared' })).toEqual({ componentName: 'shared', componentType: 'pubsub.nats' });
    expect(resolve(world({}), { name: 'later', type: 'bindings.mqtt3' })).toEqual({
      componentName: 'later',
      componentType: 'bindings.mqtt3',
    });
  });

  it('is a state store without a spec by the name of its key', () => {
    const states = { own: { spec: component('state.redis') }, shared: {} };
    expect(resolveStates(world({ states }))).toEqual({
      own: { componentName: expect.stringMatching(/^serving-a-state-own-/), componentType: 'state.redis' },
      shared: { componentName: 'shared', componentType: 'pubsub.nats' },
    });
  });

  it.each<[string, Partial<ServingSpec>, RegExp | undefined]>([
    ['that is declared is fine', { ...declared, outputs: [{ dapr: { name: 'k' } }] }, undefined],
    ['to an existing one is fine', { outputs: [{ dapr: { name: 'shared' } }] }, undefined],
    [
      'with a type may wait for its Component',
      { outputs: [{ dapr: { name: 'later', type: 'bindings.http' } }] },
      undefined,
    ],
    [
      'to nothing is named',
      { outputs: [{ dapr: { name: 'none' } }] },
      /outputs\[0\]\.dapr: Component "none" does not exist in namespace ns/,
    ],
    ['to nothing is named: a trigger', { triggers: { dapr: [{ name: 'none' }] } }, /triggers\.dapr\[0\]/],
    [
      'to nothing is named: an input',
      { triggers: { http: {}, inputs: [{ dapr: { name: 'none' } }] } },
      /triggers\.inputs\[0\]\.dapr/,
    ],
    ['to nothing is named: a state', { states: { none: {} } }, /states\.none/],
    [
      'that contradicts the declaration is named',
      { bindings: declared.bindings, outputs: [{ dapr: { name: 'k', type: 'pubsub.redis' } }] },
      /"pubsub.redis" contradicts "bindings.kafka"/,
    ],
    [
      'that contradicts what exists is named',
      { outputs: [{ dapr: { name: 'shared', type: 'bindings.http' } }] },
      /contradicts "pubsub.nats"/,
    ],
  ])('%s', (_what, spec, problem) => {
    const problems = componentProblems(world(spec));
    expect(problems).toHaveLength(problem === undefined ? 0 : 1);
    if (problem !== undefined) expect(problems[0]).toMatch(problem);
  });

  it.each<[string, string[], Partial<ServingSpec>]>([
    ['declared', [], { ...declared, outputs: [{ dapr: { name: 'k' } }] }],
    ['there', [], { outputs: [{ dapr: { name: 'shared', type: 'pubsub.nats' } }] }],
    ['of a trigger', ['triggers.dapr[0]'], { triggers: { dapr: [{ name: 'later', type: 'bindings.cron' }] } }],
    [
      'of an output and an input',
      ['triggers.inputs[0].dapr', 'outputs[0].dapr'],
      {
        triggers: { http: {}, inputs: [{ dapr: { name: 'later', type: 'state.redis' } }] },
        outputs: [{ dapr: { name: 'later', type: 'bindings.http' } }],
      },
    ],
    [
      'of a trigger that does not count beside http',
      [],
      { triggers: { http: {}, dapr: [{ name: 'later', type: 'bindings.cron' }] } },
    ],
    [
      'of a function without Dapr',
      [],
      {
        annotations: { 'openfunction.io/enable-dapr': 'false' },
        outputs: [{ dapr: { name: 'l', type: 'bindings.http' } }],
      },
    ],
  ])('to a Component that is %s: %j are absent', (_what, paths, spec) => {
    const found = absentComponents(world(spec)).map((sentence) => /^spec\.serving\.(\S+): /.exec(sentence)?.[1]);
    expect(found).toEqual(paths);
  });
});

describe('the Service by which a proxy reaches its function', () => {
  /** One version: where its proxy sends events by each context, and the Service there; the labels of its own pods. */
  function version(name: string, spec: Partial<ServingSpec>) {
    const serving = makeServing(spec);
    serving.metadata = { ...serving.metadata, name, uid: `uid-${name}` };
    const made = make(serving);
    const env = envOf(the(made, 'Deployment', 'proxy')['spec'].template.spec, 'dapr-proxy');
    const names = ['FUNC_CONTEXT', 'FUNC_CONTEXT_V1BETA2'].map((context) => JSON.parse(env[context] ?? '').name);
    const service = made.find(({ kind, metadata }) => kind === 'Service' && metadata.name === names[0]);
    const workload = made.find(({ kind, metadata }) => kind === 'Deployment' && !metadata.name.includes('proxy'));
    const pods: Record<string, string> = workload?.['spec'].template.metadata.labels;
    return { names, service, pods, own: envOf(workload?.['spec'].template.spec) };
  }

  it('is another for each version, and leads to its pods alone; the function keeps its own name', () => {
    const [a, b] = [version('serving-a', EVENT), version('serving-b', { ...EVENT, version: 'v2.0.0' })];
    for (const { names, service, own } of [a, b]) {
      expect(names).toEqual([service?.metadata.name, service?.metadata.name]);
      expect(JSON.parse(own['FUNC_CONTEXT'] ?? '').name).toBe('fn');
    }
    const label = 'openfunction.io/serving';
    const selectors = [a, b].map(({ service }) => service?.['spec'].selector);
    expect(selectors).toEqual([{ [label]: 'serving-a' }, { [label]: 'serving-b' }]);
    expect([a.pods[label], b.pods[label]]).toEqual(['serving-a', 'serving-b']);
  });

  it('has an address of its own only where the proxy speaks plain HTTP', () => {
    const http = version('serving-a', { ...EVENT, annotations: { 'dapr.io/app-protocol': 'http' } });
    expect([version('serving-a', EVENT), http].map(({ service }) => service?.['spec'].clusterIP)).toEqual([
      'None',
      undefined,
    ]);
  });

  it('is not there for a function that is called by HTTP, whose proxy brings nothing', () => {
    const { names, service } = version('serving-a', { ...OUTPUT, triggers: { http: { engine: 'keda' } } });
    expect([names, service]).toEqual([['fn', 'fn'], undefined]);
  });
});

describe('the Service by which a function reaches its proxy', () => {
  /** One version of the function `fn`: its objects, where its own pods look for Dapr, and what they find there. */
  function version(name: string, spec: Partial<ServingSpec>) {
    const serving = makeServing(spec);
    serving.metadata = { ...serving.metadata, name, uid: `uid-${name}` };
    const made = make(serving);
    const workload = made.find(({ kind, metadata }) => kind === 'Deployment' && !metadata.name.includes('proxy'));
    const proxy: Record<string, string> = the(made, 'Deployment', 'proxy')['spec'].template.metadata.labels;
    const service = the(made, 'Service', 'proxy-service');
    return { serving, made, host: envOf(workload?.['spec'].template.spec)['DAPR_HOST'], proxy, service };
  }

  /** Whether a Service leads to pods of these labels. */
  function leads({ spec }: KubeObject, labels: Record<string, string>): boolean {
    return Object.entries(spec.selector).every(([label, value]) => labels[label] === value);
  }

  it.each<[string, Partial<ServingSpec>]>([
    ['event-driven', EVENT],
    ['behind the HTTP add-on', { ...OUTPUT, triggers: { http: { engine: 'keda' } } }],
  ])('is another for each version, though both have one app id: %s', (_what, spec) => {
    const [a, b] = [version('serving-a', spec), version('serving-b', { ...spec, version: 'v2.0.0' })];
    expect(new Set([a.host, b.host]).size).toBe(2);
    for (const { service, host, serving } of [a, b]) {
      expect(host).toBe(`${service.metadata.name}.ns.svc.cluster.local`);
      expect(service.metadata.ownerReferences).toMatchObject([{ kind: 'Serving', uid: serving.metadata.uid }]);
    }
    expect([a.proxy, b.proxy].map((pods) => [a, b].map(({ service }) => leads(service, pods)))).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  it('leads to the proxy alone, whatever labels the user gives, and is there before what needs it', () => {
    const { made, service, proxy } = version('serving-a', {
      ...EVENT,
      labels: { 'openfunction.io/proxy': 'serving-a' },
    });
    const pods = the(made, 'Deployment', 'serving-a-deployment')['spec'].template.metadata.labels;
    expect([leads(service, proxy), leads(service, pods)]).toEqual([true, false]);
    expect(made.map(({ kind }) => kind)).toEqual(['Component', 'Service', 'Service', 'Deployment', 'Deployment']);
  });

  it('shows the ports of the sidecar as they are, as soon as it has an address', () => {
    const ports = (annotations: Record<string, string> = {}) => {
      const { spec } = version('serving-a', { ...EVENT, annotations }).service;
      expect(spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
      return spec.ports.map(({ name, port, targetPort }: Record<string, unknown>) => [name, port, targetPort]);
    };
    const http = ['dapr-http', 3500, 3500];
    expect(ports()).toEqual([http, ['dapr-grpc', 50001, 50001]]);
    expect(ports({ 'dapr.io/grpc-port': '50005' })).toEqual([http, ['dapr-grpc', 50005, 50005]]);
    for (const none of ['x', '', '0', '65536', '3500'])
      expect(ports({ 'dapr.io/grpc-port': none })).toEqual([http, ['dapr-grpc', 50001, 50001]]);
  });

  it.each<[string, Partial<ServingSpec>]>([
    ['in sidecar mode', { ...EVENT, ...mode('sidecar') }],
    ['without Dapr', {}],
  ])('is not there %s', (_what, spec) => {
    expect(make(makeServing(spec)).filter(({ apiVersion, kind }) => `${apiVersion} ${kind}` === 'v1 Service')).toEqual(
      [],
    );
  });
});

describe('the proxy (controllers.md §3.6)', () => {
  const proxyOf = (spec: Partial<ServingSpec>) => the(make(makeServing(spec)), 'Deployment', 'proxy');
  const triggers = [{ type: 'rabbitmq', metadata: { hostFromEnv: 'HOST', queueName: 'q' } }];
  const scalers = (spec: Partial<ServingSpec>) =>
    make(makeServing({ ...EVENT, ...spec }, { status: { state: 'Running' } })).filter(
      ({ kind, metadata }) => kind === 'ScaledObject' && metadata.name.includes('proxy'),
    );

  it('has one replica, a selector of reserved labels, and Dapr in it', () => {
    const { spec, metadata } = proxyOf({ ...EVENT, labels: { team: 'a', 'openfunction.io/proxy': 'other' } });
    const labels = { 'openfunction.io/managed': 'true', 'openfunction.io/proxy': 'serving-a' };
    expect(metadata.name).toMatch(/^serving-a-proxy-deployment-v100-[a-z0-9]{10}$/);
    expect(spec.replicas).toBe(1);
    expect(spec.selector.matchLabels).toEqual(labels);
    expect(spec.template.metadata.labels).toEqual({ team: 'a', ...labels });
    expect(spec.template.metadata.annotations).toMatchObject({
      'dapr.io/app-id': 'fn-ns',
      'dapr.io/enabled': 'true',
      'dapr.io/sidecar-listen-addresses': '[::],0.0.0.0',
    });
    expect(Object.keys(envOf(spec.template.spec, 'dapr-proxy'))).toEqual([
      'APP_PROTOCOL',
      'FUNC_CONTEXT',
      'FUNC_CONTEXT_V1BETA2',
      'POD_NAME',
      'POD_NAMESPACE',
    ]);
  });

  it('listens where the function does, and is there in standalone mode alone', () => {
    const [container] = proxyOf({ ...OUTPUT, triggers: { http: { port: 9000 } } })['spec'].template.spec.containers;
    expect(container.ports).toEqual([{ name: 'function-port', containerPort: 9000, protocol: 'TCP' }]);
    expect(make(makeServing({ ...EVENT, ...mode('sidecar') })).map(({ kind }) => kind)).toEqual([
      'Component',
      'Deployment',
    ]);
  });

  it('runs where and as whom the function runs (Q32)', () => {
    const place = {
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      serviceAccountName: 'sa',
      priorityClassName: 'high',
      schedulerName: 'mine',
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      runtimeClassName: 'gvisor',
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      imagePullSecrets: [{ name: 'one' }],
    };
    const template = { ...place, hostNetwork: true, containers: [] };
    const pod = proxyOf({ ...EVENT, template, imageCredentials: { name: 'two' } })['spec'].template.spec;
    expect(pod).toMatchObject({ ...place, imagePullSecrets: [{ name: 'one' }, { name: 'two' }] });
    expect(pod).not.toHaveProperty('hostNetwork');
  });

  it('is confined as the function is, so that quota and PodSecurity admit both (Q32)', () => {
    const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    const resources = {
      requests: { cpu: '100m', memory: '64Mi' },
      limits: { memory: '128Mi', 'nvidia.com/gpu': '1' },
      claims: [{ name: 'gpu' }],
    };
    const confined = (more: object) => {
      const [container] = proxyOf({ ...EVENT, template: { containers: [{ name: 'function', ...more }] } })['spec']
        .template.spec.containers;
      return [container.resources, container.securityContext];
    };
    const { requests } = resources;
    expect(confined({ resources, securityContext })).toEqual([
      { requests, limits: { memory: '128Mi' } },
      securityContext,
    ]);
    expect(confined({})).toEqual([undefined, undefined]);
  });

  it('is not run by the runtime of a WebAssembly function', () => {
    const serving = makeServing({ ...EVENT, template: { runtimeClassName: 'wasm', containers: [] } });
    serving.metadata.annotations = { 'module.wasm.image/variant': 'compat-smart' };
    expect(the(make(serving), 'Deployment', 'proxy')['spec'].template.spec).not.toHaveProperty('runtimeClassName');
  });

  it('wakes from zero with the workload, by the same triggers', () => {
    const scaledObject = { pollingInterval: 5, cooldownPeriod: 9, fallback: { failureThreshold: 1, replicas: 2 } };
    const spec = { ...EVENT, scaleOptions: { maxReplicas: 10, keda: { scaledObject, triggers } } };
    expect(proxyOf(spec)['spec']).not.toHaveProperty('replicas');
    expect(scalers(spec).map((scaler) => scaler['spec'])).toEqual([
      {
        scaleTargetRef: { kind: 'Deployment', name: proxyOf(spec).metadata.name, envSourceContainerName: 'dapr-proxy' },
        minReplicaCount: 0,
        maxReplicaCount: 1,
        pollingInterval: 5,
        cooldownPeriod: 9,
        triggers,
      },
    ]);
  });

  it('stays awake where the workload does', () => {
    const keda = { triggers };
    expect(scalers({ scaleOptions: { minReplicas: 1, keda } })).toEqual([]);
    expect(scalers({ scaleOptions: { minReplicas: 0 } })).toEqual([]);
    expect(scalers({ workloadType: 'Job', scaleOptions: { minReplicas: 1, keda } })).toHaveLength(1);
  });

  it('is not woken by how busy the function is, and stays awake where that is all that scales', () => {
    const cpu = { type: 'cpu', metricType: 'Utilization', metadata: { value: '60' } };
    const memory = { type: 'memory', metadata: { value: '70' } };
    const [scaler] = scalers({ scaleOptions: { keda: { triggers: [cpu, ...triggers, memory] } } });
    expect(scaler?.['spec'].triggers).toEqual(triggers);
    const busy = { ...EVENT, scaleOptions: { minReplicas: 0, keda: { triggers: [cpu] } } };
    expect(scalers(busy)).toEqual([]);
    expect(proxyOf(busy)['spec'].replicas).toBe(1);
  });

  it('has the variables of the function that the triggers name, as KEDA reads them from what it scales', () => {
    const env = [
      { name: 'HOST', value: 'amqp://q' },
      { name: 'OTHER', value: 'x' },
    ];
    const template = { containers: [{ name: 'function', env, envFrom: [{ secretRef: { name: 's' } }] }] };
    const pod = proxyOf({ ...EVENT, template, scaleOptions: { keda: { triggers } } })['spec'].template.spec;
    expect(envOf(pod, 'dapr-proxy')).toMatchObject({ HOST: 'amqp://q' });
    expect(envOf(pod, 'dapr-proxy')).not.toHaveProperty('OTHER');
    expect(pod.containers[0].envFrom).toEqual([{ secretRef: { name: 's' } }]);
  });
});
