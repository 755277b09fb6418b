import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type KeyPair, makeAuthority, makeLeaf } from '@openfunction/local';
import type { Endpoint } from './system.ts';

/** A write on its way from one replica to the API server. */
export interface Write {
  /** Whose it is: the name that the address was asked for with. */
  replica: string;
  /** PATCH, POST, PUT or DELETE. */
  method: string;
  /** Group, plural and subresource as in RBAC, e.g. `builders.core.openfunction.io/status`; `services` in the core group. */
  resource: string;
  namespace: string;
  /** Empty where the API server is to find one. */
  name: string;
  body: Buffer;
}

export interface ApiProxyOptions {
  /** The API server. */
  behind: Endpoint;
  /** Asked before a write (a dry run is none) goes on to the API server; `false` drops it, with its connection. */
  beforeWrite?: (write: Write) => Promise<boolean>;
  /** Asked when the API server has answered, before its sender hears of it; `false` drops the answer, with the connection. */
  afterWrite?: (write: Write, status: number) => Promise<boolean>;
}

/** Stands between replicas and the API server; everything passes unchanged but what the options drop. */
export interface ApiProxy {
  /** Where one replica reaches it: an address on loopback, the same one each time. */
  endpointOf: (replica: string) => Promise<Endpoint>;
  stop: () => Promise<void>;
}

/** Starts a proxy, with a certificate of its own. Tokens pass through, watches stream. */
export async function startApiProxy(options: ApiProxyOptions): Promise<ApiProxy> {
  const authority = await makeAuthority('test proxy');
  return new Proxy(options, authority.cert, await makeLeaf(authority, { commonName: HOST, addresses: [HOST] }));
}

const HOST = '127.0.0.1';

class Proxy implements ApiProxy {
  readonly #options: ApiProxyOptions;
  readonly #agent: Agent;
  readonly #ca: string;
  readonly #certificate: KeyPair;
  readonly #servers = new Map<string, Promise<Server>>();

  constructor(options: ApiProxyOptions, ca: string, certificate: KeyPair) {
    this.#options = options;
    this.#ca = ca;
    this.#certificate = certificate;
    this.#agent = new Agent({ keepAlive: true, ca: options.behind.ca });
  }

  async endpointOf(replica: string): Promise<Endpoint> {
    const listening = this.#servers.get(replica) ?? this.#listen(replica);
    this.#servers.set(replica, listening);
    const { port } = (await listening).address() as AddressInfo;
    return { server: `https://${HOST}:${port}`, ca: this.#ca };
  }

  async #listen(replica: string): Promise<Server> {
    const server = createServer(this.#certificate, (incoming, answer) => void this.#pass(replica, incoming, answer));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, HOST, resolve));
    return server;
  }

  async stop(): Promise<void> {
    for (const listening of this.#servers.values()) {
      const server = await listening;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    this.#agent.destroy();
  }

  async #pass(replica: string, incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    try {
      if (incoming.method === 'GET') await this.#passRead(incoming, answer);
      else await this.#passWrite(replica, incoming, answer);
    } catch {
      // One of the two ends is gone. The other one learns it as it would without us: its connection breaks.
      answer.destroy();
    }
  }

  async #passRead(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const ending = new AbortController();
    answer.once('close', () => ending.abort());
    const response = await this.#forward(incoming, Buffer.alloc(0), ending.signal);
    answer.writeHead(response.statusCode ?? 502, endToEnd(response.headers));
    // The first events of a watch may be long in coming; that it has begun is news already.
    answer.flushHeaders();
    response.on('error', () => answer.destroy()).pipe(answer);
  }

  /** Whole, so that both moments are sharp. What the API server was sent goes on there when the sender dies. */
  async #passWrite(replica: string, incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const isDryRun = incoming.url?.includes('dryRun=') === true;
    const { beforeWrite = always, afterWrite = always } = isDryRun ? {} : this.#options;
    const body = await buffer(incoming);
    const write = { replica, method: incoming.method ?? '', body, ...readPath(incoming.url ?? '') };
    if (!(await beforeWrite(write))) return void answer.destroy();
    const response = await this.#forward(incoming, body);
    const text = await buffer(response);
    if (!(await afterWrite(write, response.statusCode ?? 0))) return void answer.destroy();
    answer.writeHead(response.statusCode ?? 502, endToEnd(response.headers)).end(text);
  }

  #forward(incoming: IncomingMessage, body: Buffer, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { method = 'GET', url = '/' } = incoming;
      const headers = { ...endToEnd(incoming.headers), 'content-length': String(body.length) };
      const outgoing = request(
        new URL(url, this.#options.behind.server),
        { method, agent: this.#agent, headers, ...(signal !== undefined && { signal }) },
        resolve,
      );
      outgoing.on('error', reject).end(body);
    });
  }
}

const PER_CONNECTION = ['connection', 'host', 'keep-alive', 'transfer-encoding', 'content-length'];

function endToEnd(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name]) => !PER_CONNECTION.includes(name));
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

async function always(): Promise<boolean> {
  return true;
}

/** `/apis/<group>/<version>/namespaces/<namespace>/<plural>/<name>/<subresource>`, or `/api/v1/…`; shorter without namespace or name. */
function readPath(url: string): Pick<Write, 'resource' | 'namespace' | 'name'> {
  const [root, ...rest] = new URL(url, 'http://localhost').pathname.slice(1).split('/');
  const [group, ...parts] = root === 'apis' ? [rest[0], ...rest.slice(2)] : ['', ...rest.slice(1)];
  const [namespace = '', plural = '', name = '', subresource] =
    parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(1) : ['', ...parts];
  return {
    namespace,
    name,
    resource: [[plural, group].filter(Boolean).join('.'), subresource].filter(Boolean).join('/'),
  };
}
