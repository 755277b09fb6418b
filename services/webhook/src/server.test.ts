import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls, type PeerCertificate, type SecureVersion } from 'node:tls';
import type { AdmissionReview } from '@openfunction/admission';
import { silentLogger } from '@openfunction/telemetry';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeClientCertificate } from '../testdata/client-certificate.ts';
import { type KeyPair, makeAuthority } from './certificate/issue.ts';
import { DEFAULT_LIFETIMES, Issuer } from './certificate/rotation.ts';
import { serviceDnsNames } from './names.ts';
import { type ReviewServer, type ServerCertificate, type ServerSettings, serveReviews } from './server.ts';

const NAMES = serviceDnsNames('openfunction');
const [SERVER_NAME = ''] = NAMES;
const MUTATE = '/mutate-core-openfunction-io-v1beta2-function';
const VALIDATE = '/validate-core-openfunction-io-v1beta2-function';
const JSON_TYPE = { 'content-type': 'application/json' };

const issuer = new Issuer(NAMES);
const bundle = await issuer.make(new Date());
let server: ReviewServer;

function serve(settings: Partial<ServerSettings> = {}): Promise<ReviewServer> {
  const defaults = { host: '127.0.0.1', port: 0, maxInFlight: 100, identity: bundle.leaf, logger: silentLogger() };
  return serveReviews({ ...defaults, ...settings });
}

beforeAll(async () => {
  server = await serve();
});

afterAll(() => server.close());

interface Answer {
  code: number;
  body: AdmissionReview;
  serial: string;
}

/** Posts a body as the API server does: by the name of the Service, trusting our authority alone. */
function post(
  path: string,
  body: string,
  options: { headers?: object; method?: string; agent?: Agent } = {},
): Promise<Answer> {
  const { headers = JSON_TYPE, method = 'POST', agent } = options;
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: server.port,
        servername: SERVER_NAME,
        ca: bundle.authority.cert,
        path,
        method,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        ...(agent ? { agent } : { agent: false }),
      },
      (response) => {
        const { serialNumber } = (
          response.socket as unknown as { getPeerCertificate: () => PeerCertificate }
        ).getPeerCertificate();
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            code: response.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(chunks).toString()),
            serial: serialNumber,
          }),
        );
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

function review(spec: unknown): string {
  const object = { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function', metadata: { name: 'f' }, spec };
  const body = { uid: 'u1', operation: 'CREATE', name: 'f', namespace: 'demo', object };
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: body });
}

describe('reviews', () => {
  it('answers on the two paths of Function', async () => {
    const mutated = await post(MUTATE, review({ image: 'i', serving: {} }));
    expect(mutated).toMatchObject({
      code: 200,
      body: { response: { uid: 'u1', allowed: true, patchType: 'JSONPatch' } },
    });
    const validated = await post(VALIDATE, review({}));
    expect(validated).toMatchObject({ code: 200, body: { response: { allowed: false, status: { code: 422 } } } });
  });

  it('sets a W3C trace context of its own while tracing is off', async () => {
    const { body } = await post(
      MUTATE,
      review({ image: 'i', version: 'v', serving: { triggers: { dapr: [{ name: 'a' }] } } }),
    );
    const [operation] = JSON.parse(Buffer.from(body.response.patch ?? '', 'base64').toString());
    expect(operation.value['openfunction.io/traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it('reads members named as those of every object, and changes nobody by them', async () => {
    const { code } = await post(
      MUTATE,
      '{"apiVersion":"admission.k8s.io/v1","__proto__":{"polluted":1},"request":{"uid":"u","object":{"constructor":{}}}}',
    );
    expect(code).toBe(200);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('what is no review', () => {
  it.each<[string, number, string, string, { headers?: object; method?: string }]>([
    ['another content type', 415, MUTATE, '{}', { headers: { 'content-type': 'text/plain' } }],
    ['no content type', 415, MUTATE, '{}', { headers: {} }],
    ['no JSON', 400, MUTATE, '{', {}],
    ['an empty body', 400, MUTATE, '', {}],
    ['another path', 404, '/validate', '{}', {}],
    ['another content type on another path', 404, '/validate', 'x', { headers: { 'content-type': 'text/plain' } }],
    ['another method', 405, MUTATE, '', { method: 'GET', headers: {} }],
    ['another method with a body', 405, `${MUTATE}?timeout=5s`, '{}', { method: 'PUT' }],
    ['a compressed body', 415, MUTATE, '{}', { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }],
    ['a review of another version', 400, MUTATE, '{"apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"u"}}', {}],
    ['a review without uid', 400, MUTATE, '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', {}],
    ['a path that cannot be decoded', 400, '/%ff', '', {}],
    ['more than 7 MiB', 413, MUTATE, `"${'x'.repeat(7 * 1024 * 1024)}"`, {}],
  ])('%s is refused with HTTP %i and one sentence', async (_, code, path, body, options) => {
    const answer = await post(path, body, options);
    expect(answer.code).toBe(code);
    expect(answer.body.response).toMatchObject({
      allowed: false,
      status: { code, message: expect.stringMatching(/\S/) },
    });
  });

  it('takes a legal review of several MiB', async () => {
    const env = { BIG: 'x'.repeat(5 * 1024 * 1024) };
    const { code } = await post(VALIDATE, review({ image: 'i', build: { builder: 'b', srcRepo: { url: 'u' }, env } }));
    expect(code).toBe(200);
  });
});

const said = new Set<Socket>();

/** Ends what still waits. */
function hangUp(): void {
  for (const socket of said) socket.destroy();
}

/** What the server says on a connection that sends these bytes, the head first, until it is closed. */
function say(to: ReviewServer, text: string, more?: { identity: Partial<ServerCertificate> }): Promise<string> {
  return new Promise((resolve, reject) => {
    const trusted = { servername: SERVER_NAME, ca: bundle.authority.cert };
    const socket = connectTls({ host: '127.0.0.1', port: to.port, ...trusted, ...more?.identity });
    said.add(socket);
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
    socket.write(text);
  });
}

/** A connection over which nothing has been said yet. */
async function open(to: ReviewServer): Promise<Socket> {
  const socket = connectTls({ host: '127.0.0.1', port: to.port, servername: SERVER_NAME, ca: bundle.authority.cert });
  said.add(socket);
  await once(socket, 'secureConnect');
  return socket;
}

/** The first of what the server says to these bytes; rejects when it closes the connection instead. */
function ask(socket: Socket, text = REQUEST): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', (data) => resolve(String(data)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without an answer')));
    socket.write(text);
  });
}

