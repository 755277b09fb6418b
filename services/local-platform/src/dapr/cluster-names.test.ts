import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { startClusterNames } from './cluster-names.ts';

const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A server that says who it is and what it was asked. */
async function server(name: string): Promise<number> {
  const listening = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method, url, headers } = request;
    response.writeHead(201, { 'x-name': name });
    response.end(JSON.stringify({ method, url, host: headers.host, body: Buffer.concat(chunks).toString() }));
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => listening.close(resolve)));
  return (listening.address() as AddressInfo).port;
}

/** Asks as a client does that has the proxy in HTTP_PROXY: with the whole URL. */
async function ask(proxy: string, url: string, body = '') {
  const { hostname, port } = new URL(proxy);
  return await new Promise<{ status: number; name: unknown; text: string }>((resolve, reject) => {
    const { host } = URL.parse(url) ?? { host: 'x' };
    const options = {
      host: hostname,
      port,
      path: url,
      method: body === '' ? 'GET' : 'POST',
      headers: { host },
      agent: false,
    };
    const asking = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, name: response.headers['x-name'], text }));
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

async function start(routerPort: number): Promise<string> {
  const names = await startClusterNames({ domains: ['svc.cluster.local', 'localhost'], routerPort: () => routerPort });
  stops.push(names.stop);
  return names.url;
}

test('a name of the cluster leads to the router, with path, body and host as they were', async () => {
  const proxy = await start(await server('router'));
  const { status, name, text } = await ask(proxy, 'http://greetings.default.svc.cluster.local/a?b=1', 'Hi');
  expect({ status, name }).toEqual({ status: 201, name: 'router' });
  expect(JSON.parse(text)).toEqual({
    method: 'POST',
    url: '/a?b=1',
    host: 'greetings.default.svc.cluster.local',
    body: 'Hi',
  });
});

test('every other name leads where it says', async () => {
  const [router, other] = [await server('router'), await server('other')];
  expect(await ask(await start(router), `http://127.0.0.1:${other}/`)).toMatchObject({ status: 201, name: 'other' });
});

test('what cannot be reached, or is no URL, is said', async () => {
  const gone = await server('gone');
  await stops.pop()?.();
  const proxy = await start(gone);
  expect(await ask(proxy, 'http://f.default.svc.cluster.local/')).toMatchObject({
    status: 502,
    text: expect.stringContaining('f.default.svc.cluster.local cannot be reached'),
  });
  expect(await ask(proxy, '/no-url')).toMatchObject({ status: 400 });
});
