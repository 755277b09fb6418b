import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CLUSTER_BUILD_STRATEGY } from '@openfunction/api';
import { afterEach, expect, it } from 'vitest';
import { KubeClient } from './client.ts';

let server: Server | undefined;
let client: KubeClient | undefined;
afterEach(async () => {
  await client?.close();
  server?.closeAllConnections();
  await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
});

async function clientOf(answer: RequestListener): Promise<KubeClient> {
  server = createServer(answer);
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
  client = KubeClient.of({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  return client;
}

const TAIL = { container: 'step-a', lines: 20, bytes: 1_024 };

it('reads the end of a log as text, no more than was asked for', async () => {
  const asked: (string | undefined)[] = [];
  const kube = await clientOf((request, response) => {
    asked.push(request.url);
    response.write('line é 1\n');
    response.end('line 2\n');
  });
  expect(await kube.logTail({ namespace: 'ns', name: 'p' }, TAIL)).toBe('line é 1\nline 2\n');
  expect(asked).toEqual(['/api/v1/namespaces/ns/pods/p/log?container=step-a&tailLines=20&limitBytes=1024']);
});

it('says that a pod whose log is asked for is gone', async () => {
  const kube = await clientOf((_request, response) => {
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'Status', code: 404, reason: 'NotFound', message: 'pods "p" not found' }));
  });
  await expect(kube.logTail({ namespace: 'ns', name: 'p' }, TAIL)).rejects.toMatchObject({ code: 'api.not-found' });
});

it('reads an empty list of names, whose items are null', async () => {
  const kube = await clientOf((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ kind: 'PartialObjectMetadataList', metadata: { resourceVersion: '7' }, items: null }),
    );
  });
  expect(await kube.list(CLUSTER_BUILD_STRATEGY, { metadataOnly: true })).toEqual({ items: [], resourceVersion: '7' });
});
