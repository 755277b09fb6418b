import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type FunctionContext, openFunction } from './index.ts';
import { environment, listen, playDapr } from './played-dapr.ts';

const OUTPUTS = {
  target: {
    componentName: 'http 1',
    componentType: 'bindings.http',
    operation: 'post',
    metadata: { path: '/a', b: '1' },
  },
  plain: { componentName: 'mqtt', componentType: 'bindings.mqtt3' },
  topic: { componentName: 'redis', componentType: 'pubsub.redis', topic: 'a/b c', metadata: { ttlInSeconds: '5' } },
};
const STATES = { store: { componentName: 'state-1', componentType: 'state.redis' } };

/** Runs `fn` once as an HTTP function whose Dapr is on this port; what it returned or threw. */
async function runFunction(
  daprPort: number,
  fn: (context: FunctionContext) => unknown,
  { env = {}, headers = {}, connectMs = 5_000, answerMs = 5_000, context = { outputs: OUTPUTS, states: STATES } } = {},
): Promise<unknown> {
  const ended = Promise.withResolvers<unknown>();
  const handler = openFunction(
    (given) => {
      const result = (async () => fn(given))();
      result.then(ended.resolve, ended.reject);
      return result;
    },
    {
      env: { ...environment(context, daprPort), ...env },
      daprConnectMs: connectMs,
      daprAnswerMs: answerMs,
      log: () => {},
    },
  );
  await using server = await listen(handler);
  await Promise.allSettled([fetch(`http://127.0.0.1:${server.port}/`, { headers }), ended.promise]);
  return await ended.promise;
}

test('a binding gets operation, data and the metadata of manifest and call; its answer comes back', async () => {
  await using dapr = await playDapr((_asked, response) => {
    response.setHeader('content-type', 'application/json').end('{"taken":true}');
  });
  const result = await runFunction(dapr.port, (context) =>
    context.send('target', { greeting: 'Hi' }, { metadata: { b: '2' } }),
  );
  expect(result).toEqual({ taken: true });
  expect(dapr.asked).toMatchObject([{ method: 'POST', url: '/v1.0/bindings/http%201' }]);
  expect(JSON.parse(dapr.asked[0]?.body ?? '')).toEqual({
    operation: 'post',
    data: { greeting: 'Hi' },
    metadata: { path: '/a', b: '2' },
  });
});

test('a binding without an operation in the manifest is told to create; bytes go as base64; an empty answer is undefined', async () => {
  await using dapr = await playDapr();
  expect(await runFunction(dapr.port, (context) => context.send('plain', Buffer.from('Hi')))).toBeUndefined();
  expect(JSON.parse(dapr.asked[0]?.body ?? '')).toEqual({ operation: 'create', data: 'SGk=', metadata: {} });
});

test.each([
  { data: { a: 1 }, type: 'application/json', body: '{"a":1}' },
  { data: 'Hi', type: 'text/plain; charset=utf-8', body: 'Hi' },
  { data: Buffer.from('Hi'), type: 'application/octet-stream', body: 'Hi' },
  { data: undefined, type: 'application/json', body: 'null' },
])('a topic gets $type for $data', async ({ data, type, body }) => {
  await using dapr = await playDapr();
  await runFunction(dapr.port, (context) => context.send('topic', data));
  expect(dapr.asked).toMatchObject([
    {
      method: 'POST',
      url: '/v1.0/publish/redis/a/b%20c?metadata.ttlInSeconds=5',
      body,
      headers: { 'content-type': type },
    },
  ]);
});

test('the token of Dapr and the trace of the request go along', async () => {
  await using dapr = await playDapr();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await runFunction(dapr.port, (context) => context.send('plain', 1), {
    env: { DAPR_API_TOKEN: 'secret' },
    headers: { traceparent },
  });
  expect(dapr.asked[0]?.headers).toMatchObject({ 'dapr-api-token': 'secret', traceparent });
});

