import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Takes what OpenTelemetry exporters send, and throws it away. */
interface TelemetrySink {
  /** Settings that make a service send here. */
  env: Record<string, string>;
  /** Bytes taken, by path (`/v1/traces`, …). */
  taken: Map<string, number>;
  close: () => Promise<void>;
}

export async function startTelemetrySink(): Promise<TelemetrySink> {
  const taken = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    request.on('data', (chunk: Buffer) => taken.set(path, (taken.get(path) ?? 0) + chunk.length));
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_METRIC_EXPORT_INTERVAL: '5000',
    },
    taken,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
