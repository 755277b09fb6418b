import { execFile, spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEPLOYMENT, JOB, type KubeObject, POD, SCALED_OBJECT } from '@openfunction/api';
import { explain } from '@openfunction/errors';
import {
  applyManifests,
  findProgram,
  type Mosquitto,
  type Redis,
  silent,
  startMosquitto,
  startRedis,
} from '@openfunction/local';
import { freshNamespace, readAuditLog, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findCondition, isTrue } from '../src/conditions.ts';
import { askRedis } from '../src/keda/redis-command.ts';
import {
  type AsyncFunction,
  appIdOf,
  asyncFunction,
  component,
  proxyName,
  scaledObject,
  workloadName,
} from './async-objects.ts';
import { type LocalPlatform, startLocalPlatform } from './local-platform.ts';

/** A function that speaks Dapr's HTTP app protocol: it is called on the paths in ROUTES, and hands what it gets to output `out`. */
const EVENTS = `import { createServer } from 'node:http';
const routes = (process.env.ROUTES ?? '').split(',');
const topics = JSON.parse(process.env.TOPICS ?? '[]');
const dapr = 'http://' + (process.env.DAPR_HOST ?? '127.0.0.1') + ':' + process.env.DAPR_HTTP_PORT;
createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  if (request.url === '/dapr/subscribe') return response.setHeader('content-type', 'application/json').end(JSON.stringify(topics));
  const name = request.url.slice(1);
  if (request.method === 'OPTIONS') return response.writeHead(routes.includes(name) ? 200 : 404).end();
  if (!routes.includes(name)) return response.writeHead(404).end();
  console.log('event', name, body);
  if (process.env.OUT) {
    const data = JSON.stringify({ name, body, pod: process.env.POD_NAME });
    const answer = await fetch(dapr + '/v1.0/bindings/' + process.env.OUT, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ operation: 'post', data }),
    });
    console.log('output', answer.status);
  }
  response.end('{}');
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('dapr on', process.env.DAPR_HTTP_PORT));
`;

const run = promisify(execFile);
const daprd = await findProgram('daprd', silent).catch((error: unknown) => {
  console.warn(`Dapr on the local platform is not tested: ${explain(error)}`);
  return undefined;
});

let platform: LocalPlatform;
let namespace: string;
let target: Server;
/** What the output binding has posted. */
const received: { name: string; body: string; pod: string }[] = [];
const urls = new Set<string>();
let redis: Redis;
let mosquitto: Mosquitto;

beforeAll(async () => {
  if (daprd === undefined) return;
  platform = await startLocalPlatform({ DAPRD: daprd });
  namespace = await freshNamespace(platform.client, 'dapr');
  redis = await startRedis({ directory: join(platform.directory, 'redis'), own: true, log: silent });
  mosquitto = await startMosquitto({ directory: join(platform.directory, 'mosquitto'), log: silent });
  await platform.image('acme/events:v1', 'events', EVENTS);
  target = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    received.push(parse(text));
    urls.add(request.url ?? '');
    response.end('ok');
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
}, 180_000);

afterAll(async () => {
  target?.close();
  await redis?.stop();
  await mosquitto?.stop();
  await platform?.stop();
});

function parse(text: string): { name: string; body: string; pod: string } {
  const value = JSON.parse(text);
  return typeof value === 'string' ? JSON.parse(value) : value;
}

const sinkUrl = () => `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
const of = (fn: AsyncFunction) => received.filter(({ name }) => name.startsWith(fn.name));

async function apply(...objects: KubeObject[]): Promise<void> {
  await applyManifests(platform.client, objects, { fieldManager: 'test' });
}

async function podsOf(fn: AsyncFunction, label = 'serving'): Promise<KubeObject[]> {
  const labelSelector = `openfunction.io/${label}=serving-${fn.name}`;
  return (await platform.client.list(POD, { namespace, labelSelector })).items;
}

async function isReady(fn: AsyncFunction, count = 1): Promise<boolean> {
  const pods = await podsOf(fn);
  return pods.filter((pod) => isTrue(pod['status']?.conditions, 'Ready')).length === count;
}

async function conditionOf(fn: AsyncFunction, type: string, status: string): Promise<boolean> {
  const object = await platform.client.get(SCALED_OBJECT, { namespace, name: `${workloadName(fn)}-scaler` });
  return findCondition(object?.['status']?.conditions, type)?.status === status;
}

async function replicasOf(fn: AsyncFunction): Promise<number> {
  return (await platform.client.get(DEPLOYMENT, { namespace, name: workloadName(fn) }))?.['spec'].replicas;
}

/** Calls the Dapr API that the function itself uses. */
async function callDapr(fn: AsyncFunction, path: string, body: string, status = 204): Promise<void> {
  const [pod] = await podsOf(fn);
  const log = await kubectl('logs', pod?.metadata.name ?? '');
  const [, port] = /dapr on (\d+)/.exec(log) ?? [];
  const answer = await fetch(`http://127.0.0.1:${port}/v1.0/${path}`, { method: 'POST', body });
  expect(answer.status, await answer.text()).toBe(status);
}

