import type { Server, ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import type { ReviewContext } from '@openfunction/admission';
import { jsonOf, valueAt } from '@openfunction/api';
import { explain } from '@openfunction/errors';
import type { Logger } from '@openfunction/telemetry';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { BODY_LIMIT, Gate, TOO_LARGE } from './gate.ts';
import { type Refusal, refuseSocket, refuseUnread } from './refusal.ts';
import { ROUTES } from './reviews.ts';
import { ReviewObserver } from './telemetry.ts';
import { TLS } from './tls.ts';
import { Turn } from './turn.ts';

/** What the server proves itself with, PEM. */
export interface ServerCertificate {
  cert: string;
  key: string;
}

/** What the server shows, and whom it lets in. */
export interface ServerIdentity extends ServerCertificate {
  /** Authorities (PEM) one of which must have signed the client's certificate; without them any client may ask. */
  clientCa?: string | undefined;
}

export interface ReviewServer {
  port: number;
  /** New connections get this from now on; open ones go on. */
  swap: (identity: ServerIdentity) => void;
  /** Still answers everything, and asks every client to connect anew: to another replica, if this one is no longer ready. */
  drain: () => void;
  /**
   * Resolves when no connection is open, or after this time. Closing a connection that a client keeps open, unused, may cost the
   * review it is sending at that moment: an API server sends none of them twice.
   */
  emptied: (limitMs: number) => Promise<void>;
  /** Answers what has arrived, then closes; whoever takes too long for that (5 s) is dropped. */
  close: () => Promise<void>;
}

export interface ServerSettings {
  host: string;
  port: number;
  /** Reviews in flight; more are answered with 429. */
  maxInFlight: number;
  identity: ServerIdentity;
  logger: Logger;
  /** What is known of the cluster, for warnings. */
  cluster?: ReviewContext['cluster'];
}

/**
 * A client that is slower than this is not an API server: it would hold a connection and memory for nothing. Only idle
 * connections, used or not yet, may live long: the API server closes them after 90 s by itself, and must never be the second to do so, or a
 * review sent at that moment would be lost.
 */
const TIMEOUTS = {
  handshakeTimeout: 5_000,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 120_000,
  connectionsCheckingInterval: 1_000,
} as const satisfies ServerOptions;

const CLOSE_GRACE_MS = 5_000;
const EMPTY_LOOK_MS = 50;

/** Listens for reviews over HTTPS. Rejects when the port cannot be bound. */
export async function serveReviews(settings: ServerSettings): Promise<ReviewServer> {
  const { host, port, identity, logger } = settings;
  const observer = new ReviewObserver(logger);
  const gate = new Gate(settings.maxInFlight, (code) => observer.refused(code));
  const clients = identity.clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  const app = fastify({
    https: { ...TLS, ...TIMEOUTS, ...clients, ...contextOf(identity) },
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: TIMEOUTS.keepAliveTimeout,
    requestTimeout: TIMEOUTS.requestTimeout,
    forceCloseConnections: 'idle',
    // The gate says it in the form of a review.
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => send(reply, faultOf(error, error.statusCode ?? 400), observer),
    clientErrorHandler: (error, socket) => refuseBroken(error, socket, observer),
    logger: false,
  });
  const sockets = trackSockets(app.server);
  acceptJsonOnly(app);
  guard(app, gate, observer);
  answerReviews(app, observer, settings.cluster);
  answerFaults(app, observer, logger);
  await app.listen({ host, port });
  const server = app.server as Server;
  return {
    port: (server.address() as AddressInfo).port,
    swap: (next) => server.setSecureContext({ ...TLS, ...contextOf(next) }),
    drain: () => gate.drain(),
    emptied: async (limitMs) => {
      const end = performance.now() + limitMs;
      while (sockets.size > 0 && performance.now() < end) await pause(EMPTY_LOOK_MS);
    },
    close: async () => {
      await readArrived();
      gate.close();
      const timer = setTimeout(() => sockets.forEach((socket) => void socket.destroy()), CLOSE_GRACE_MS);
      await app.close();
      clearTimeout(timer);
    },
  };
}

/**
 * Waits until the event loop has read all that has arrived. A process that was held up has its timers called first, and closing
 * then would break connections that hold a review: an API server sends none of them twice.
 */
async function readArrived(): Promise<void> {
  // The first one ends the turn that is on, the second one a whole one.
  for (let turns = 0; turns < 2; turns++) await setImmediate();
}

function contextOf({ cert, key, clientCa }: ServerIdentity) {
  return { cert, key, ...(clientCa !== undefined && { ca: clientCa }) };
}

/** Every connection, those that never finish their TLS handshake included. */
function trackSockets(server: FastifyInstance['server']): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** Any JSON is taken as it is, names such as `__proto__` included: reviews look at own members only. */
function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, JSON.parse(body.toString()));
    } catch (error) {
      done(Object.assign(new Error(`the body is not JSON: ${explain(error)}`), { statusCode: 400 }));
    }
  });
}

