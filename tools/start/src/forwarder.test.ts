import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { freePort, poll } from '@openfunction/local';
import { afterEach, expect, test } from 'vitest';
import { startForwarder } from './forwarder.ts';

const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A server that says its name to who connects. */
async function backend(name: string): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => socket.end(name));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => new Promise((resolve) => server.close(resolve)));
  return { port: (server.address() as AddressInfo).port, server };
}

async function ask(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  await once(socket, 'close');
  return answer;
}

async function forward(backends: { port: number; isReady: () => Promise<boolean> }[]): Promise<number> {
  const port = await freePort();
  const forwarder = await startForwarder(port, backends);
  stops.push(forwarder.stop);
  return port;
}

test('ready backends are asked in turn', async () => {
  const [a, b] = [await backend('a'), await backend('b')];
  const port = await forward([a, b].map((each) => ({ port: each.port, isReady: async () => true })));
  const answers = [await ask(port), await ask(port), await ask(port), await ask(port)];
  expect(answers.toSorted()).toEqual(['a', 'a', 'b', 'b']);
});

test('a backend that says it is not ready gets nothing', async () => {
  const [a, b] = [await backend('a'), await backend('b')];
  let ready = true;
  const port = await forward([
    { port: a.port, isReady: async () => ready },
    { port: b.port, isReady: async () => true },
  ]);
  ready = false;
  const onlyB = async () =>
    ((await ask(port)) === 'b' && (await ask(port)) === 'b' && (await ask(port)) === 'b') || undefined;
  expect(await poll(onlyB, 5000)).toBe(true);
});

test('a backend that has just died is passed over', async () => {
  const [a, b] = [await backend('a'), await backend('b')];
  const port = await forward([a, b].map((each) => ({ port: each.port, isReady: async () => true })));
  await new Promise((resolve) => a.server.close(resolve));
  expect([await ask(port), await ask(port), await ask(port)]).toEqual(['b', 'b', 'b']);
});

test('with no backend at all the connection ends', async () => {
  const dead = await freePort();
  const port = await forward([{ port: dead, isReady: async () => false }]);
  expect(await ask(port)).toBe('');
});