function publish(fn: AsyncFunction, pubsub: string, topic: string, text: string): Promise<void> {
  return callDapr(fn, `publish/${pubsub}/${topic}`, text);
}

const redisAddress = () => {
  const { hostname, port, password } = new URL(redis.url);
  return { host: hostname, port: Number(port), password, database: 0 };
};
const redisHost = () => new URL(redis.url).host;
const redisPassword = () => new URL(redis.url).password;

async function kubectl(...args: string[]): Promise<string> {
  const program = await findProgram('kubectl', silent);
  return (await run(program, ['--kubeconfig', platform.cluster.kubeconfig, '-n', namespace, ...args])).stdout;
}

describe.skipIf(daprd === undefined)('an event-driven function on the local platform', () => {
  test.each(['standalone', 'sidecar'] as const)(
    'is run by a cron binding in %s mode, and reaches its HTTP output',
    async (mode) => {
      const fn: AsyncFunction = { namespace, name: `cron-${mode}`, image: 'acme/events:v1', mode };
      fn.env = { ROUTES: `${fn.name}-in`, OUT: `${fn.name}-out` };
      await apply(
        component(fn, `${fn.name}-in`, 'bindings.cron', { schedule: '@every 1s' }),
        component(fn, `${fn.name}-out`, 'bindings.http', { url: sinkUrl() }),
        ...asyncFunction(fn),
      );
      await waitFor('the output to have been called twice', () => of(fn).length >= 2, 40_000);
      expect(of(fn)[0]?.name).toBe(`${fn.name}-in`);
      const [pod] = await podsOf(fn);
      expect(pod?.['status'].phase).toBe('Running');
    },
  );

  test('is reached by another function through their sidecars', async () => {
    const sidecarFunction = (name: string): AsyncFunction => {
      const env = { ROUTES: `${name}-greet`, OUT: `${name}-out` };
      return { namespace, name, image: 'acme/events:v1', mode: 'sidecar', env };
    };
    const [caller, called] = [sidecarFunction('caller'), sidecarFunction('called')];
    const output = component(called, 'called-out', 'bindings.http', { url: sinkUrl() });
    await apply(output, ...asyncFunction(caller), ...asyncFunction(called));
    await waitFor('both to be ready', async () => (await isReady(caller)) && (await isReady(called)), 30_000);
    await waitFor(
      'the call to arrive',
      async () => {
        await callDapr(caller, `invoke/called-${namespace}/method/called-greet`, 'hello', 200);
        return of(called).some(({ body }) => body === 'hello');
      },
      20_000,
    );
  });

  test('shows its sidecar: logs for kubectl, and a status of its own', async () => {
    const fn: AsyncFunction = { namespace, name: 'cron-standalone', image: 'acme/events:v1' };
    const [proxy] = await podsOf(fn, 'proxy');
    expect(await kubectl('logs', proxy?.metadata.name ?? '', '-c', 'daprd')).toContain('dapr initialized');
    expect(await kubectl('logs', proxy?.metadata.name ?? '', '-c', 'dapr-proxy')).toContain('passes events on');
    expect(proxy?.['status'].ephemeralContainerStatuses).toMatchObject([{ name: 'daprd', ready: true }]);
  });

  test('gets what is published to Redis, its password from a Secret, and again when the Component changes', async () => {
    const fn: AsyncFunction = { namespace, name: 'pubsub', image: 'acme/events:v1' };
    const topics = [{ pubsubname: 'pubsub-in', topic: 'first', route: '/pubsub-first' }];
    fn.env = { ROUTES: 'pubsub-first', TOPICS: JSON.stringify(topics), OUT: 'pubsub-out' };
    const secretKeyRef = { name: 'redis', key: 'password' };
    const broker = [
      { name: 'redisHost', value: redisHost() },
      { name: 'redisPassword', secretKeyRef },
    ];
    await apply(
      component(fn, 'pubsub-in', 'pubsub.redis', broker),
      component(fn, 'pubsub-out', 'bindings.http', { url: sinkUrl() }),
      ...asyncFunction(fn),
    );
    const waiting = await waitFor('the sidecar to say what is missing', async () => {
      const [pod] = await podsOf(fn, 'proxy');
      const state = pod?.['status'].containerStatuses?.[0]?.state.waiting;
      return state?.reason === 'ComponentNotLoaded' && state;
    });
    expect(waiting.message).toBe('Component "pubsub-in": Secret "redis" does not exist');
    const metadata = { name: 'redis', namespace };
    await apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData: { password: redisPassword() },
    } as KubeObject);
    await waitFor('the function to be ready', () => isReady(fn), 30_000);

    await publish(fn, 'pubsub-in', 'first', 'hello');
    await waitFor('the message to arrive', () => of(fn).some(({ body }) => body.includes('hello')), 20_000);

    await apply(component(fn, 'pubsub-out', 'bindings.http', { url: `${sinkUrl()}again` }));
    await waitFor(
      'the changed output to be used',
      async () => {
        await publish(fn, 'pubsub-in', 'first', 'changed');
        return urls.has('/again');
      },
      30_000,
    );
  });

  test('gets what comes over MQTT, by a binding and by a topic', async () => {
    const fn: AsyncFunction = { namespace, name: 'mqtt', image: 'acme/events:v1' };
    const topics = [{ pubsubname: 'mqtt-pubsub', topic: 'news', route: '/mqtt-news' }];
    fn.env = { ROUTES: 'mqtt-in,mqtt-news', TOPICS: JSON.stringify(topics), OUT: 'mqtt-out' };
    const broker = { url: mosquitto.url, qos: 1 };
    await apply(
      component(fn, 'mqtt-in', 'bindings.mqtt3', { ...broker, topic: 'orders', consumerID: 'in', direction: 'input' }),
      component(fn, 'mqtt-send', 'bindings.mqtt3', {
        ...broker,
        topic: 'orders',
        consumerID: 'send',
        direction: 'output',
      }),
      component(fn, 'mqtt-pubsub', 'pubsub.mqtt3', { ...broker, consumerID: 'news' }),
      component(fn, 'mqtt-out', 'bindings.http', { url: sinkUrl() }),
      ...asyncFunction(fn),
    );
    await waitFor('the function to be ready', () => isReady(fn), 30_000);
    await waitFor(
      'an order to arrive',
      async () => {
        await callDapr(fn, 'bindings/mqtt-send', JSON.stringify({ operation: 'create', data: 'order 1' }));
        return of(fn).some(({ name, body }) => name === 'mqtt-in' && body.includes('order 1'));
      },
      20_000,
    );
    await publish(fn, 'mqtt-pubsub', 'news', 'extra');
    await waitFor(
      'the news to arrive',
      () => of(fn).some(({ name, body }) => name === 'mqtt-news' && body.includes('extra')),
      20_000,
    );
  });

  test('whose Component cannot be reached says so, and starts when it can', async () => {
    const fn: AsyncFunction = { namespace, name: 'broken', image: 'acme/events:v1' };
    fn.env = { ROUTES: 'broken-in', OUT: 'broken-out' };
    const broken = component(fn, 'broken-out', 'bindings.nonsense', { url: sinkUrl() });
    await apply(component(fn, 'broken-in', 'bindings.cron', { schedule: '@every 1s' }), broken, ...asyncFunction(fn));
    const message = await waitFor(
      'the proxy to say why',
      async () => {
        const [pod] = await podsOf(fn, 'proxy');
        const { reason, message } = pod?.['status'].containerStatuses?.[0]?.state.waiting ?? {};
        return reason === 'DaprFailed' && message;
      },
      30_000,
    );
    expect(message).toContain('bindings.nonsense');
    await apply(component(fn, 'broken-out', 'bindings.http', { url: sinkUrl() }));
    await waitFor('the output to be called', () => of(fn).length > 0, 40_000);
  });

  test('goes from none to several and back by the length of a Redis list, with its proxy', async () => {
    const fn: AsyncFunction = { namespace, name: 'list', image: 'acme/events:v1', replicas: 0 };
    fn.env = { REDIS_PASSWORD: redisPassword() };
    const [host, port] = redisHost().split(':');
    const metadata = {
      host: host ?? '',
      port: port ?? '',
      listName: 'jobs',
      listLength: '2',
      passwordFromEnv: 'REDIS_PASSWORD',
    };
    const scaling = {
      pollingInterval: 1,
      cooldownPeriod: 1,
      maxReplicaCount: 3,
      triggers: [{ type: 'redis', metadata }],
    };
    // The proxy has none of the function's variables.
    const { passwordFromEnv: _variable, ...plain } = metadata;
    const triggers = [{ type: 'redis', metadata: { ...plain, password: redisPassword() } }];
    const proxyScaling = { ...scaling, maxReplicaCount: 1, triggers };
    await apply(...asyncFunction(fn), scaledObject(fn, scaling), scaledObject(fn, proxyScaling, proxyName(fn)));
    await waitFor('the trigger to be asked', () => conditionOf(fn, 'Ready', 'True'));
    await waitFor('no proxy', async () => (await podsOf(fn, 'proxy')).length === 0, 20_000);
    expect(await replicasOf(fn)).toBe(0);

    await askRedis(redisAddress(), ['RPUSH', 'jobs', '1', '2', '3', '4', '5']);
    await waitFor('three instances', async () => (await replicasOf(fn)) === 3, 20_000);
    await waitFor('that it says so', () => conditionOf(fn, 'Active', 'True'));
    await waitFor('three ready pods', () => isReady(fn, 3), 30_000);
    expect(await podsOf(fn, 'proxy')).toHaveLength(1);
    await askRedis(redisAddress(), ['DEL', 'jobs']);
    await waitFor('no instance', async () => (await replicasOf(fn)) === 0, 20_000);
    await waitFor('no pod', async () => (await podsOf(fn)).length === 0, 20_000);
    await waitFor('no proxy again', async () => (await podsOf(fn, 'proxy')).length === 0, 20_000);
  });

  test('with a trigger that only a cluster has says so', async () => {
    const fn: AsyncFunction = { namespace, name: 'kafka', image: 'acme/events:v1', replicas: 0 };
    const triggers = [{ type: 'kafka', metadata: { topic: 't' } }];
    await apply(...asyncFunction(fn), scaledObject(fn, { triggers }));
    await waitFor('the ScaledObject to say so', () => conditionOf(fn, 'Ready', 'False'));
    const object = await platform.client.get(SCALED_OBJECT, { namespace, name: `${workloadName(fn)}-scaler` });
    expect(object?.['status'].conditions[0].message).toContain('"kafka" needs a cluster');
  });

  test('of Jobs gets one for each entry of a queue', async () => {
    const fn: AsyncFunction = { namespace, name: 'jobs', image: 'acme/once:v1' };
    await platform.image('acme/once:v1', 'once', `console.log('once', process.env.POD_NAME);`);
    const [host, port] = redisHost().split(':');
    const metadata = { host: host ?? '', port: port ?? '', listName: 'todo', listLength: '1', passwordFromEnv: 'WORD' };
    await askRedis(redisAddress(), ['RPUSH', 'todo', '1', '2']);
    const env = [
      { name: 'WORD', value: redisPassword() },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ];
    await apply({
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledJob',
      metadata: { name: 'jobs', namespace },
      spec: {
        jobTargetRef: {
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'function', image: fn.image, env }] } },
        },
        pollingInterval: 60,
        triggers: [{ type: 'redis', metadata }],
      },
    } as KubeObject);
    const done = async () => {
      const { items } = await platform.client.list(JOB, { namespace, labelSelector: 'scaledjob.keda.sh/name=jobs' });
      return items.filter((job) => isTrue(job['status']?.conditions, 'Complete')).length;
    };
    await waitFor('two Jobs to be complete', async () => (await done()) === 2, 30_000);
  });

  test('leaves no sidecar when the platform is killed, and goes on afterwards', async () => {
    const fn: AsyncFunction = { namespace, name: 'cron-standalone', image: 'acme/events:v1' };
    const before = sidecars();
    expect(before.length).toBeGreaterThan(0);
    await platform.restart('SIGKILL');
    expect(sidecars().filter((pid) => before.includes(pid))).toEqual([]);
    const count = of(fn).length;
    await waitFor('further events', () => of(fn).length > count, 40_000);
  });

  test('ends its sidecar with its pod, and nothing was forbidden to the platform', async () => {
    const fn: AsyncFunction = { namespace, name: 'cron-sidecar', image: 'acme/events:v1' };
    // The platform was killed a moment ago: every sidecar is started again in its own time.
    await waitFor('its sidecar to run', async () => sidecars(fn).length === 1);
    await platform.client.delete(
      DEPLOYMENT,
      { namespace, name: workloadName(fn) },
      { propagationPolicy: 'Background' },
    );
    await waitFor('the pod to be gone', async () => (await podsOf(fn)).length === 0, 20_000);
    expect(sidecars(fn)).toEqual([]);
    const events = await readAuditLog(platform.cluster.auditLogFile);
    const ours = events.filter(({ user }) => user?.username?.endsWith('openfunction-local-platform'));
    expect(ours.length).toBeGreaterThan(100);
    const refused = ours.filter(({ responseStatus }) => responseStatus?.code === 403);
    expect(
      refused.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}/${objectRef?.subresource ?? ''}`),
    ).toEqual([]);
  });
});

/** Process ids of the daprd processes of this platform, or of one function's alone. */
function sidecars(fn?: AsyncFunction): number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8' });
  const ours = stdout
    .split('\n')
    .filter((line) => line.includes('daprd --') && line.includes(platform.directory) && !/^\s*\d+ Z/.test(line))
    .filter((line) => fn === undefined || line.includes(`--app-id=${appIdOf(fn)} `));
  return ours.map((line) => Number.parseInt(line, 10));
}
