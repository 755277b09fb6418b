import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { CodedError, explain } from '@openfunction/errors';
import { pause } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import { listen } from '../listen.ts';
import type { RouteFilter } from '../objects.ts';
import type { Lease, Refusal, RevisionTraffic } from '../traffic/revision-traffic.ts';
import type { Directory, NoTarget, Target } from './directory.ts';
import { filterRequest, type Outgoing, redirectOf } from './filters.ts';
import { Forwarder, type Outcome } from './forward.ts';
import { endToEnd, forwarded } from './headers.ts';
import { factsOf, originForm } from './request-facts.ts';

export interface RouterOptions {
  directory: Directory;
  /** The door of a revision that exists. */
  door(revision: string): RevisionTraffic | undefined;
  /** How long a revision's answer may take to begin, in milliseconds. */
  startMs(revision: string): number;
  holdMs: number;
  logger: Logger;
}

interface Answer {
  status: number;
  message: string;
}

interface Admitted {
  lease: Lease;
  target: Target & { revision: string };
}

/** How long a request waits for a route to follow when its backend has just gone. */
const FOLLOW_MS = 2_000;
const RETRY_PAUSE_MS = 25;
const IDLE_CONNECTION_MS = 65_000;
const STOP_GRACE_MS = 3_000;

/** The one HTTP port of this machine's functions. */
export class Router {
  readonly #options: RouterOptions;
  readonly #server: Server;
  readonly #forwarder = new Forwarder();
  readonly #tunnels = new Set<Duplex>();

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: 0, keepAliveTimeout: IDLE_CONNECTION_MS });
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket, head) => void this.#tunnel(request, socket, head));
  }

  /** Binds 127.0.0.1; resolves with the port. */
  async start(port: number): Promise<number> {
    return listen(this.#server, port).catch((error: NodeJS.ErrnoException) => {
      throw inUse(port, error);
    });
  }

  /** Takes no more connections; requests under way get a few seconds to end. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    for (const socket of this.#tunnels) socket.destroy();
    const over = new AbortController();
    await Promise.race([closed, pause(STOP_GRACE_MS, over.signal)]);
    over.abort();
    this.#server.closeAllConnections();
    this.#forwarder.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await this.#answer(request, response);
      if (answer !== undefined) refuse(response, answer);
    } catch (error) {
      this.#options.logger.error({ error: explain(error) }, 'request failed');
      refuse(response, { status: 500, message: 'The local platform failed; its log says more.' });
    }
  }

  /** Passes the request on. Returns what to say when nobody answers it. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Answer | undefined> {
    const left = new AbortController();
    response.once('close', () => left.abort());
    const deadline = Date.now() + this.#options.holdMs;
    while (true) {
      const admitted = await this.#admit(request, response, deadline, left.signal);
      if (admitted === undefined || 'status' in admitted) return admitted;
      const outcome = await this.#forward(request, response, admitted);
      if ('done' in outcome) return undefined;
      if ('status' in outcome) return outcome;
      if (Date.now() > deadline) return { status: 503, message: 'No instance of the function can be reached.' };
      await pause(RETRY_PAUSE_MS, left.signal);
    }
  }

  /** One try at one instance. One that drops the connection is suspect before its place is free again. */
  async #forward(request: IncomingMessage, response: ServerResponse, { lease, target }: Admitted): Promise<Outcome> {
    const { filters, prefix, revision } = target;
    const outgoing = outgoingOf(request, filters, prefix);
    const startMs = this.#options.startMs(revision);
    try {
      const outcome = await this.#forwarder.forward({
        request,
        response,
        outgoing,
        filters,
        port: lease.port,
        startMs,
      });
      const dropped = 'unreached' in outcome || ('status' in outcome && outcome.status === 502);
      if (dropped) this.#options.door(revision)?.suspect(lease.instance);
      return outcome;
    } finally {
      lease.release();
    }
  }

  /** Finds a place for the request, following the routes as they change. Undefined: it has been answered, or nobody waits. */
  async #admit(
    request: IncomingMessage,
    response: ServerResponse | undefined,
    deadline: number,
    signal: AbortSignal,
  ): Promise<Admitted | Answer | undefined> {
    const follow = Date.now() + FOLLOW_MS;
    while (!signal.aborted) {
      const target = this.#options.directory.find(factsOf(request));
      if ('status' in target) {
        if (!target.mayChange || Date.now() > follow) return answerOf(target);
      } else if (target.revision === undefined) {
        return response === undefined ? NO_BACKEND : redirect(request, response, target);
      } else {
        const admission = await this.#options.door(target.revision)?.admit(signal);
        if (admission !== undefined && 'lease' in admission) {
          return { lease: admission.lease, target: { ...target, revision: target.revision } };
        }
        const refused = admission?.refused ?? 'revision-gone';
        if (refused === 'caller-left') return undefined;
        if (refused !== 'revision-gone' || Date.now() > deadline) return this.#refusal(target.revision, refused);
      }
      await pause(RETRY_PAUSE_MS, signal);
    }
    return undefined;
  }

  #refusal(revision: string, refused: Refusal): Answer {
    const trouble = this.#options.door(revision)?.trouble;
    const why = trouble === undefined ? '' : ` ${trouble}`;
    if (refused === 'queue-full')
      return { status: 503, message: `Too many requests wait for an instance of ${revision}.${why}` };
    if (refused === 'too-late') {
      return {
        status: 504,
        message: `No instance of ${revision} was free within ${this.#options.holdMs / 1000} s.${why}`,
      };
    }
    return { status: 503, message: `Revision ${revision} is gone.` };
  }

  /** Websockets and other upgrades: after the head of the request, bytes in both directions. */
  async #tunnel(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy()); // the caller is gone: its tunnel ends with it
    const left = new AbortController();
    socket.once('close', () => left.abort());
    const admitted = await this.#admit(request, undefined, Date.now() + this.#options.holdMs, left.signal);
    if (admitted === undefined || 'status' in admitted) {
      const { status, message } = admitted ?? { status: 503, message: 'gone' };
      socket.end(`HTTP/1.1 ${status} \r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n${message}\n`);
      return;
    }
    const { lease, target } = admitted;
    const upstream = connect({ host: '127.0.0.1', port: lease.port });
    this.#tunnels.add(socket);
    const end = () => {
      upstream.destroy();
      socket.destroy();
      this.#tunnels.delete(socket);
      lease.release();
    };
    socket.once('close', end);
    upstream.once('close', end).on('error', end);
    upstream.write(upgradeHead(request, outgoingOf(request, target.filters, target.prefix)));
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  }
}

