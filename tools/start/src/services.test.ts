import { expect, test } from 'vitest';
import { makeServiceSpecs, type World } from './services.ts';
import type { State } from './state.ts';

const WORLD: World = {
  state: {
    identities: '/s/identities',
    logs: '/s/logs',
    data: '/s/data',
    images: '/s/images',
    sourceRepository: '/s/g',
  } as State,
  replicas: 2,
  platform: true,
  redisUrl: 'redis://:secret@127.0.0.1:1',
  webhookPorts: [1001, 1002],
  functionsPort: 8080,
  kubeletClientCa: '/s/ca.crt',
  env: { KUBECONFIG: '/home/me/.kube/config', HTTPS_PROXY: 'http://proxy', LOG_LEVEL: 'debug', DRAIN_SECONDS: '1' },
};

const byName = (world: World) => new Map(makeServiceSpecs(world).map((spec) => [spec.name, spec]));

test('every service has its replicas, the local platform one', () => {
  expect([...byName(WORLD).keys()]).toEqual([
    'webhook-1',
    'webhook-2',
    'function-controller-1',
    'function-controller-2',
    'build-controller-1',
    'build-controller-2',
    'serving-controller-1',
    'serving-controller-2',
    'local-platform',
  ]);
});

test('each speaks for itself: its own identity, never that of the user', () => {
  for (const { service, env } of makeServiceSpecs(WORLD)) {
    expect(env['KUBECONFIG']).toBe(`/s/identities/${service}/kubeconfig`);
  }
});

test('only controllers know Redis', () => {
  const specs = byName(WORLD);
  expect(specs.get('function-controller-1')?.env['REDIS_URL']).toBe(WORLD.redisUrl);
  expect(specs.get('webhook-1')?.env['REDIS_URL']).toBeUndefined();
  expect(specs.get('local-platform')?.env['REDIS_URL']).toBeUndefined();
});

test('replicas of the webhook have a port each, on loopback', () => {
  const ports = ['webhook-1', 'webhook-2'].map((name) => byName(WORLD).get(name)?.env);
  expect(ports).toMatchObject([
    { HOST: '127.0.0.1', PORT: '1001' },
    { HOST: '127.0.0.1', PORT: '1002' },
  ]);
});

test('settings of the user reach those who have them; proxies reach the builder', () => {
  const specs = byName(WORLD);
  expect(specs.get('build-controller-1')?.env).toMatchObject({ LOG_LEVEL: 'debug', DRAIN_SECONDS: '1' });
  expect(specs.get('webhook-1')?.env['HTTPS_PROXY']).toBeUndefined();
  expect(specs.get('local-platform')?.env).toMatchObject({ HTTPS_PROXY: 'http://proxy', HTTP_PORT: '8080' });
});

test('a single replica has a plain name; without platform there is none', () => {
  const names = [...byName({ ...WORLD, replicas: 1, platform: false }).keys()];
  expect(names).toEqual(['webhook', 'function-controller', 'build-controller', 'serving-controller']);
});
