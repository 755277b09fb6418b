import type { Server, ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { refuse } from '@openfunction/admission';
import { explain } from '@openfunction/errors';
import type { Logger } from '@openfunction/telemetry';
import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import { ROUTES } from './reviews.ts';
import { ReviewObserver } from './telemetry.ts';

/** What the server proves itself with, PEM. */
export interface ServerCertificate {
  cert: string;
  key: string;
}

export interface ReviewServer {
  port: number;
  /** New connections get this certificate from now on; open ones go on. */
  swap: (certificate: ServerCertificate) => void;
  /** Answers what has arrived, then closes. */
  close: () => Promise<void>;
}

/** The largest review the API server can send: two objects of at most 3 MiB, and room for the rest (controller-runtime). */
const BODY_LIMIT = 7 * 1024 * 1024;

const TLS = {
  minVersion: 'TLSv1.2',
  // TLS 1.2 with forward secrecy and authenticated encryption only; the suites of TLS 1.3 are all of that kind.
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
  ].join(':'),
} as const;

/**
 * A client that is slower than this is not an API server: it would hold a connection and memory for nothing. Only idle
 * connections may live long: the API server closes them after 90 s by itself, and must never be the second to do so, or a
 * review sent at that moment would be lost.
 */
const TIMEOUTS = {
  handshakeTimeout: 5_000,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 120_000,
  connectionsCheckingInterval: 1_000,
} as const satisfies ServerOptions;

/** Listens for reviews over HTTPS. Rejects when the port cannot be bound. */
export async function serveReviews(options: {
  host: string;
  port: number;
  certificate: ServerCertificate;
  logger: Logger;
}): Promise<ReviewServer> {
  const { host, port, certificate, logger } = options;
  const app = fastify({
    https: { ...TLS, ...TIMEOUTS, ...certificate },
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: TIMEOUTS.keepAliveTimeout,
    requestTimeout: TIMEOUTS.requestTimeout,
    forceCloseConnections: 'idle',
    logger: false,
  });
  acceptJsonOnly(app);
  answerReviews(app, new ReviewObserver(logger));
  answerFaults(app, logger);
  await app.listen({ host, port });
  const server = app.server as Server;
  return {
    port: (server.address() as AddressInfo).port,
    swap: (next) => server.setSecureContext({ ...TLS, ...next }),
    close: () => app.close(),
  };
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

function answerReviews(app: FastifyInstance, observer: ReviewObserver): void {
  for (const route of ROUTES)
    app.post(route.path, async (request) => {
      const { traceparent } = request.headers;
      const reviewed = await observer.run(
        route,
        request.body,
        typeof traceparent === 'string' ? traceparent : undefined,
      );
      return reviewed.answer;
    });
}

/** Whatever goes wrong before a review is answered in the form of a review: refused, in one sentence, with no uid. */
function answerFaults(app: FastifyInstance, logger: Logger): void {
  app.setNotFoundHandler((request, reply) => {
    const paths = ROUTES.map(({ path }) => path).join(', ');
    reply
      .code(404)
      .send(refuse('', `${request.method} ${request.url.slice(0, 200)}: reviews are posted to ${paths}`, 404));
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const code = error.statusCode ?? 500;
    if (code >= 500) logger.error({ error: explain(error), stack: error.stack }, 'review failed');
    reply.code(code).send(refuse('', code >= 500 ? 'the review failed; the log says why' : faultText(error), code));
  });
}

function faultText(error: FastifyError): string {
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return 'Content-Type must be application/json';
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return `the body must not be larger than ${BODY_LIMIT} bytes`;
  return explain(error);
}