const NO_BACKEND: Answer = { status: 500, message: 'The route has no backend.' };

function inUse(port: number, error: NodeJS.ErrnoException): Error {
  if (error.code !== 'EADDRINUSE') return error;
  return new CodedError('process.failed', `router: port ${port} on 127.0.0.1 is in use: choose another one`, error);
}

function answerOf({ status, message }: NoTarget): Answer {
  return { status, message };
}

function outgoingOf(request: IncomingMessage, filters: readonly RouteFilter[], prefix: string): Outgoing {
  const plain = {
    host: request.headers.host ?? '',
    target: originForm(request.url ?? '/'),
    headers: forwarded(request, endToEnd(request)),
  };
  return filterRequest(plain, filters, prefix);
}

function upgradeHead(request: IncomingMessage, { host, target, headers }: Outgoing): string {
  const all = [['Host', host], ...headers, ['Connection', 'Upgrade'], ['Upgrade', request.headers.upgrade ?? '']];
  return `${request.method} ${target} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

function redirect(request: IncomingMessage, response: ServerResponse, target: Target): Answer | undefined {
  const here = { host: request.headers.host ?? '', target: originForm(request.url ?? '/') };
  const to = redirectOf(here, target.filters, target.prefix);
  if (to === undefined) return NO_BACKEND;
  response.writeHead(to.status, { location: to.location }).end();
  return undefined;
}

function refuse(response: ServerResponse, { status, message }: Answer): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}
