import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a played Dapr was asked. */
export interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A server on a free port of loopback, for tests. */
export interface Listening extends AsyncDisposable {
  port: number;
  server: Server;
}

/** Starts a server with this handler. */
export async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => unknown,
  port = 0,
): Promise<Listening> {
  const server = createServer((request, response) => void handler(request, response));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    server,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Plays Dapr: keeps what it was asked and answers by `reply`. */
export async function playDapr(
  reply: (asked: Asked, response: ServerResponse) => void = (_asked, response) => response.writeHead(204).end(),
  port = 0,
): Promise<Listening & { asked: Asked[] }> {
  const asked: Asked[] = [];
  const listening = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
    asked.push(one);
    reply(one, response);
  }, port);
  return { ...listening, asked };
}

/** The variables of a function whose Dapr is on this port. */
export function environment(context: object, daprPort = 1): Record<string, string> {
  return { FUNC_CONTEXT_V1BETA2: JSON.stringify({ name: 'tried', ...context }), DAPR_HTTP_PORT: String(daprPort) };
}
