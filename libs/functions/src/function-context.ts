import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Dapr, toContent } from './dapr.ts';
import { FunctionError } from './function-error.ts';
import type { FunctionSettings, Output } from './settings.ts';

/** Settings of one call of an output. */
export interface SendOptions {
  /** Added to the metadata of the manifest, and winning over it. */
  metadata?: Record<string, string>;
  /** Operation of a binding, when it is not the one of the manifest. */
  operation?: string;
}

/** A Dapr state store. */
export interface StateStore {
  /** The value of a key, undefined when there is none. */
  get(key: string): Promise<unknown>;
  save(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
}

/** What made this call happen. */
export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  /** Name of the input; undefined for an HTTP request. */
  input?: string | undefined;
  /** CloudEvent around the data of a pubsub event. */
  event?: Record<string, unknown> | undefined;
  data: unknown;
}

/** What a function is given at each call. */
export class FunctionContext {
  readonly settings: FunctionSettings;
  readonly request: IncomingMessage;
  /** Of an HTTP function; what Dapr is answered follows from the result or the error of the function. */
  readonly response: ServerResponse;
  /** Name of the input that the event came from; undefined for an HTTP request. */
  readonly input: string | undefined;
  /** The whole CloudEvent of a pubsub event, whose `data` the function is given. */
  readonly event: Record<string, unknown> | undefined;
  /** What the function is given. A hook that runs before it may replace it. */
  data: unknown;
  /** What the function returned, for hooks that run after it. */
  result: unknown;
  /** What the function or a hook threw, for hooks that run after it. */
  error: unknown;
  readonly #dapr: Dapr;

  constructor(settings: FunctionSettings, dapr: Dapr, call: Call) {
    this.settings = settings;
    this.request = call.request;
    this.response = call.response;
    this.input = call.input;
    this.event = call.event;
    this.data = call.data;
    this.#dapr = dapr;
  }

  /**
   * Sends data to an output: to a binding as JSON (bytes in base64), to a topic as JSON, text or bytes. Returns what a binding answers.
   * Throws `config.invalid` for an output that the manifest lacks, or that nothing can be sent to, `dapr.failed` when Dapr does not take it.
   */
  async send(name: string, data: unknown, options: SendOptions = {}): Promise<unknown> {
    const output = findNamed(this.settings.outputs, name, 'output');
    if (output.block === undefined) throw unsendable(name, output);
    if (output.block === 'pubsub') return await this.#publish(name, output, data, options);
    const { component, operation = 'create' } = output;
    const request = {
      operation: options.operation ?? operation,
      data: data instanceof Uint8Array ? Buffer.from(data).toString('base64') : data,
      metadata: { ...output.metadata, ...options.metadata },
    };
    const path = ['bindings', component];
    return await this.#dapr.call({
      method: 'POST',
      path,
      content: toContent(request),
      ...this.#subject('output', name),
    });
  }

  /** A state store of the manifest; without a name the only one. Throws `config.invalid` for one that the manifest lacks. */
  state(name?: string): StateStore {
    const names = Object.keys(this.settings.states);
    const wanted = name ?? (names.length === 1 ? names[0] : undefined);
    if (wanted === undefined) throw new FunctionError('config.invalid', `state(): name one of ${list(names)}`);
    const store = findNamed(this.settings.states, wanted, 'state store');
    const subject = this.#subject('state store', wanted);
    const at = (key: string) => ({ path: ['state', store, key], ...subject });
    return {
      get: async (key) => await this.#dapr.call({ method: 'GET', ...at(key) }),
      save: async (key, value) => {
        const content = toContent([{ key, value }]);
        await this.#dapr.call({ method: 'POST', path: ['state', store], content, ...subject });
      },
      delete: async (key) => {
        await this.#dapr.call({ method: 'DELETE', ...at(key) });
      },
    };
  }

  async #publish(name: string, output: Output, data: unknown, options: SendOptions): Promise<undefined> {
    const { component, topic } = output;
    if (topic === undefined) {
      throw new FunctionError('config.invalid', `output ${name}: it is of ${component}, a pubsub, and names no topic`);
    }
    const metadata = Object.entries({ ...output.metadata, ...options.metadata });
    const query = Object.fromEntries(metadata.map(([key, value]) => [`metadata.${key}`, value]));
    const content = toContent(data);
    const path = ['publish', component];
    await this.#dapr.call({ method: 'POST', path, topic, query, content, ...this.#subject('output', name) });
    return undefined;
  }

  /** For error texts, and the trace of the request that came in. */
  #subject(what: string, name: string): { subject: string; headers: Record<string, string> } {
    const { traceparent, tracestate } = this.request.headers;
    const trace = { ...(traceparent && { traceparent }), ...(tracestate && { tracestate }) };
    return { subject: `${what} ${name}`, headers: trace as Record<string, string> };
  }
}

function unsendable(name: string, { type, component }: Output): FunctionError {
  const message = `output ${name}: its component ${component} is of the type ${type}; data goes to bindings and pubsub only`;
  return new FunctionError('config.invalid', message);
}

function findNamed<T>(all: Readonly<Record<string, T>>, name: string, what: string): T {
  if (Object.hasOwn(all, name)) return all[name] as T;
  throw new FunctionError('config.invalid', `${what} ${name}: the Function has ${list(Object.keys(all))}`);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
