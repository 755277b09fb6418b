/**
 * The least that a webhook on Fastify can do: read the JSON body, answer with its uid. Run as a process of its own:
 * `node bare-server.ts CERTIFICATE KEY`; prints its port when it listens.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { PATH } from './paths.ts';

interface Asked {
  request: { uid: string };
}

/** Those of the webhook. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
].join(':');

const [certFile = '', keyFile = ''] = process.argv.slice(2);
const app = fastify({
  https: { minVersion: 'TLSv1.2', ciphers: CIPHERS, cert: readFileSync(certFile), key: readFileSync(keyFile) },
  bodyLimit: 7 * 1024 * 1024,
  keepAliveTimeout: 120_000,
  forceCloseConnections: true,
  logger: false,
});
for (const path of [PATH.mutate, PATH.validate])
  app.post(path, async ({ body }) => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: (body as Asked).request.uid, allowed: true },
  }));
app.post(PATH.convert, async ({ body }) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'ConversionReview',
  response: { uid: (body as Asked).request.uid, convertedObjects: [], result: { status: 'Success' } },
}));
await app.listen({ host: '127.0.0.1', port: 0 });
console.log(JSON.stringify({ port: (app.server.address() as AddressInfo).port }));
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