function head(headers: Record<string, string | number>): string {
  const lines = Object.entries({ Host: 'x', ...JSON_TYPE, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${MUTATE} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

const SLOW = head({ 'content-length': 10 });
const QUICK = review({ image: 'i', serving: {} });
const REQUEST = `${head({ 'content-length': QUICK.length })}${QUICK}`;

describe('before the body is read', () => {
  it('refuses a declared length that is too large, and closes', async () => {
    expect(await say(server, head({ 'content-length': 100 * 1024 * 1024 }))).toMatch(/^HTTP\/1\.1 413 .*"code":413/s);
  });

  it('stops reading a chunked body that has no end', async () => {
    const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
    expect(await say(server, head({ 'transfer-encoding': 'chunked' }) + chunk.repeat(8))).toMatch(/^HTTP\/1\.1 413 /);
  });

  it.each([
    ['what is no HTTP', 'hello\r\n\r\n', 400],
    ['headers of 32 KiB', head({ long: 'x'.repeat(32 * 1024) }), 431],
  ])('answers %s in the form of a review', async (_, text, code) => {
    const [first = '', body = ''] = (await say(server, text)).split('\r\n\r\n');
    expect(first).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `));
    expect(JSON.parse(body)).toMatchObject({ kind: 'AdmissionReview', response: { allowed: false, status: { code } } });
  });
});

describe('room', () => {
  it('is denied at once with 429 when all is taken, and given back', async () => {
    const small = await serve({ maxInFlight: 1 });
    const slow = say(small, SLOW);
    const codes = new Set<string | undefined>();
    // The slow one is shown out for a newcomer as soon as it has been waited for long enough.
    while (!codes.has('200')) {
      const answer = await say(small, REQUEST.replace('\r\n', '\r\nConnection: close\r\n'));
      if (answer.startsWith('HTTP/1.1 429')) expect(answer).toMatch(/retry-after: 1/i);
      codes.add(answer.split(' ', 2)[1]);
    }
    expect([...codes]).toEqual(['429', '200']);
    expect(await slow).toMatch(/^HTTP\/1\.1 408 /);
    await small.close();
  });

  it('for large bodies is limited by memory, and small ones pass them by', async () => {
    const roomy = await serve();
    const chunked = Array.from({ length: 12 }, () => say(roomy, head({ 'transfer-encoding': 'chunked' })));
    const denied = await Promise.any(chunked);
    expect(denied).toMatch(/^HTTP\/1\.1 429 /);
    expect(await say(roomy, REQUEST.replace('\r\n', '\r\nConnection: close\r\n'))).toMatch(/^HTTP\/1\.1 200 /);
    hangUp();
    await Promise.all([...chunked, roomy.close()]);
  });
});

describe('stopping', () => {
  it('answers while draining and asks to connect anew; then refuses with 503 and closes', async () => {
    const stopping = await serve();
    const late = say(stopping, head({ 'content-length': QUICK.length }) + QUICK.slice(1));
    stopping.drain();
    expect(await say(stopping, REQUEST)).toMatch(/^HTTP\/1\.1 200 .*connection: close/is);
    const half = await open(stopping);
    half.write(REQUEST.slice(0, 10));
    const closed = stopping.close();
    expect(await ask(half, REQUEST.slice(10))).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1/is);
    hangUp();
    await Promise.all([closed, late]);
  });
});

describe('waiting for connections', () => {
  it('ends when the last one is closed, and answers on them until then', async () => {
    const stopping = await serve();
    const [used, spare] = await Promise.all([open(stopping), open(stopping)]);
    await ask(used);
    stopping.drain();
    let isEmpty = false;
    const emptied = stopping.emptied(20_000).then(() => {
      isEmpty = true;
    });
    await pause(200);
    // Neither was closed, though both were idle.
    expect(await ask(used)).toMatch(/^HTTP\/1\.1 200 .*connection: close/is);
    expect(isEmpty).toBe(false);
    spare.destroy();
    await emptied;
    await stopping.close();
  });

  it('ends after its time, whoever is still there', async () => {
    const stopping = await serve();
    const idle = await open(stopping);
    stopping.drain();
    await stopping.emptied(100);
    const closed = once(idle, 'close');
    await stopping.close();
    await closed;
  });
});

describe('a process that was held up beyond its drain', () => {
  it('answers what had arrived meanwhile, on connections old and new, before it closes', async () => {
    const stopping = await serve();
    const [used, spare] = await Promise.all([open(stopping), open(stopping)]);
    await ask(used);
    stopping.drain();
    // All in one turn of the event loop, so nothing is read in between.
    const answers = [ask(used), ask(spare), say(stopping, REQUEST)];
    const closed = stopping.close();
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1\.1 (200|503) /);
    await closed;
  });
});

describe('clients', () => {
  it('must show a certificate of the authority that is set', async () => {
    const [clients, others] = (await Promise.all(
      [1, 2].map(() => makeAuthority(new Date(), DEFAULT_LIFETIMES.authority)),
    )) as [KeyPair, KeyPair];
    const [known, stranger] = [await makeClientCertificate(clients), await makeClientCertificate(others)];
    const picky = await serve({ identity: { ...bundle.leaf, clientCa: clients.cert } });
    const text = REQUEST.replace('\r\n', '\r\nConnection: close\r\n');
    expect(await say(picky, text, { identity: known })).toMatch(/^HTTP\/1\.1 200 /);
    for (const identity of [{}, stranger]) expect(await say(picky, text, { identity }).catch(() => '')).toBe('');
    picky.swap({ ...bundle.leaf, clientCa: others.cert });
    expect(await say(picky, text, { identity: stranger })).toMatch(/^HTTP\/1\.1 200 /);
    await picky.close();
  });
});

describe('connections', () => {
  it('swaps the certificate for new connections and leaves open ones alone', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await post(MUTATE, review({}), { agent });
    const next = await issuer.make(new Date(), bundle.authority);
    server.swap(next.leaf);
    const kept = await post(MUTATE, review({}), { agent });
    const fresh = await post(MUTATE, review({}));
    agent.destroy();
    expect(kept.serial).toBe(before.serial);
    expect(fresh.serial).not.toBe(before.serial);
  });

  it.each<[SecureVersion, string | undefined, boolean]>([
    ['TLSv1.3', undefined, true],
    ['TLSv1.2', undefined, true],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-SHA', false],
    ['TLSv1.1', 'DEFAULT@SECLEVEL=0', false],
  ])('%s with suites %s: %s', async (version, ciphers, accepted) => {
    const settled = new Promise<boolean>((resolve) => {
      const socket = connectTls({
        host: '127.0.0.1',
        port: server.port,
        servername: SERVER_NAME,
        ca: bundle.authority.cert,
        minVersion: version,
        maxVersion: version,
        ...(ciphers && { ciphers }),
      });
      socket.once('secureConnect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      setTimeout(() => socket.destroy(), 2_000).unref();
    });
    expect(await settled).toBe(accepted);
  });

  it('drops a client that never shows itself, and leaves one alone that only has nothing to ask yet', async () => {
    const startedAt = Date.now();
    const silent = connect(server.port, '127.0.0.1');
    silent.resume();
    const spare = await open(server);
    const dropped = vi.fn();
    spare.once('close', dropped);
    await new Promise((resolve) => silent.once('close', resolve));
    expect(Date.now() - startedAt).toBeLessThan(9_000);
    // Past the time for headers and the look that is taken every second.
    await vi.waitFor(() => expect(Date.now() - startedAt).toBeGreaterThan(7_000), { timeout: 9_000 });
    expect(dropped).not.toHaveBeenCalled();
    expect(await ask(spare)).toMatch(/^HTTP\/1\.1 200 /);
    spare.destroy();
  }, 20_000);
});
