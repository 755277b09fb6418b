/**
 * Event-driven functions as a user has them: `npm start -- --sample bindings` with real builds, real daprd, real Redis and MQTT. Greetings
 * come in by HTTP, cron, MQTT and Redis; the receiver shows them all.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DAPR_COMPONENT, DEPLOYMENT, POD, SCALED_OBJECT } from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
import { findProgram, type Mosquitto, type Redis, silent, startMosquitto, startRedis } from '@openfunction/local';
import { untilCondition, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askRedis } from '../../services/local-platform/src/keda/redis-command.ts';
import { needsGo } from '../needs-go.ts';
import { type Platform, ROOT, startPlatform } from './platform.ts';

const WHY = needsGo('daprd and the Go function come from Go modules');
/** With the one build of daprd on this machine. */
const UP_MS = 600_000;
const MANIFESTS = [
  'greetings-node/function.yaml',
  'bindings-output-go/function.yaml',
  'bindings-output-typescript/function.yaml',
  'bindings-output-typescript/cron.yaml',
];
const NAMESPACE = 'default';
const GREETINGS = 'http://greetings.default.svc.cluster.local';
const run = promisify(execFile);

describe.skipIf(WHY !== '')(`with npm start -- --sample bindings${WHY}`, () => {
  let platform: Platform;
  let servers: string;
  let mosquitto: Mosquitto;
  let redis: Redis;
  let client: KubeClient;

  beforeAll(async () => {
    servers = await mkdtemp(join(tmpdir(), 'openfunction-e2e-'));
    await findProgram('daprd', silent);
    [mosquitto, redis] = await Promise.all([
      startMosquitto({ directory: join(servers, 'mosquitto'), log: silent }),
      startRedis({ directory: join(servers, 'redis'), logDirectory: servers, log: silent, own: true }),
    ]);
    platform = await startPlatform(['--sample', 'bindings'], UP_MS);
    ({ client } = platform);
  }, UP_MS + 10_000);

  afterAll(async () => {
    await platform?.stop();
    await Promise.all([mosquitto?.stop(), redis?.stop()]);
    await rm(servers, { recursive: true, force: true });
  }, 60_000);

  it('each manifest applies without a warning, and the greeting of each function has arrived', async () => {
    const { stderr } = await kubectl(
      'apply',
      '--dry-run=server',
      ...MANIFESTS.flatMap((file) => ['-f', join(ROOT, 'samples', file)]),
    );
    expect(stderr).toBe('');
    const log = await readFile(platform.logFile, 'utf8');
    expect(log).not.toContain('failed');
    expect(log).toMatch(/^ {2}Hello, World! \(from bindings-output-go\)$/m);
    expect(log).toMatch(/^ {2}Hello, World! \(from bindings-output-typescript\)$/m);
    // Nothing but requests makes an HTTP function run: not Dapr, which asks it what it takes.
    expect(log).not.toContain('Hello (from');
    expect(log).toMatch(/^ {2}It is \S+ \(from cron-typescript\)$/m);
  });

  it('the logs of sender and receiver show the greeting', async () => {
    expect(await logsOf('bindings-output-go')).toContain('sent the greeting "Hello, World!"');
    expect(await logsOf('greetings')).toContain('received: Hello, World! (from bindings-output-go)');
  });

  it('the cron binding calls its function again and again', async () => {
    const times = async () => new Set((await shown()).filter((line) => line.endsWith('(from cron-typescript)'))).size;
    const before = await times();
    await waitFor('another time to be sent', async () => (await times()) > before, 20_000);
  });

  it('what is sent to MQTT triggers a function', { timeout: 120_000 }, async () => {
    const broker = { url: mosquitto.url, topic: 'greetings', qos: 1 };
    const sender = { ...broker, consumerID: 'mqtt-sender', direction: 'output' };
    const receiver = { ...broker, consumerID: 'mqtt-receiver', direction: 'input' };
    await apply(
      fn('mqtt-receiver', {
        triggers: { dapr: [{ name: 'mqtt', type: 'bindings.mqtt3' }] },
        bindings: { mqtt: component('bindings.mqtt3', receiver), greetings: toGreetings() },
        outputs: [output('greetings', { type: 'bindings.http', operation: 'post' })],
      }),
      fn('mqtt-sender', {
        triggers: { http: { port: 8080 } },
        bindings: { mqtt: component('bindings.mqtt3', sender) },
        outputs: [output('mqtt', { type: 'bindings.mqtt3', operation: 'create' })],
      }),
    );
    await Promise.all(['mqtt-receiver', 'mqtt-sender'].map(untilReady));
    await waitFor(
      'the greeting to arrive',
      async () => {
        await send('mqtt-sender', 'Hi by MQTT');
        return (await shown()).includes('Hi by MQTT (from mqtt-receiver)');
      },
      30_000,
    );
  });

  it('what is published to Redis triggers a function, which a Redis list scales from none to three and back', {
    timeout: 180_000,
  }, async () => {
    const { hostname, port: redisPort, password } = new URL(redis.url);
    const pubsub = component('pubsub.redis', {
      redisHost: `${hostname}:${redisPort}`,
      redisPassword: decodeURIComponent(password),
    });
    const list = { host: hostname, port: redisPort, listName: 'waiting', listLength: '2', passwordFromEnv: 'PASSWORD' };
    await apply(
      fn('redis-receiver', {
        triggers: { dapr: [{ name: 'news', type: 'pubsub.redis', topic: 'greetings' }] },
        pubsub: { news: pubsub },
        bindings: { greetings: toGreetings() },
        outputs: [output('greetings', { type: 'bindings.http', operation: 'post' })],
        params: { PASSWORD: decodeURIComponent(password) },
        scaleOptions: {
          minReplicas: 0,
          maxReplicas: 3,
          keda: {
            scaledObject: { pollingInterval: 1, cooldownPeriod: 1 },
            triggers: [{ type: 'redis', metadata: list }],
          },
        },
      }),
      fn('redis-sender', {
        triggers: { http: { port: 8080 } },
        pubsub: { news: pubsub },
        outputs: [output('news', { type: 'pubsub.redis', topic: 'greetings' })],
      }),
    );
    await Promise.all(['redis-receiver', 'redis-sender'].map(untilReady));
    await waitFor('no instance', async () => (await podsOf('redis-receiver')).length === 0, 60_000);
    await askRedis(address(redis), ['RPUSH', 'waiting', '1', '2', '3', '4', '5']);
    await waitFor('three instances', async () => (await podsOf('redis-receiver')).length === 3, 60_000);
    await waitFor(
      'the greeting to arrive',
      async () => {
        await send('redis-sender', 'Hi by Redis');
        return (await shown()).includes('Hi by Redis (from redis-receiver)');
      },
      60_000,
    );
    await askRedis(address(redis), ['DEL', 'waiting']);
    await waitFor('no instance again', async () => (await podsOf('redis-receiver')).length === 0, 60_000);
  });

  it('deleted Functions leave no Component, no workload and no process', { timeout: 60_000 }, async () => {
    const { stdout } = await kubectl('get', 'fn', '-o', 'name');
    await kubectl('delete', ...stdout.trim().split('\n'), '--wait=true');
    const left = async () => {
      const kinds = [DAPR_COMPONENT, SCALED_OBJECT, DEPLOYMENT, POD];
      const lists = await Promise.all(kinds.map((kind) => client.list(kind, { namespace: NAMESPACE })));
      return lists.flatMap(({ items }) => items.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    };
    await waitFor(
      'nothing to be left',
      async () => (await left()).length === 0 || Promise.reject(new Error((await left()).join())),
      30_000,
    );
    const processes = async () => (await run('ps', ['-eo', 'args'], { maxBuffer: 1 << 24 })).stdout;
    await waitFor(
      'no daprd to be left',
      async () => !(await processes()).includes(`${platform.state}/data/local-platform`),
      10_000,
    );
  });

  const kubectl = (...args: string[]) => platform.kubectl(args);

  const apply = async (...functions: object[]) => {
    const manifests = functions.map((each) => JSON.stringify(each)).join('\n');
    expect((await platform.kubectl(['apply', '-f', '-'], manifests)).stderr).toBe('');
  };

  const untilReady = (name: string) =>
    untilCondition(client, { metadata: { namespace: NAMESPACE, name } }, 'Ready', 'True', 90_000);

  const podsOf = async (name: string) => {
    const { items } = await client.list(POD, { namespace: NAMESPACE });
    return items.filter(
      ({ metadata }) =>
        metadata.annotations?.['dapr.io/app-id'] === `${name}-${NAMESPACE}` &&
        metadata.deletionTimestamp === undefined &&
        metadata.labels?.['openfunction.io/proxy'] === undefined,
    );
  };

  const logsOf = async (name: string) => {
    const pods = await podsOf(name);
    const texts = await Promise.all(
      pods.map(({ metadata }) => kubectl('logs', metadata.name, '-c', 'function').then(({ stdout }) => stdout)),
    );
    return texts.join('');
  };

  const shown = async () => JSON.parse((await call('greetings')).body) as string[];

  const send = async (name: string, greeting: string) => {
    const { status, body } = await call(name, { greeting });
    if (status !== 200) throw new Error(`${name} answered ${status}: ${body}`);
  };

  const call = (name: string, json?: object) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const headers = {
        host: `${name}.${NAMESPACE}.localhost:${platform.port}`,
        ...(json && { 'content-type': 'application/json' }),
      };
      const asking = request(
        { host: '127.0.0.1', port: platform.port, method: json ? 'POST' : 'GET', headers },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
          );
          response.on('error', reject);
        },
      );
      asking.setTimeout(30_000, () => asking.destroy(new Error(`${name} gave no answer within 30 s`)));
      asking.on('error', reject);
      asking.end(json && JSON.stringify(json));
    });
});

/** A function on the image that the TypeScript sample has built: it sends every greeting on to `another-target`. */
function fn(name: string, serving: object) {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Function',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      version: 'v1.0.0',
      image: 'local/bindings-output-typescript:v1.0.0',
      serving: { annotations: { 'dapr.io/app-protocol': 'http' }, ...serving },
    },
  };
}

function component(type: string, values: Record<string, string | number>) {
  const metadata = Object.entries(values).map(([name, value]) => ({ name, value: String(value) }));
  return { type, version: 'v1', metadata };
}

function toGreetings() {
  return component('bindings.http', { url: GREETINGS });
}

function output(name: string, more: object) {
  return { dapr: { name, outputName: 'another-target', ...more } };
}

function address({ url }: Redis) {
  const { hostname, port, password } = new URL(url);
  return { host: hostname, port: Number(port), password: decodeURIComponent(password), database: 0 };
}
