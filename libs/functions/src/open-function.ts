import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer } from './answer.ts';
import { BodyTooLong, parseBody, readBody } from './body.ts';
import { Dapr } from './dapr.ts';
import { answerProbe, routeDapr, unwrapEvent } from './dapr-routes.ts';
import { type Call, FunctionContext } from './function-context.ts';
import { explain } from './function-error.ts';
import { type Hook, runWithHooks, type UserFunction, unknownHooks } from './hooks.ts';
import { readSettings } from './read-settings.ts';
import type { FunctionSettings } from './settings.ts';

/** Everything that can be left out. */
export interface FunctionOptions {
  /** The hooks of this function, by the name under which manifests call them. */
  hooks?: Record<string, Hook>;
  /** Longest request in bytes; 4 MiB when absent, as in Dapr. */
  mostBytes?: number;
  /** How long an output waits for a Dapr that is not up yet, in milliseconds; 60 s when absent. */
  daprConnectMs?: number;
  /** How long Dapr's answer may take, in milliseconds; 60 s when absent. */
  daprAnswerMs?: number;
  /** Where the settings come from; the environment of the process when absent. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Where trouble is told; standard error when absent. */
  log?: (line: string) => void;
}

/** Takes every request that is for the function. Any Node server can call it, and so can a functions framework. */
export interface FunctionHandler {
  (request: IncomingMessage, response: ServerResponse): Promise<void>;
  readonly settings: FunctionSettings;
}

interface Parts {
  settings: FunctionSettings;
  dapr: Dapr;
  fn: UserFunction;
  hooks: Record<string, Hook>;
  mostBytes: number;
  appToken: string | undefined;
  log: (line: string) => void;
}

const MOST_BYTES = 4 * 1024 * 1024;
const MINUTE_MS = 60_000;

/**
 * Makes a function of the operator's settings (FUNC_CONTEXT_V1BETA2, else FUNC_CONTEXT): called by HTTP requests, or by Dapr with the events
 * of its inputs, and able to send to its outputs. Throws `config.invalid` when the settings cannot be read.
 */
export function openFunction(fn: UserFunction, options: FunctionOptions = {}): FunctionHandler {
  const parts = makeParts(fn, options);
  const missing = unknownHooks(parts.settings, parts.hooks);
  if (missing.length > 0) parts.log(`no hook of this function is called ${missing.join(', ')}`);
  const handler = (request: IncomingMessage, response: ServerResponse) => handle(parts, request, response);
  return Object.assign(handler, { settings: parts.settings });
}

function makeParts(fn: UserFunction, options: FunctionOptions): Parts {
  const { env = process.env, log = (line) => console.error(line), hooks = {}, mostBytes = MOST_BYTES } = options;
  const dapr = new Dapr({
    host: env['DAPR_HOST'] || '127.0.0.1',
    port: Number(env['DAPR_HTTP_PORT'] || 3500),
    token: env['DAPR_API_TOKEN'] || undefined,
    connectMs: options.daprConnectMs ?? MINUTE_MS,
    answerMs: options.daprAnswerMs ?? MINUTE_MS,
  });
  return { settings: readSettings(env), dapr, fn, hooks, mostBytes, appToken: env['APP_API_TOKEN'] || undefined, log };
}

async function handle(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await (parts.settings.isAsync ? serveDapr : serveHttp)(parts, request, response);
  } catch (error) {
    fail(parts, response, error);
  }
}

async function serveHttp(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const probe = answerProbe(parts.settings, request.method ?? 'GET', request.url ?? '/');
  if (probe !== undefined) return answer(response, probe.status, probe.value);
  const data = await dataOf(parts, request);
  const result = await run(parts, { request, response, data });
  // The function may have answered by itself, or be at it.
  if (!response.headersSent && !response.writableEnded) answer(response, response.statusCode, result);
}

async function serveDapr(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { settings, appToken } = parts;
  const { method = 'GET', url = '/', headers } = request;
  if (!isTrusted(headers['dapr-api-token'], appToken)) return answer(response, 401, 'the token of Dapr is missing');
  const found = routeDapr(settings, method, url);
  if (found === undefined) return answer(response, 404, `the function has no input for ${method} ${url}`);
  if ('answer' in found) return answer(response, 200, found.answer);
  const body = await dataOf(parts, request);
  const { data, event } = unwrapEvent(headers['content-type'] ?? '', body);
  const result = await run(parts, { request, response, input: found.name, data, event });
  // Of a topic, Dapr reads the body for a word of its own; of a binding, it hands the body to the component.
  answer(response, 200, found.input.block === 'pubsub' ? { status: 'SUCCESS' } : result);
}

async function run({ settings, dapr, fn, hooks }: Parts, call: Call): Promise<unknown> {
  return await runWithHooks(new FunctionContext(settings, dapr, call), fn, hooks);
}

async function dataOf({ mostBytes }: Parts, request: IncomingMessage): Promise<unknown> {
  return parseBody(await readBody(request, mostBytes), request.headers['content-type'] ?? '');
}

/** Callers learn that it failed; why is for the log. */
function fail({ log, settings }: Parts, response: ServerResponse, error: unknown): void {
  const tooLong = error instanceof BodyTooLong;
  log(`${settings.name}: ${error instanceof Error ? (error.stack ?? explain(error)) : explain(error)}`);
  if (response.headersSent) return void response.destroy();
  if (tooLong) response.setHeader('connection', 'close');
  response.removeHeader('content-type');
  answer(response, tooLong ? 413 : 500, tooLong ? error.message : 'the function failed');
}

function isTrusted(given: string | string[] | undefined, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const [a, b] = [Buffer.from(String(given ?? '')), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
