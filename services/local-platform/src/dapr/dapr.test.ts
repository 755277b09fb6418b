import { describe, expect, test } from 'vitest';
import type { ComponentMetadata, DaprComponent, Pod } from '../objects.ts';
import { componentFile, componentsFor } from './components.ts';
import { daprdArguments, fatalWords } from './daprd.ts';
import { daprVariables, isProxy, readDapr, servingOf, usesProxy } from './settings.ts';

function pod(
  change: { annotations?: Record<string, string>; labels?: Record<string, string>; container?: object } = {},
): Pod {
  const { annotations = {}, labels = {}, container = {} } = change;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p-1', namespace: 'demo', annotations, labels },
    spec: { containers: [{ name: 'function', ...container }] },
  } as Pod;
}

const ENABLED = { 'dapr.io/enabled': 'true' };

describe('the Dapr annotations of a pod', () => {
  test('ask for nothing unless they say so', () => {
    expect(readDapr(pod())).toBeUndefined();
    expect(readDapr(pod({ annotations: { 'dapr.io/enabled': 'false' } }))).toBeUndefined();
  });

  test('have the defaults of Dapr', () => {
    expect(readDapr(pod({ annotations: ENABLED }))).toEqual({
      appId: 'p-1',
      hasApp: false,
      protocol: 'http',
      logAsJson: false,
      logLevel: 'info',
      maxConcurrency: undefined,
    });
  });

  test('say what the sidecar is started with', () => {
    const annotations = {
      ...ENABLED,
      'dapr.io/app-id': 'on-order-demo',
      'dapr.io/app-port': '8080',
      'dapr.io/app-protocol': 'grpc',
      'dapr.io/log-as-json': 'true',
      'dapr.io/log-level': 'debug',
      'dapr.io/app-max-concurrency': '3',
    };
    const settings = readDapr(pod({ annotations }));
    const ports = { http: 1, grpc: 2, internal: 3, metrics: 4, app: 5 };
    const flags = settings && daprdArguments(settings, ports, '/components');
    expect(flags).toEqual(
      expect.arrayContaining([
        '--app-id=on-order-demo',
        '--app-port=5',
        '--app-protocol=grpc',
        '--app-max-concurrency=3',
        '--log-level=debug',
        '--log-as-json=true',
        '--enable-app-health-check=true',
      ]),
    );
    expect(flags?.filter((flag) => /listen|address/.test(flag)).every((flag) => flag.endsWith('=127.0.0.1'))).toBe(
      true,
    );
  });
});

describe('a function in standalone mode', () => {
  const host = 'on-order-demo-dapr.demo.svc.cluster.local';
  const functionPod = pod({
    labels: { 'openfunction.io/serving': 'serving-1' },
    container: { env: [{ name: 'DAPR_HOST', value: host }] },
  });
  const proxyPod = pod({
    annotations: ENABLED,
    labels: { 'openfunction.io/proxy': 'serving-1' },
    container: { name: 'dapr-proxy' },
  });

  test('belongs to the proxy of its Serving', () => {
    expect([usesProxy(functionPod), isProxy(functionPod)]).toEqual([true, false]);
    expect([usesProxy(proxyPod), isProxy(proxyPod)]).toEqual([false, true]);
    expect(servingOf(functionPod)).toBe(servingOf(proxyPod));
  });

  test('finds Dapr on this machine, whatever its variables say', () => {
    expect(daprVariables(functionPod, { http: 1, grpc: 2 })).toEqual({
      DAPR_HOST: '127.0.0.1',
      DAPR_SIDECAR_IP: '127.0.0.1',
      DAPR_HTTP_PORT: '1',
      DAPR_GRPC_PORT: '2',
    });
    expect(daprVariables(proxyPod, { http: 1, grpc: 2 })).toEqual({ DAPR_HTTP_PORT: '1', DAPR_GRPC_PORT: '2' });
  });
});

describe('a Component', () => {
  const component = (name: string, change: object = {}, metadata: ComponentMetadata[] = []): DaprComponent =>
    ({
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Component',
      metadata: { name, namespace: 'demo' },
      spec: { type: 'bindings.http', version: 'v1', metadata },
      ...change,
    }) as DaprComponent;
  const labelled = (name: string, serving: string) =>
    component(name, { metadata: { name, namespace: 'demo', labels: { 'openfunction.io/serving': serving } } });

  test('is loaded by whom its scopes name, in its namespace, and of Servings by its own only', () => {
    const all = [
      component('open'),
      component('mine', { scopes: ['me'] }),
      component('theirs', { scopes: ['other'] }),
      component('elsewhere', { metadata: { name: 'elsewhere', namespace: 'other' } }),
      labelled('this-version', 'serving-1'),
      labelled('last-version', 'serving-0'),
    ];
    const found = componentsFor(pod(), 'me', 'demo/serving-1', all);
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['mine', 'open', 'this-version']);
  });

  test('is written with its values as they are, and its Secrets read', async () => {
    const items = [
      { name: 'url', value: 'http://x' },
      { name: 'list', value: [1, true] },
      { name: 'word', secretKeyRef: { name: 's', key: 'k' } },
      { name: 'empty', value: 'y', secretKeyRef: { name: '', key: '' } },
    ];
    const text = await componentFile(component('c', { scopes: ['me'] }, items), async (name, key) => `${name}/${key}`);
    expect(JSON.parse(text)).toMatchObject({
      metadata: { name: 'c' },
      spec: {
        metadata: [
          { name: 'url', value: 'http://x' },
          { name: 'list', value: [1, true] },
          { name: 'word', value: 's/k' },
          { name: 'empty', value: 'y' },
        ],
      },
      scopes: ['me'],
    });
  });

  test('says which Secret is missing', async () => {
    const items = [{ name: 'word', secretKeyRef: { name: 's', key: 'k' } }];
    const read = () => Promise.reject(new Error('Secret "s" does not exist'));
    await expect(componentFile(component('c', {}, items), read)).rejects.toThrow(
      'Component "c": Secret "s" does not exist',
    );
  });

  test('leaves Secrets of another store to daprd', async () => {
    const items = [{ name: 'word', secretKeyRef: { name: 's', key: 'k' } }];
    const text = await componentFile(component('c', { auth: { secretStore: 'file' } }, items), async () => 'read');
    expect(JSON.parse(text)).toMatchObject({ auth: { secretStore: 'file' }, spec: { metadata: items } });
  });
});

describe("daprd's last words", () => {
  test.each([
    ['a line of text', 'level=info msg="a"\ntime="t" level=fatal msg="no \\"x\\" here" app_id=x', 'no "x" here'],
    ['a line of JSON', '{"level":"info","msg":"a"}\n{"level":"fatal","msg":"no x"}', 'no x'],
    ['anything else', 'panic: x', 'panic: x'],
  ])('are its fatal message: %s', (_sentence, text, words) => {
    expect(fatalWords(text)).toBe(words);
  });
});