/** Turns away, before the body is read, what is no review or finds no room. */
function guard(app: FastifyInstance, gate: Gate, observer: ReviewObserver): void {
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = refusalOfPath(request) ?? gate.enter(request.raw, reply.raw);
    if (refusal !== undefined) {
      send(reply, refusal, observer);
      return;
    }
    if (gate.isDraining) reply.header('connection', 'close');
    done();
  });
}

function refusalOfPath({ is404, method, url }: FastifyRequest): Refusal | undefined {
  if (!is404) return undefined;
  const path = url.split('?', 1)[0];
  if (ROUTES.some((route) => route.path === path))
    return { code: 405, text: `${method}: reviews are posted`, headers: { allow: 'POST' } };
  const paths = ROUTES.map((route) => route.path).join(', ');
  return { code: 404, text: `${method} ${url.slice(0, 200)}: reviews are posted to ${paths}` };
}

function answerReviews(app: FastifyInstance, observer: ReviewObserver, cluster: ReviewContext['cluster']): void {
  const turn = new Turn();
  for (const route of ROUTES)
    app.post(route.path, async ({ headers, body }, reply) => {
      const traceparent = typeof headers.traceparent === 'string' ? headers.traceparent : undefined;
      const arrival = { traceparent, readAt: performance.now() };
      // A body of unknown length may be as large as any.
      const bytes = Number(headers['content-length'] ?? BODY_LIMIT);
      const context = { bytes, ...(cluster && { cluster }) };
      const { answer, verdict } = await turn.run(() => observer.run(route, body, arrival, context));
      if (verdict === 'malformed' && !isReview(body)) reply.code(400);
      // An object may be deeper than JSON.stringify can write.
      return reply.type('application/json').send(jsonOf(answer));
    });
}

/**
 * Whether a body is a review of a version that is spoken here. If so, whatever is wrong in it is told to the user by a
 * refusing answer; if not, nobody could read one.
 */
function isReview(body: unknown): boolean {
  const [uid, apiVersion] = [valueAt(body, 'request.uid'), valueAt(body, 'apiVersion')];
  return typeof uid === 'string' && uid !== '' && /^(admission|apiextensions)\.k8s\.io\/v1$/.test(String(apiVersion));
}

/** Whatever goes wrong before a review is answered in the form of a review: refused, in one sentence, with no uid. */
function answerFaults(app: FastifyInstance, observer: ReviewObserver, logger: Logger): void {
  app.setNotFoundHandler((request, reply) =>
    send(reply, refusalOfPath(request) ?? { code: 404, text: 'not found' }, observer),
  );
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const code = error.statusCode ?? 500;
    if (code >= 500) logger.error({ error: explain(error), stack: error.stack }, 'review failed');
    send(reply, code >= 500 ? { code, text: 'the review failed; the log says why' } : faultOf(error, code), observer);
  });
}

function faultOf(error: FastifyError, code: number): Refusal {
  return error.code === 'FST_ERR_CTP_BODY_TOO_LARGE' ? TOO_LARGE : { code, text: explain(error) };
}

function send(reply: FastifyReply, refusal: Refusal, observer: ReviewObserver): void {
  reply.hijack();
  // Gone, or shown out by the gate.
  if (reply.raw.destroyed) return;
  observer.refused(refusal.code);
  refuseUnread(reply.request.raw, reply.raw, refusal);
}

/** What could not be read as HTTP, or came too slowly. */
function refuseBroken(error: Error & { code?: string }, socket: Socket, observer: ReviewObserver): void {
  // A connection whose handshake failed or is not over has no way to say anything.
  if (!/^(HPE|ERR_HTTP)_/.test(error.code ?? '') || socket.destroyed) {
    socket.destroy();
    return;
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) {
    // Nothing has come at all: a connection that the API server opened to spare, and may use in this very moment.
    socket.setTimeout(TIMEOUTS.keepAliveTimeout);
    return;
  }
  const refusal = refusalOfBroken(error.code);
  observer.refused(refusal.code);
  refuseSocket(socket, refusal);
}

function refusalOfBroken(code: string | undefined): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { code: 408, text: 'the request came too slowly' };
  if (code === 'HPE_HEADER_OVERFLOW') return { code: 431, text: 'the headers are too large' };
  return { code: 400, text: 'this is not HTTP' };
}