test('state is read, saved and deleted in the only store', async () => {
  const kept = new Map<string, unknown>();
  await using dapr = await playDapr(({ method, url, body }, response) => {
    const key = decodeURIComponent(url.split('/').at(-1) ?? '');
    if (method === 'POST') for (const item of JSON.parse(body)) kept.set(item.key, item.value);
    if (method === 'DELETE') kept.delete(key);
    if (method !== 'GET' || !kept.has(key)) return void response.writeHead(204).end();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(kept.get(key)));
  });
  const result = await runFunction(dapr.port, async (context) => {
    const state = context.state();
    await state.save('a/b', { count: 1 });
    const saved = await state.get('a/b');
    await state.delete('a/b');
    return [saved, await state.get('a/b')];
  });
  expect(result).toEqual([{ count: 1 }, undefined]);
  expect(new Set(dapr.asked.map(({ url }) => url))).toEqual(
    new Set(['/v1.0/state/state-1', '/v1.0/state/state-1/a%2Fb']),
  );
});

test.each<{ why: string; use: (context: FunctionContext) => unknown; context?: object; message: string }>([
  {
    why: 'an output that is none',
    use: (c) => c.send('nowhere', 1),
    message: 'output nowhere: the Function has target, plain, topic',
  },
  {
    why: 'no output at all',
    use: (c) => c.send('toString', 1),
    context: {},
    message: 'output toString: the Function has none',
  },
  { why: 'a store that is none', use: (c) => c.state('other'), message: 'state store other: the Function has store' },
  { why: 'no store named, and none there', use: (c) => c.state(), context: {}, message: 'state(): name one of none' },
  {
    why: 'a pubsub output without a topic',
    use: (c) => c.send('out', 1),
    context: { outputs: { out: { componentName: 'redis', componentType: 'pubsub.redis' } } },
    message: 'output out: it is of redis, a pubsub, and names no topic',
  },
  {
    why: 'an output to a state store',
    use: (c) => c.send('out', 1),
    context: { outputs: { out: { componentName: 'state-1', componentType: 'state.redis' } } },
    message: 'output out: its component state-1 is of the type state.redis; data goes to bindings and pubsub only',
  },
])('refused before Dapr is asked: $why', async ({ use, context, message }) => {
  await expect(runFunction(1, use, { ...(context && { context: context as never }) })).rejects.toMatchObject({
    code: 'config.invalid',
    message,
  });
});

test('what Dapr refuses is said in its words, and is not tried again', async () => {
  await using dapr = await playDapr((_asked, response) => {
    response.writeHead(500).end('{"errorCode":"ERR_INVOKE_OUTPUT_BINDING",\n "message":"no"}');
  });
  await expect(runFunction(dapr.port, (context) => context.send('target', 1))).rejects.toMatchObject({
    code: 'dapr.failed',
    message: 'output target: Dapr refused it with 500: {"errorCode":"ERR_INVOKE_OUTPUT_BINDING", "message":"no"}',
  });
  expect(dapr.asked).toHaveLength(1);
});

test('a Dapr that comes up late is waited for, and asked once', async () => {
  const port = await unusedPort();
  const sending = runFunction(port, (context) => context.send('plain', 1));
  const wellBefore = Date.now();
  await pause(300); // the time in which Dapr is not there is what is looked at
  await using dapr = await playDapr(undefined, port);
  expect(await sending).toBeUndefined();
  expect(dapr.asked).toHaveLength(1);
  expect(Date.now() - wellBefore).toBeGreaterThan(250);
});

test('a Dapr that never comes up is given up after its time', async () => {
  const port = await unusedPort();
  await expect(runFunction(port, (context) => context.send('plain', 1), { connectMs: 200 })).rejects.toMatchObject({
    code: 'dapr.failed',
    message: `output plain: Dapr at 127.0.0.1:${port} cannot be reached: ECONNREFUSED`,
  });
});

test('a Dapr that does not answer is given up after its time, and not asked twice', async () => {
  await using dapr = await playDapr(() => {});
  await expect(runFunction(dapr.port, (context) => context.send('plain', 1), { answerMs: 200 })).rejects.toMatchObject({
    message: expect.stringContaining('no answer within 0.2 s'),
  });
  expect(dapr.asked).toHaveLength(1);
});

async function unusedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
