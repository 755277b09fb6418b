import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer, type Http2Server, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pickPort } from '../node/port.ts';
import { Backends } from './backends.ts';
import { GrpcRelay } from './grpc-relay.ts';

const OK = { 'grpc-status': '0' };
let backends: Backends;
let relay: GrpcRelay;
let client: ClientHttp2Session;
const servers: Http2Server[] = [];

beforeEach(async () => {
  backends = new Backends();
  relay = new GrpcRelay(backends);
  const port = await pickPort(new Set());
  await relay.listen(port);
  client = connect(`http://127.0.0.1:${port}`);
});

afterEach(() => {
  client.destroy();
  relay.stop();
  for (const server of servers.splice(0)) server.close();
});

/** An instance that answers each call with its name and the call's body, and gRPC's trailers. */
async function instance(name: string, trailersOnly = false): Promise<number> {
  const server = createServer();
  servers.push(server);
  server.on('stream', async (stream) => {
    let body = '';
    for await (const chunk of stream) body += chunk;
    if (trailersOnly) return stream.respond({ ':status': 200, 'grpc-status': '12' }, { endStream: true });
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(OK));
    stream.end(`${name} ${body}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function call(
  body: string,
  path = '/dapr/OnBindingEvent',
): Promise<{ text: string; headers: IncomingHttpHeaders; trailers: IncomingHttpHeaders }> {
  const stream = client.request({ ':method': 'POST', ':path': path, te: 'trailers' });
  let trailers: IncomingHttpHeaders = {};
  stream.on('trailers', (found) => {
    trailers = found;
  });
  stream.end(body);
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  let text = '';
  for await (const chunk of stream) text += chunk;
  return { text, headers, trailers };
}

describe('the relay of gRPC calls', () => {
  test('passes bodies and trailers, and calls of one connection go to the instances in turn', async () => {
    backends.set('a', await instance('a'));
    backends.set('b', await instance('b'));
    const answers = [await call('1'), await call('2'), await call('3'), await call('4')];
    expect(answers.map(({ text }) => text).sort()).toEqual(['a 2', 'a 4', 'b 1', 'b 3']);
    expect(answers[0]?.trailers).toMatchObject(OK);
  });

  test('passes an answer of trailers only', async () => {
    backends.set('a', await instance('a', true));
    expect((await call('1')).headers).toMatchObject({ ':status': 200, 'grpc-status': '12' });
  });

  test('holds a call until there is an instance', async () => {
    const waiting = call('late');
    backends.set('a', await instance('a'));
    expect((await waiting).text).toBe('a late');
  });

  test('refuses a call when its instance is gone', async () => {
    const port = await instance('a');
    backends.set('a', port);
    await call('1');
    servers.pop()?.close();
    backends.set('a', 1);
    await expect(call('2')).rejects.toThrow(/REFUSED/);
  });

  test('says that the application is healthy while it has an instance', async () => {
    const check = '/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck';
    expect((await call('', check)).headers).toMatchObject({ 'grpc-status': '14' });
    backends.set('a', 1);
    expect((await call('', check)).trailers).toMatchObject(OK);
  });
});
