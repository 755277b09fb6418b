import { request as httpRequest } from 'node:http';
import { expect, test } from 'vitest';
import { type FunctionContext, type FunctionOptions, openFunction, type UserFunction } from './index.ts';
import { environment, listen } from './played-dapr.ts';

const ASYNC = {
  triggers: {
    dapr: [
      { name: 'serving-1-bindings-cron-abc', type: 'bindings.cron', inputName: 'cron' },
      { name: 'serving-1-pubsub-orders-def', type: 'pubsub.redis', topic: 'orders', inputName: 'orders' },
    ],
  },
};

async function start(fn: UserFunction, options: FunctionOptions & { context?: object } = {}) {
  const { context = {}, ...rest } = options;
  const lines: string[] = [];
  const handler = openFunction(fn, { env: environment(context), log: (line) => lines.push(line), ...rest });
  const server = await listen(handler);
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
  };
  return { ...server, ask, lines, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const post = (body: string, type = 'application/json'): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': type },
});

test.each([
  { body: '{"a":1}', type: 'application/json', data: { a: 1 } },
  { body: '{"a":1}', type: 'application/vnd.x+json; charset=utf-8', data: { a: 1 } },
  { body: 'Hi', type: 'text/plain', data: 'Hi' },
  { body: 'Hi', type: 'application/octet-stream', data: Buffer.from('Hi') },
  { body: '{', type: 'application/json', data: '{' },
  { body: '', type: 'application/json', data: undefined },
])('an HTTP function is given $data for $type', async ({ body, type, data }) => {
  let seen: unknown;
  await using server = await start((_context, given) => {
    seen = given;
  });
  expect(await server.ask('/any/path', post(body, type))).toMatchObject({ status: 200, body: '' });
  expect(seen).toEqual(data);
});

test.each([
  { value: 'Hi', type: 'text/plain; charset=utf-8', body: 'Hi' },
  { value: { a: 1 }, type: 'application/json', body: '{"a":1}' },
  { value: null, type: 'application/json', body: 'null' },
  { value: Buffer.from('Hi'), type: 'application/octet-stream', body: 'Hi' },
  { value: undefined, type: null, body: '' },
])('what an HTTP function returns is the answer: $value', async ({ value, type, body }) => {
  await using server = await start(async () => value);
  expect(await server.ask('/')).toEqual({ status: 200, type, body });
});

test('an HTTP function may answer by itself', async () => {
  await using server = await start(({ response }: FunctionContext) => {
    response.writeHead(202, { 'content-type': 'text/html' }).end('<p>');
    return 'not sent';
  });
  expect(await server.ask('/')).toEqual({ status: 202, type: 'text/html', body: '<p>' });
});

test('what goes wrong is in the log, not in the answer', async () => {
  await using server = await start(() => {
    throw new Error('the password is wrong');
  });
  expect(await server.ask('/')).toMatchObject({ status: 500, body: 'the function failed' });
  expect(server.lines).toEqual([expect.stringContaining('tried: Error: the password is wrong')]);
});

test('a request that is too long is refused, announced or not', async () => {
  let calls = 0;
  await using server = await start(() => calls++, { mostBytes: 10 });
  expect(await server.ask('/', post('12345678901', 'text/plain'))).toMatchObject({ status: 413 });
  const status = await new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: server.port,
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked' },
    };
    const chunked = httpRequest(options, (response) => resolve(response.resume().statusCode));
    chunked.on('error', reject);
    chunked.end('12345678901');
  });
  expect(status).toBe(413);
  expect(await server.ask('/', post('1234567890', 'text/plain'))).toMatchObject({ status: 200 });
  expect(calls).toBe(1);
});

test('a body that a functions framework has read is taken from there', async () => {
  let seen: unknown;
  const handler = openFunction((_context, data) => (seen = data), { env: environment({}) });
  await using server = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    await handler(Object.assign(request, { rawBody: Buffer.concat(chunks) }), response);
  });
  await fetch(`http://127.0.0.1:${server.port}/`, post('{"a":1}'));
  expect(seen).toEqual({ a: 1 });
});

test('Dapr is told the topics, and which bindings are wanted', async () => {
  await using server = await start(() => {}, { context: ASYNC });
  const subscribed = JSON.parse((await server.ask('/dapr/subscribe')).body);
  expect(subscribed).toEqual([
    { pubsubname: 'serving-1-pubsub-orders-def', topic: 'orders', route: '/openfunction/events/orders' },
  ]);
  expect(await server.ask('/serving-1-bindings-cron-abc', { method: 'OPTIONS' })).toMatchObject({ status: 200 });
  expect(await server.ask('/serving-1-bindings-other', { method: 'OPTIONS' })).toMatchObject({ status: 404 });
  expect(await server.ask('/dapr/config')).toMatchObject({ status: 200, body: '{}' });
  expect(await server.ask('/healthz')).toMatchObject({ status: 200 });
});

test('an event of a binding reaches the function, and what it returns goes back to the binding', async () => {
  const calls: unknown[] = [];
  await using server = await start(
    (context, data) => {
      calls.push([context.input, data]);
      return { kept: true };
    },
    { context: ASYNC },
  );
  expect(await server.ask('/serving-1-bindings-cron-abc', post('{"a":1}'))).toMatchObject({
    status: 200,
    body: '{"kept":true}',
  });
  expect(calls).toEqual([['cron', { a: 1 }]]);
});

