import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { RouteFilter } from '../objects.ts';
import { filterResponse, type Outgoing } from './filters.ts';
import { endToEnd } from './headers.ts';

/** Shorter than the keep-alive time of any framework, so that a kept connection is hardly ever closed under a request. */
const KEPT_MS = 1_000;

export interface Forwarding {
  request: IncomingMessage;
  response: ServerResponse;
  outgoing: Outgoing;
  filters: readonly RouteFilter[];
  port: number;
  /** How long the answer may take to begin, in milliseconds. */
  startMs: number;
}

/** `unreached`: the instance is gone and saw nothing of the request, which can go to another one. */
export type Outcome = { done: true } | { unreached: true } | { status: 502 | 504; message: string };

/** Sends requests to instances and their answers back, as streams in both directions. */
export class Forwarder {
  readonly #kept = new Agent({ keepAlive: true, timeout: KEPT_MS });
  readonly #fresh = new Agent({ keepAlive: false });

  /** Resolves when the answer has been passed on, or when there will be none. */
  forward(forwarding: Forwarding): Promise<Outcome> {
    const { request, response, outgoing, port } = forwarding;
    const hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
    return new Promise((resolve) => {
      const upstream = httpRequest({
        host: '127.0.0.1',
        port,
        method: request.method,
        path: outgoing.target,
        headers: outgoingHeaders(request, outgoing),
        setHost: false,
        // What was read of a body cannot be sent twice: it never goes over a connection that may be closing.
        agent: hasBody ? this.#fresh : this.#kept,
      });
      const timer = setTimeout(() => upstream.destroy(new TooLate()), forwarding.startMs);
      const leave = () => upstream.destroy();
      const finish = (outcome: Outcome) => {
        clearTimeout(timer);
        response.off('close', leave);
        resolve(outcome);
      };
      response.once('close', leave);
      upstream.once('response', (answer) => {
        clearTimeout(timer);
        pass(answer, forwarding, () => finish({ done: true }));
      });
      upstream.once('error', (error) => finish(failure(error, upstream, forwarding)));
      upstream.once('close', () =>
        finish(
          response.writableEnded || response.destroyed ? { done: true } : failure(undefined, upstream, forwarding),
        ),
      );
      send(request, upstream, hasBody);
    });
  }

  close(): void {
    this.#kept.destroy();
    this.#fresh.destroy();
  }
}

class TooLate extends Error {}

/** The body is read only once there is a connection: until then the request is whole and can go elsewhere. */
function send(request: IncomingMessage, upstream: ClientRequest, hasBody: boolean): void {
  if (!hasBody) {
    upstream.end();
    return;
  }
  upstream.once('socket', (socket) => {
    const start = () => request.pipe(upstream);
    if (socket.connecting) socket.once('connect', start);
    else start();
  });
}

function pass(answer: IncomingMessage, { response, filters }: Forwarding, done: () => void): void {
  const headers = filterResponse(endToEnd(answer), filters);
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers.flat());
  response.flushHeaders();
  answer.once('close', () => {
    if (!answer.complete) response.destroy(); // the caller must see that the answer is cut off
    done();
  });
  answer.pipe(response);
}

function outgoingHeaders(request: IncomingMessage, { host, headers }: Outgoing): string[] {
  const chunked = request.headers['transfer-encoding'] === undefined ? [] : [['Transfer-Encoding', 'chunked']];
  return [['Host', host], ...headers, ...chunked].flat();
}

/** A connection refused, or a kept one that was closed, means that the instance saw nothing. */
function failure(error: Error | undefined, upstream: ClientRequest, { response, startMs }: Forwarding): Outcome {
  if (response.destroyed) return { done: true };
  if (response.headersSent) {
    response.destroy();
    return { done: true };
  }
  if (error instanceof TooLate)
    return { status: 504, message: `The function did not begin to answer within ${startMs / 1000} s.` };
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ECONNREFUSED' || upstream.reusedSocket) return { unreached: true };
  return {
    status: 502,
    message: 'The function ended or closed the connection before it answered (kubectl logs says more).',
  };
}
