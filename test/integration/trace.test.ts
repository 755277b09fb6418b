/** One trace from the change to Ready, through jobs and reconciles of several processes, as OpenTelemetry exporters send it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  applyFunction,
  type ControllerWorld,
  freshNamespace,
  hasControllerWorld,
  sketchFunction,
  startControllerWorld,
  untilCondition,
  waitFor,
} from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Span {
  service: string;
  name: string;
  traceId: string;
}

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

describe.skipIf(!(await hasControllerWorld()))('a change', () => {
  const spans: Span[] = [];
  let collector: Server;
  let world: ControllerWorld;

  beforeAll(async () => {
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/v1/traces') spans.push(...readSpans(Buffer.concat(chunks).toString()));
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    world = await startControllerWorld();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
    await world.startSystem({ replicas: 1, env });
  });

  afterAll(async () => {
    await world?.stop();
    await new Promise((resolve) => collector.close(resolve));
  });

  it('keeps its trace through every controller', async () => {
    const { client } = world;
    const namespace = await freshNamespace(client);
    const fn = sketchFunction({ namespace, name: 'traced', build: true });
    fn.metadata.annotations = { 'openfunction.io/traceparent': `00-${TRACE_ID}-00f067aa0ba902b7-01` };
    await untilCondition(client, await applyFunction(client, fn), 'Ready', 'True');
    const seen = () =>
      [
        ...new Set(
          spans.filter(({ traceId }) => traceId === TRACE_ID).map(({ service, name }) => `${service}: ${name}`),
        ),
      ].sort();
    await waitFor('spans of all three controllers', () => seen().length >= 3);
    expect(seen()).toEqual([
      'build-controller: reconcile builder',
      'function-controller: reconcile function',
      'serving-controller: reconcile serving',
    ]);
  });
});

/** OTLP/HTTP JSON (opentelemetry-proto, ExportTraceServiceRequest). */
function readSpans(text: string): Span[] {
  const { resourceSpans } = JSON.parse(text) as {
    resourceSpans: {
      resource: { attributes: { key: string; value: { stringValue?: string } }[] };
      scopeSpans: { spans: { name: string; traceId: string }[] }[];
    }[];
  };
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
    return scopeSpans.flatMap((scope) => scope.spans.map(({ name, traceId }) => ({ service, name, traceId })));
  });
}
