import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers whether a part of the service works: true, or one sentence that says what it waits for. */
export type Check = () => true | string;

/** What `/healthz` (process is alive), `/readyz` (every check passes) and `/metrics` are answered from. */
export class Health {
  readonly #checks = new Map<string, Check>();
  #stopping = false;

  /** Adds a check to `/readyz`. */
  add(name: string, check: Check): void {
    this.#checks.set(name, check);
  }

  /** From now on `/readyz` says no, so that no new work is sent here. */
  stopping(): void {
    this.#stopping = true;
  }

  /** What keeps the service from being ready, one line each; empty when it is ready. */
  faults(): string[] {
    if (this.#stopping) return ['stopping'];
    const results = [...this.#checks].map(([name, check]) => [name, check()] as const);
    return results.filter(([, result]) => result !== true).map(([name, result]) => `${name}: ${result}`);
  }
}

/** Serves health and metrics. Resolves with the bound port; 0 asks for any free one. */
export async function serveHealth(options: {
  health: Health;
  host: string;
  port: number;
  metrics: (request: IncomingMessage, response: ServerResponse) => void;
}): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer((request, response) => answer(request, response, options));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}

function answer(request: IncomingMessage, response: ServerResponse, options: Parameters<typeof serveHealth>[0]): void {
  const path = request.url?.split('?')[0];
  if (path === '/metrics') {
    options.metrics(request, response);
    return;
  }
  if (path !== '/healthz' && path !== '/readyz') {
    send(response, 404, 'not found');
    return;
  }
  const faults = path === '/readyz' ? options.health.faults() : [];
  send(response, faults.length === 0 ? 200 : 503, faults.length === 0 ? 'ok' : faults.join('\n'));
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
