import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { listen } from '../listen.ts';
import type { LogLine } from './container-log.ts';
import { readLog } from './container-log.ts';
import type { ContainerLogs, Runner } from './runner.ts';

export interface KubeletServerOptions {
  cert: string;
  key: string;
  /** PEM file of the CA of the API server's client certificate; without it any local caller may read logs. */
  clientCaFile: string | undefined;
  port: number;
  find(pod: string): Runner | undefined;
}

/** What `kubectl logs` asks for (PodLogOptions of core/v1). */
interface LogQuery {
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  tailLines: number | undefined;
  since: Date | undefined;
  limitBytes: number;
}

/** The part of a kubelet's HTTPS API that `kubectl logs` needs, on 127.0.0.1 only. */
export class KubeletServer {
  readonly #options: KubeletServerOptions;
  readonly #server: Server;

  constructor(options: KubeletServerOptions) {
    this.#options = options;
    const { cert, key, clientCaFile } = options;
    const client =
      clientCaFile === undefined ? {} : { requestCert: true, rejectUnauthorized: true, ca: readFileSync(clientCaFile) };
    this.#server = createServer({ cert, key, minVersion: 'TLSv1.2', ...client }, (request, response) =>
      this.#answer(request, response),
    );
  }

  /** Resolves with the bound port. */
  start(): Promise<number> {
    return listen(this.#server, this.#options.port);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'https://127.0.0.1');
    const [, area, namespace, pod, container] = url.pathname.split('/').map(decodeURIComponent);
    const runner = this.#options.find(`${namespace}/${pod}`);
    const logs = runner?.logs(container ?? '');
    const fault = faultOf(area ?? '', pod ?? '', container ?? '', { runner, logs });
    if (fault !== undefined) {
      send(response, ...fault);
      return;
    }
    const query = readQuery(url.searchParams);
    if (query.previous && logs !== undefined && !existsSync(logs.path(logs.restarts - 1))) {
      send(response, 400, `previous terminated container "${container}" in pod "${pod}" not found`);
    } else if (logs !== undefined) this.#logs(logs, query, response);
  }

  #logs(logs: ContainerLogs, query: LogQuery, response: ServerResponse): void {
    const previous = logs.path(logs.restarts - 1);
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    const write = limitedWriter(response, query);
    const lines = query.previous ? readLog(previous, query) : (logs.current?.read(query) ?? []);
    for (const line of lines) write(line);
    const log = logs.current;
    if (!query.follow || query.previous || log === undefined) {
      response.end();
      return;
    }
    response.flushHeaders();
    response.on(
      'close',
      log.follow((line) => (line === undefined ? void response.end() : write(line))),
    );
  }
}

/** What to answer instead of logs, if so. */
function faultOf(
  area: string,
  pod: string,
  container: string,
  { runner, logs }: { runner: Runner | undefined; logs: ContainerLogs | undefined },
): [number, string] | undefined {
  if (area === 'healthz') return [200, 'ok'];
  if (area !== 'containerLogs') {
    return [501, 'The local platform offers logs only: exec, attach and port-forward need a cluster.'];
  }
  if (runner === undefined) return [404, `pod "${pod}" does not run on this node`];
  if (logs === undefined) return [400, `container "${container}" does not run on this machine`];
  return undefined;
}

function limitedWriter(response: ServerResponse, query: LogQuery): (line: LogLine) => void {
  let left = query.limitBytes;
  return ({ time, text }) => {
    const bytes = Buffer.from(query.timestamps ? `${time} ${text}\n` : `${text}\n`).subarray(0, left);
    left -= bytes.length;
    if (bytes.length > 0) response.write(bytes);
    if (left <= 0) response.end();
  };
}

function readQuery(query: URLSearchParams): LogQuery {
  const seconds = query.get('sinceSeconds');
  const time = query.get('sinceTime');
  const tail = query.get('tailLines');
  const limit = query.get('limitBytes');
  return {
    follow: query.get('follow') === 'true',
    previous: query.get('previous') === 'true',
    timestamps: query.get('timestamps') === 'true',
    tailLines: tail === null ? undefined : Number(tail),
    since:
      seconds !== null ? new Date(Date.now() - Number(seconds) * 1000) : time !== null ? new Date(time) : undefined,
    limitBytes: limit === null ? Number.POSITIVE_INFINITY : Number(limit),
  };
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
