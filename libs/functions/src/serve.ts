import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FunctionHandler } from './open-function.ts';

export interface ServeOptions {
  /** Port to listen on; the one of the function's settings when absent. 0: any free one. */
  port?: number;
  /** Address to listen on; every one when absent, as a pod needs it. */
  host?: string;
  /** How long requests under way may take after SIGTERM, in milliseconds; 20 s when absent. */
  graceMs?: number;
}

export interface Served {
  port: number;
  /** Takes no more connections; resolves when the requests under way have ended, or after the grace. */
  close: () => Promise<void>;
}

const GRACE_MS = 20_000;

/** Serves a function without any framework, and ends in order at SIGTERM or SIGINT. Throws when the port is taken. */
export async function serve(handler: FunctionHandler, options: ServeOptions = {}): Promise<Served> {
  const { port = handler.settings.port, host, graceMs = GRACE_MS } = options;
  let closing = false;
  const server = createServer((request, response) => {
    // A caller that keeps its connection would hold up the end.
    response.once('close', () => closing && server.closeIdleConnections());
    void handler(request, response);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const close = async () => {
    closing = true;
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  const onSignal = () => void close();
  for (const signal of SIGNALS) process.once(signal, onSignal);
  return { port: (server.address() as AddressInfo).port, close };
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
