/**
 * The least that a webhook on Fastify can do: read the JSON body, answer with its uid. Run as a process of its own:
 * `node bare-server.ts CERTIFICATE KEY`; prints its port when it listens.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { TLS } from '../../../services/webhook/src/tls.ts';
import { PATH } from './paths.ts';

interface Asked {
  request: { uid: string };
}

const [certFile = '', keyFile = ''] = process.argv.slice(2);
const app = fastify({
  https: { ...TLS, cert: readFileSync(certFile), key: readFileSync(keyFile) },
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
