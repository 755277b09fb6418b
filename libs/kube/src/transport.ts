import { explain } from '@openfunction/errors';
import { Agent, type Dispatcher } from 'undici';
import { apiError, unreachable } from './api-error.ts';
import type { Connection } from './kubeconfig.ts';

/** One HTTP request to the API server. */
export interface Exchange {
  method: string;
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
  accept?: string;
  signal?: AbortSignal;
}

const REQUEST_TIMEOUT_MS = 30_000;
const AUTHORIZATION_MAX_AGE_MS = 30_000;

/** HTTPS to one API server: keep-alive connections, TLS 1.2+, current credentials, errors as `api.*`. */
export class Transport {
  readonly #connection: Connection;
  readonly #agent: Agent;
  #authorization: { value: string | undefined; readAt: number } | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    const { ca, cert, key, servername, rejectUnauthorized } = connection;
    this.#agent = new Agent({
      connect: {
        minVersion: 'TLSv1.2',
        timeout: 10_000,
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        ...(servername !== undefined && { servername }),
        ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
      },
      keepAliveTimeout: 60_000,
    });
  }

  get server(): string {
    return this.#connection.server;
  }

  /** Sends a request and parses the JSON answer. Throws `api.*` for anything but 2xx. */
  async json(exchange: Exchange): Promise<unknown> {
    const what = describe(exchange);
    const response = await this.#send(exchange, what, REQUEST_TIMEOUT_MS);
    const text = await response.body.text().catch((error: unknown) => {
      throw unreachable(what, this.server, error);
    });
    if (response.statusCode >= 300) throw this.#refused(what, response, text);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Opens a response that goes on: a watch or a log. The caller ends it with the signal. */
  async stream(exchange: Exchange): Promise<AsyncIterable<Buffer>> {
    const what = describe(exchange);
    const response = await this.#send(exchange, what, 0);
    if (response.statusCode >= 300) throw this.#refused(what, response, await response.body.text());
    return response.body;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #send(exchange: Exchange, what: string, timeout: number): Promise<Dispatcher.ResponseData> {
    const authorization = await this.#authorize();
    try {
      return await this.#agent.request({
        origin: this.server,
        path: exchange.path,
        method: exchange.method as Dispatcher.HttpMethod,
        ...(exchange.query !== undefined && { query: defined(exchange.query) }),
        headers: {
          accept: exchange.accept ?? 'application/json',
          ...(authorization !== undefined && { authorization }),
          ...(exchange.body !== undefined && { 'content-type': exchange.contentType ?? 'application/json' }),
        },
        ...(exchange.body !== undefined && { body: JSON.stringify(exchange.body) }),
        ...(exchange.signal !== undefined && { signal: exchange.signal }),
        headersTimeout: REQUEST_TIMEOUT_MS,
        bodyTimeout: timeout,
      });
    } catch (error) {
      throw unreachable(what, this.server, error);
    }
  }

  /** An answer outside 2xx; after 401 the token is read again before the next request. */
  #refused(what: string, response: Dispatcher.ResponseData, text: string) {
    if (response.statusCode === 401) this.#authorization = undefined;
    return apiError(what, response.statusCode, text, response.headers['retry-after']?.toString());
  }

  async #authorize(): Promise<string | undefined> {
    const now = Date.now();
    if (this.#authorization === undefined || now - this.#authorization.readAt > AUTHORIZATION_MAX_AGE_MS) {
      const value = await this.#connection.authorization?.().catch((error: unknown) => {
        throw unreachable('read credentials', this.server, new Error(explain(error)));
      });
      this.#authorization = { value, readAt: now };
    }
    return this.#authorization.value;
  }
}

function describe(exchange: Exchange): string {
  return `${exchange.method} ${exchange.path}`;
}

function defined(query: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as Record<string, string>;
}
