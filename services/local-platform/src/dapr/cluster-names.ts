import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { explain } from '@openfunction/errors';
import { listen } from '../listen.ts';
import { endToEnd } from '../router/headers.ts';

export interface ClusterNamesOptions {
  /** Domains below which the router answers, e.g. `svc.cluster.local`. */
  domains: readonly string[];
  /** Port of the router. */
  routerPort: () => number;
}

export interface ClusterNames {
  /** For the variable HTTP_PROXY of a process. */
  url: string;
  stop: () => Promise<void>;
}

/**
 * An HTTP proxy on 127.0.0.1 for sidecars: names of the cluster, which no resolver of this machine knows, lead to the router; every other
 * one leads where it says.
 */
export async function startClusterNames(options: ClusterNamesOptions): Promise<ClusterNames> {
  const server = createServer((request, response) => pass(request, response, options));
  const port = await listen(server, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function pass(request: IncomingMessage, response: ServerResponse, options: ClusterNamesOptions): void {
  const target = URL.parse(request.url ?? '');
  if (target?.protocol !== 'http:') {
    refuse(response, 400, 'This is a proxy for plain HTTP.');
    return;
  }
  const host = target.hostname.replace(/\.$/, '');
  const isOurs = options.domains.some((domain) => host.endsWith(`.${domain}`));
  const upstream = httpRequest({
    ...(isOurs
      ? { host: '127.0.0.1', port: options.routerPort() }
      : { host: target.hostname, port: target.port || 80 }),
    method: request.method,
    path: target.pathname + target.search,
    headers: endToEnd(request).flat(),
    agent: false,
  });
  upstream.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer).flat());
    answer.pipe(response);
    answer.once('error', () => response.destroy());
  });
  upstream.once('error', (error) => refuse(response, 502, `${target.host} cannot be reached: ${explain(error)}`));
  response.once('close', () => upstream.destroy());
  request.pipe(upstream);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}
