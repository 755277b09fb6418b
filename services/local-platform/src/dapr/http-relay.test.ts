import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pickPort } from '../node/port.ts';
import { Backends } from './backends.ts';
import { HEALTH_PATH, HttpRelay } from './http-relay.ts';

let backends: Backends;
let relay: HttpRelay;
let port: number;
const servers: Server[] = [];

beforeEach(async () => {
  backends = new Backends();
  relay = new HttpRelay(backends);
  port = await pickPort(new Set());
  await relay.listen(port);
});

afterEach(() => {
  relay.stop();
  for (const server of servers.splice(0)) server.close();
});

async function instance(name: string): Promise<number> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    response.writeHead(201, { 'x-name': name }).end(`${request.method} ${request.url} ${body}`);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function ask(path: string, body = ''): Promise<{ status: number; name: unknown; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method: body === '' ? 'OPTIONS' : 'POST', agent: false };
    const request = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, name: response.headers['x-name'], text }));
    });
    request.once('error', reject);
    request.end(body);
  });
}

describe('the relay of HTTP requests', () => {
  test('passes requests and answers, and goes to the instances in turn', async () => {
    backends.set('a', await instance('a'));
    backends.set('b', await instance('b'));
    expect(await ask('/tick', 'x'.repeat(100_000))).toMatchObject({
      status: 201,
      text: `POST /tick ${'x'.repeat(100_000)}`,
    });
    const names = [(await ask('/tick')).name, (await ask('/tick')).name];
    expect(names.sort()).toEqual(['a', 'b']);
  });

  test('holds a request until there is an instance', async () => {
    const waiting = ask('/late', '1');
    backends.set('a', await instance('a'));
    expect((await waiting).text).toBe('POST /late 1');
  });

  test('says so when an instance does not answer', async () => {
    backends.set('a', 1);
    expect((await ask('/tick')).status).toBe(502);
  });

  test('says that the application is healthy while it has an instance', async () => {
    expect((await ask(HEALTH_PATH)).status).toBe(503);
    backends.set('a', 1);
    expect((await ask(HEALTH_PATH)).status).toBe(200);
  });
});
