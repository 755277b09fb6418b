import { setTimeout as pause } from 'node:timers/promises';
import { explain, FunctionError } from './function-error.ts';

/** How Dapr's HTTP API is reached. */
export interface DaprOptions {
  host: string;
  port: number;
  /** Sent with each call when Dapr asks for one (DAPR_API_TOKEN). */
  token?: string | undefined;
  /** How long a call waits for a Dapr that is not up yet, in milliseconds. */
  connectMs: number;
  /** How long Dapr's answer may take, in milliseconds. */
  answerMs: number;
}

/** One call to Dapr. */
export interface DaprCall {
  method: 'GET' | 'POST' | 'DELETE';
  /** Parts of the path below `/v1.0`; each is escaped. */
  path: readonly string[];
  /** Appended to the path as they are, with their slashes. */
  topic?: string | undefined;
  query?: Record<string, string>;
  /** What is called, for error texts, e.g. `output greetings`. */
  subject: string;
  /** Trace headers. */
  headers?: Record<string, string>;
  content?: Content | undefined;
}

/** A body and its media type. */
export interface Content {
  type: string;
  body: string | Uint8Array<ArrayBuffer>;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
const MOST_WORDS = 300;
/** The connection was never made, so trying again cannot do anything twice. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/** The part of Dapr's HTTP API that functions use. */
export class Dapr {
  readonly #options: DaprOptions;

  constructor(options: DaprOptions) {
    this.#options = options;
  }

  /**
   * Makes the call; its answer is JSON, text or undefined. A Dapr that is not up yet is waited for; a call that has reached Dapr is never
   * repeated. Throws `dapr.failed`.
   */
  async call(call: DaprCall): Promise<unknown> {
    const response = await this.#connect(call);
    const text = await response.text();
    if (response.ok) return parseAnswer(response.headers.get('content-type') ?? '', text);
    throw new FunctionError(
      'dapr.failed',
      `${call.subject}: Dapr refused it with ${response.status}: ${shorten(text)}`,
    );
  }

  async #connect(call: DaprCall): Promise<Response> {
    const until = Date.now() + this.#options.connectMs;
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      try {
        return await this.#send(call);
      } catch (error) {
        const again = NOT_CONNECTED.has(codeOf(error)) && Date.now() + wait < until;
        if (!again) throw this.#unreachable(call, error);
      }
      await pause(wait);
    }
  }

  async #send({ method, path, topic, query, headers, content }: DaprCall): Promise<Response> {
    const { host, port, token, answerMs } = this.#options;
    const name = host.includes(':') ? `[${host}]` : host;
    const steps = [...path, ...(topic?.split('/') ?? [])].map(encodeURIComponent).join('/');
    const search = query && Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : '';
    return await fetch(`http://${name}:${port}/v1.0/${steps}${search}`, {
      method,
      headers: {
        ...headers,
        ...(token !== undefined && { 'dapr-api-token': token }),
        ...(content && { 'content-type': content.type }),
      },
      ...(content && { body: content.body }),
      signal: AbortSignal.timeout(answerMs),
    });
  }

  #unreachable({ subject }: DaprCall, error: unknown): FunctionError {
    const { host, port, answerMs } = this.#options;
    const late = (error as Error).name === 'TimeoutError';
    const why = late ? `no answer within ${answerMs / 1000} s` : codeOf(error) || explain(error);
    return new FunctionError('dapr.failed', `${subject}: Dapr at ${host}:${port} cannot be reached: ${why}`, error);
  }
}

/** Data as Dapr takes it: bytes as they are, text as text, everything else as JSON. */
export function toContent(data: unknown): Content {
  if (data instanceof Uint8Array) return { type: 'application/octet-stream', body: new Uint8Array(data) };
  if (typeof data === 'string') return { type: 'text/plain; charset=utf-8', body: data };
  return { type: 'application/json', body: JSON.stringify(data ?? null) };
}

function parseAnswer(type: string, text: string): unknown {
  if (text === '') return undefined;
  if (!/\bjson\b/.test(type)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // a binding passes on what its target said, whatever the header claims
  }
}

/** The system's word for what went wrong, e.g. ECONNREFUSED; empty when there is none. */
function codeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; errors?: { code?: string }[] } };
  return cause?.code ?? cause?.errors?.[0]?.code ?? '';
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > MOST_WORDS ? `${line.slice(0, MOST_WORDS - 3)}...` : line || 'without a word';
}
