import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { listen } from '../listen.ts';
import { endToEnd } from '../router/headers.ts';
import type { Backends } from './backends.ts';

/** How long a request waits for an instance that takes it. */
const HOLD_MS = 30_000;

/** The path of the health check, which no application has. */
export const HEALTH_PATH = '/.openfunction/health';

/**
 * Passes HTTP requests on to the instances in turn. The health check is answered here, as by the relay of gRPC calls
 * (grpc-relay.ts): the application is healthy while it has an instance.
 */
export class HttpRelay {
  readonly #backends: Backends;
  readonly #server: Server;
  readonly #stopping = new AbortController();

  constructor(backends: Backends) {
    this.#backends = backends;
    this.#server = createServer((request, response) => {
      if (request.url === HEALTH_PATH) response.writeHead(backends.size > 0 ? 200 : 503).end();
      else void this.#pass(request, response);
    });
  }

  /** Resolves when requests are taken. Rejects when the port is in use. */
  async listen(port: number): Promise<void> {
    await listen(this.#server, port);
  }

  /** Ends every request. */
  stop(): void {
    this.#stopping.abort();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const hold = new AbortController();
    const timer = setTimeout(() => hold.abort(), HOLD_MS);
    response.once('close', () => hold.abort());
    const port = await this.#backends.wait(AbortSignal.any([hold.signal, this.#stopping.signal]));
    clearTimeout(timer);
    if (response.destroyed) return;
    if (port === undefined) response.writeHead(503).end('no instance of the function is ready\n');
    else forward(request, response, port);
  }
}

/** The end of either side ends the other. */
function forward(request: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, url: path } = request;
  // As the headers are given one by one, Node adds none of its own.
  const chunked = request.headers['transfer-encoding'] === undefined ? [] : [['transfer-encoding', 'chunked']];
  const headers = [...endToEnd(request), ...chunked].flat();
  const upstream = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer).flat());
    answer.once('error', () => response.destroy());
    answer.pipe(response);
  });
  upstream.once('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end('the function closed the connection\n');
  });
  response.once('close', () => upstream.destroy());
  request.pipe(upstream);
}
