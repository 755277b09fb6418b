import type { Container, ContainerPort, PodSpec, ServingSpec } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { proxyServiceName } from '../dapr/proxy-service.ts';
import { makeInput, makeServing } from '../testdata/serving.ts';
import { ENV_ORDER, makeEnv } from './env.ts';
import { makePodSpec } from './pod.ts';

function pod(spec: Partial<ServingSpec> = {}, port: ContainerPort = { containerPort: 8080 }): PodSpec {
  const serving = makeServing(spec);
  return makePodSpec(serving, { port, env: (given) => makeEnv(given, ENV_ORDER.knative, makeInput(serving)) });
}

function container(containers: Container[], name = 'function'): Container | undefined {
  return pod({ template: { containers } }).containers.find((each) => each.name === name);
}

describe('the pod of a function (controllers.md §3.3)', () => {
  it('is made of nothing but the image where there is no template', () => {
    expect(pod().containers).toHaveLength(1);
    expect(pod()).not.toHaveProperty('imagePullSecrets');
    expect(pod().containers[0]).toMatchObject({
      name: 'function',
      image: 'acme/fn:v1',
      imagePullPolicy: 'IfNotPresent',
    });
  });

  it('fills the container named function of the template, and leaves the others', () => {
    const given = { name: 'function', image: 'mine', imagePullPolicy: 'Always', resources: { limits: { cpu: '1' } } };
    const template = { containers: [given, { name: 'sidecar', image: 's' }], serviceAccountName: 'sa' };
    const { containers, serviceAccountName } = pod({ template });
    expect(containers[0]).toMatchObject({ ...given, image: 'acme/fn:v1' });
    expect([containers[1], serviceAccountName]).toEqual([{ name: 'sidecar', image: 's' }, 'sa']);
  });

  it('appends the container where the template has none, and fills the last of several', () => {
    expect(pod({ template: { containers: [{ name: 'a' }] } }).containers.map(({ name }) => name)).toEqual([
      'a',
      'function',
    ]);
    const twice = pod({ template: { containers: [{ name: 'function' }, { name: 'function' }] } }).containers;
    expect(twice.map(({ image }) => image)).toEqual([undefined, 'acme/fn:v1']);
  });

  it('keeps ports of the user, and adds ours unless it is one of them', () => {
    expect(container([{ name: 'function', ports: [{ containerPort: 9000 }] }])?.ports).toEqual([
      { containerPort: 9000 },
      { containerPort: 8080 },
    ]);
    const named = [{ containerPort: 8080, name: 'h2c' }];
    expect(container([{ name: 'function', ports: named }])?.ports).toEqual(named);
    const udp = [{ containerPort: 8080, protocol: 'UDP' }];
    expect(container([{ name: 'function', ports: udp }])?.ports).toHaveLength(2);
  });

  it('pulls with the credentials of the Function besides those of the template, each once', () => {
    const template = { containers: [], imagePullSecrets: [{ name: 'one' }] };
    expect(pod({ template, imageCredentials: { name: 'two' } }).imagePullSecrets).toEqual([
      { name: 'one' },
      { name: 'two' },
    ]);
    expect(pod({ template, imageCredentials: { name: 'one' } }).imagePullSecrets).toEqual([{ name: 'one' }]);
    for (const blank of [{}, { name: '' }, { name: ' ' }])
      expect(pod({ template, imageCredentials: blank }).imagePullSecrets).toEqual([{ name: 'one' }]);
  });

  it('runs by the WebAssembly runtime when the Function asks for it and the template names no other', () => {
    const serving = makeServing();
    serving.metadata.annotations = { 'module.wasm.image/variant': 'compat-smart' };
    const made = (runtimeClassName?: string) => {
      const template = { containers: [], ...(runtimeClassName !== undefined && { runtimeClassName }) };
      const asked = { ...serving, spec: { ...serving.spec, template } };
      return makePodSpec(asked, { port: { containerPort: 1 }, env: () => [] }).runtimeClassName;
    };
    expect([made(), made('gvisor')]).toEqual(['openfunction-crun', 'gvisor']);
    expect(pod()).not.toHaveProperty('runtimeClassName');
  });
});

describe('the variables of a function (controllers.md §3.4)', () => {
  const tracing = { enabled: true, provider: { name: 'skywalking', oapServer: 'oap:11800' } };
  const full = makeServing({
    tracing,
    params: { B: '2', A: '1' },
    outputs: [{ dapr: { name: 'o', type: 'bindings.http' } }],
  });
  const SKYWALKING = ['COLLECTOR_BACKEND_SERVICES', 'NAME', 'NAMESPACE', 'KEEP_TRACING'].map(
    (name) => `SW_AGENT_${name}`,
  );
  const CONTEXT = ['FUNC_CONTEXT', 'FUNC_CONTEXT_V1BETA2'];
  const DAPR = ['DAPR_HOST', 'DAPR_SIDECAR_IP'];
  const POD = ['POD_NAME', 'POD_NAMESPACE'];

  it.each([
    ['knative', ['APP_PROTOCOL', ...SKYWALKING, ...CONTEXT, 'A', 'B', ...POD, ...DAPR]],
    ['kedaHttp', ['APP_PROTOCOL', ...CONTEXT, 'A', 'B', ...POD, ...DAPR]],
    ['async', ['APP_PROTOCOL', ...SKYWALKING, ...CONTEXT, ...DAPR, 'A', 'B', ...POD]],
    ['proxy', ['APP_PROTOCOL', ...CONTEXT, ...POD]],
  ] as const)('are in the order of the original: %s', (order, wanted) => {
    expect(makeEnv([], ENV_ORDER[order], makeInput(full)).map(({ name }) => name)).toEqual(wanted);
  });

  it('come after the user’s; of two of one name the last is the one that counts, and the only one', () => {
    const given = [
      { name: 'MINE', value: '1' },
      { name: 'POD_NAME', value: 'mine' },
      { name: 'MINE', value: '2' },
    ];
    const env = makeEnv(given, ENV_ORDER.proxy, makeInput(makeServing()));
    expect(env.slice(0, 2).map(({ name, value }) => [name, value])).toEqual([
      ['MINE', '2'],
      ['APP_PROTOCOL', 'grpc'],
    ]);
    expect(env.filter(({ name }) => name === 'POD_NAME')).toEqual([
      { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    ]);
  });

  it('tell the agents of SkyWalking only what is traced, and whereto', () => {
    const names = (change: object) =>
      makeEnv([], ENV_ORDER.async, makeInput(makeServing({ tracing: { ...tracing, ...change } }))).map(
        ({ name }) => name,
      );
    expect(names({})).toEqual(expect.arrayContaining(SKYWALKING));
    for (const change of [
      { enabled: false },
      { provider: { name: 'opentelemetry' } },
      { provider: { name: 'skywalking' } },
    ])
      expect(names(change)).not.toContain('SW_AGENT_NAME');
  });

  it('know the domain of the cluster by the Gateway, else by the setting', () => {
    const host = (more: object) =>
      makeEnv([], ENV_ORDER.async, makeInput(full, more)).find(({ name }) => name === 'DAPR_HOST')?.value;
    const proxy = `${proxyServiceName(makeInput(full))}.ns.svc`;
    expect(host({ clusterDomain: 'my.cluster' })).toBe(`${proxy}.my.cluster`);
    expect(host({ gateway: { spec: { clusterDomain: 'theirs' } } })).toBe(`${proxy}.theirs`);
    expect(host({ gateway: { spec: {} } })).toBe(`${proxy}.cluster.local`);
  });
});
