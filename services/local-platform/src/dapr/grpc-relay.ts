import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { listen } from '../listen.ts';
import type { Backends } from './backends.ts';

/** How long a call waits for an instance that takes it. */
const HOLD_MS = 30_000;
const HEALTH_CHECK = '/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck';
const GRPC = { ':status': 200, 'content-type': 'application/grpc' };
const UNAVAILABLE = '14';
/** A message without fields: not compressed, 0 bytes long. */
const EMPTY_MESSAGE = Buffer.alloc(5);

/**
 * Passes gRPC calls (HTTP/2 without TLS) on to the instances in turn: a sidecar keeps one connection for ever, so that a relay of
 * connections would leave all calls to one instance. Dapr's health check is answered here: the application is healthy while it
 * has an instance, so that the sidecar asks what it wants, and takes events in, only then.
 */
export class GrpcRelay {
  readonly #backends: Backends;
  readonly #server: Http2Server;
  readonly #callers = new Set<ServerHttp2Session>();
  readonly #instances = new Map<number, ClientHttp2Session>();
  readonly #stopping = new AbortController();

  constructor(backends: Backends) {
    this.#backends = backends;
    this.#server = createServer();
    this.#server.on('session', (session) => {
      this.#callers.add(session);
      session.on('error', () => session.destroy());
      session.once('close', () => this.#callers.delete(session));
    });
    this.#server.on('stream', (stream, headers) => {
      if (headers[':path'] === HEALTH_CHECK) this.#answerHealth(stream);
      else void this.#pass(stream, headers);
    });
  }

  /** Resolves when calls are taken. Rejects when the port is in use. */
  async listen(port: number): Promise<void> {
    await listen(this.#server, port);
  }

  /** Ends every call and connection. */
  stop(): void {
    this.#stopping.abort();
    this.#server.close();
    for (const session of [...this.#callers, ...this.#instances.values()]) session.destroy();
  }

  #answerHealth(stream: ServerHttp2Stream): void {
    stream.on('error', () => stream.close());
    stream.resume();
    if (this.#backends.size === 0) {
      stream.respond({ ...GRPC, 'grpc-status': UNAVAILABLE }, { endStream: true });
      return;
    }
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.respond(GRPC, { waitForTrailers: true });
    stream.end(EMPTY_MESSAGE);
  }

  async #pass(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const hold = new AbortController();
    const timer = setTimeout(() => hold.abort(), HOLD_MS);
    stream.on('error', () => hold.abort()); // the caller has left; its side is closed already
    stream.once('close', () => hold.abort());
    const port = await this.#backends.wait(AbortSignal.any([hold.signal, this.#stopping.signal]));
    clearTimeout(timer);
    if (stream.destroyed) return;
    if (port === undefined) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    this.#forward(stream, this.#session(port).request(headers, { endStream: false }));
  }

  /** Headers, body and trailers (gRPC's status) of the answer, and the end of either side for the other. */
  #forward(stream: ServerHttp2Stream, upstream: ClientHttp2Stream): void {
    let trailers: IncomingHttpHeaders = {};
    const fail = () => {
      if (!stream.closed) stream.close(constants.NGHTTP2_REFUSED_STREAM);
    };
    upstream.on('error', fail);
    upstream.on('response', (headers, flags) => {
      if (stream.destroyed) return;
      const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0; // an answer of trailers only
      stream.respond(headers, endStream ? { endStream } : { waitForTrailers: true });
    });
    upstream.on('trailers', (found) => {
      trailers = found;
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.once('close', () => upstream.close());
    stream.pipe(upstream);
    upstream.pipe(stream);
  }

  #session(port: number): ClientHttp2Session {
    const open = this.#instances.get(port);
    if (open !== undefined && !open.closed && !open.destroyed) return open;
    const session = connect(`http://127.0.0.1:${port}`);
    session.on('error', () => session.destroy()); // each of its calls hears of it too
    session.once('close', () => {
      if (this.#instances.get(port) === session) this.#instances.delete(port);
    });
    this.#instances.set(port, session);
    return session;
  }
}
