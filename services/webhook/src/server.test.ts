import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls, type PeerCertificate, type SecureVersion } from 'node:tls';
import type { AdmissionReview } from '@openfunction/admission';
import { silentLogger } from '@openfunction/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBundle } from './certificate/bundle.ts';
import { serviceDnsNames } from './names.ts';
import { type ReviewServer, serveReviews } from './server.ts';

const NAMES = serviceDnsNames('openfunction');
const [SERVER_NAME = ''] = NAMES;
const MUTATE = '/mutate-core-openfunction-io-v1beta2-function';
const VALIDATE = '/validate-core-openfunction-io-v1beta2-function';
const JSON_TYPE = { 'content-type': 'application/json' };

const bundle = await makeBundle(undefined, NAMES, new Date());
let server: ReviewServer;

beforeAll(async () => {
  server = await serveReviews({ host: '127.0.0.1', port: 0, certificate: bundle.leaf, logger: silentLogger() });
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
    const { code } = await post(MUTATE, '{"__proto__":{"polluted":1},"request":{"object":{"constructor":{}}}}');
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
    ['another method', 404, MUTATE, '', { method: 'GET', headers: {} }],
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

describe('connections', () => {
  it('swaps the certificate for new connections and leaves open ones alone', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await post(MUTATE, review({}), { agent });
    const next = await makeBundle(bundle.authority, NAMES, new Date());
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

  it('drops a client that connects and says nothing', async () => {
    const startedAt = Date.now();
    const socket = connect(server.port, '127.0.0.1');
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(Date.now() - startedAt).toBeLessThan(9_000);
  }, 15_000);
});