test.each([
  { why: 'JSON', event: { data: { a: 1 } }, data: { a: 1 } },
  { why: 'text', event: { data: 'Hi' }, data: 'Hi' },
  { why: 'bytes', event: { data_base64: 'SGk=' }, data: Buffer.from('Hi') },
])('an event of a topic is unwrapped: $why', async ({ event, data }) => {
  const calls: unknown[] = [];
  await using server = await start((context, given) => calls.push([context.input, context.event?.['id'], given]), {
    context: ASYNC,
  });
  const body = JSON.stringify({ id: '7', topic: 'orders', specversion: '1.0', ...event });
  const result = await server.ask('/openfunction/events/orders', post(body, 'application/cloudevents+json'));
  expect(result).toMatchObject({ status: 200, body: '{"status":"SUCCESS"}' });
  expect(calls).toEqual([['orders', '7', data]]);
});

test('an event of a topic arrives by the name of the topic too, as the proxy of standalone mode sends it', async () => {
  const calls: unknown[] = [];
  await using server = await start((context, data) => calls.push([context.input, data]), { context: ASYNC });
  const body = JSON.stringify({ id: '7', topic: 'orders', data: { a: 1 } });
  const result = await server.ask('/orders', post(body, 'application/cloudevents+json'));
  expect(result).toMatchObject({ status: 200, body: '{"status":"SUCCESS"}' });
  expect(calls).toEqual([['orders', { a: 1 }]]);
});

test('a raw event of a topic is the data itself', async () => {
  const calls: unknown[] = [];
  await using server = await start((context, data) => calls.push([context.event, data]), { context: ASYNC });
  await server.ask('/openfunction/events/orders', post('{"a":1}'));
  expect(calls).toEqual([[undefined, { a: 1 }]]);
});

test('an event that the function throws at is refused, so that Dapr brings it again', async () => {
  await using server = await start(() => Promise.reject(new Error('no')), { context: ASYNC });
  expect(await server.ask('/openfunction/events/orders', post('1'))).toMatchObject({ status: 500 });
});

test('an event-driven function answers nothing else', async () => {
  let calls = 0;
  await using server = await start(() => calls++, { context: ASYNC });
  expect(await server.ask('/', post('{}'))).toMatchObject({ status: 404 });
  expect(await server.ask('/others', post('{}'))).toMatchObject({ status: 404 });
  expect(calls).toBe(0);
});

test('an HTTP function with outputs does not run when Dapr asks whether it takes events', async () => {
  let calls = 0;
  const outputs = { out: { componentName: 'serving-1-bindings-out', componentType: 'bindings.redis' } };
  await using server = await start(() => calls++, { context: { outputs } });
  expect(await server.ask('/dapr/subscribe')).toMatchObject({ status: 200, body: '[]' });
  expect(await server.ask('/dapr/config')).toMatchObject({ status: 200, body: '{}' });
  expect(await server.ask('/serving-1-bindings-out', { method: 'OPTIONS' })).toMatchObject({ status: 404 });
  expect(calls).toBe(0);
  expect(await server.ask('/other', { method: 'OPTIONS' })).toMatchObject({ status: 200 });
  expect(calls).toBe(1);
});

test('an HTTP function without Dapr has every path for itself', async () => {
  await using server = await start(() => 'mine');
  expect((await server.ask('/dapr/subscribe')).body).toBe('mine');
});

test('with a token, only Dapr is heard', async () => {
  let calls = 0;
  const env = { ...environment(ASYNC), APP_API_TOKEN: 'secret' };
  await using server = await start(() => calls++, { env });
  const ask = async (token: string) => {
    const event = post('1');
    return (await server.ask('/serving-1-bindings-cron-abc', { ...event, headers: { 'dapr-api-token': token } }))
      .status;
  };
  expect([await ask(''), await ask('secreT'), await ask('secret')]).toEqual([401, 401, 200]);
  expect(calls).toBe(1);
});

test('hooks run around the function in the order of the context, also around an error', async () => {
  const told: string[] = [];
  const hook = (name: string) => ({
    pre: (context: FunctionContext) => {
      told.push(`pre ${name}`);
      context.data = `${context.data ?? ''}${name}`;
    },
    post: (context: FunctionContext) => {
      told.push(`post ${name} ${context.error ?? context.result}`);
    },
  });
  const context = { preHooks: ['a', 'b', 'unknown'], postHooks: ['b', 'a'] };
  const options = { context, hooks: { a: hook('a'), b: hook('b') } };
  await using good = await start((_context, data) => `given ${data}`, options);
  expect((await good.ask('/')).body).toBe('given ab');
  expect(told.splice(0)).toEqual(['pre a', 'pre b', 'post b given ab', 'post a given ab']);
  expect(good.lines).toEqual(['no hook of this function is called unknown']);
  await using bad = await start(() => Promise.reject('broken'), options);
  expect((await bad.ask('/')).status).toBe(500);
  expect(told).toEqual(['pre a', 'pre b', 'post b broken', 'post a broken']);
});

test('a pre hook that throws keeps the function from running', async () => {
  let calls = 0;
  const hooks = { guard: { pre: () => Promise.reject(new Error('not allowed')) } };
  await using server = await start(() => calls++, { context: { preHooks: ['guard'] }, hooks });
  expect((await server.ask('/')).status).toBe(500);
  expect(calls).toBe(0);
});

test('a context that cannot be read ends the function before it serves', () => {
  expect(() => openFunction(() => {}, { env: { FUNC_CONTEXT: '{' } })).toThrow(/^FUNC_CONTEXT: is not JSON/);
});
