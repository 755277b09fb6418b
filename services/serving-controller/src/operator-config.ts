import { type Hooks, parseHooks, parseTracing, type Tracing } from '@openfunction/api';
import * as z from 'zod';

/**
 * What the ConfigMap `openfunction-config` settles for all functions (controllers.md §4.2). `hooks` and `tracing` have a second key
 * each, of older versions, that counts where the first one is absent.
 */
export interface OperatorConfig {
  /** Image of the Dapr proxy. */
  daprProxyImage: string;
  /** Where Knative Serving is installed, and its ConfigMap of optional features. */
  knativeNamespace?: string;
  knativeFeatures?: string;
  hooks?: Hooks;
  plugins?: Hooks;
  tracing?: GlobalTracing;
  pluginsTracing?: GlobalTracing;
}

/** Tracing of the cluster. What is switched off needs no provider. */
export type GlobalTracing = Omit<Tracing, 'provider'> & Partial<Pick<Tracing, 'provider'>>;

/** A key whose text cannot be used, and why. */
export interface ConfigProblem {
  key: string;
  problem: string;
}

export const DEFAULT_CONFIG: OperatorConfig = {
  daprProxyImage: 'openfunction/dapr-proxy:v0.1.0',
  knativeNamespace: 'knative-serving',
  knativeFeatures: 'config-features',
};

/** YAML numbers and booleans are taken as they are written, as the original does. */
const Text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** A map of texts; one that says nothing is empty, as in Go. */
const Texts = z.record(
  z.string(),
  z.preprocess((text) => text ?? '', Text),
);

const Provider = z.strictObject({
  name: z.enum(['skywalking', 'opentelemetry']),
  oapServer: Text.optional(),
  exporter: z
    .strictObject({
      name: z.enum(['otlp', 'jaeger', 'zipkin']),
      endpoint: Text,
      headers: Text.optional(),
      compression: Text.optional(),
      timeout: Text.optional(),
      protocol: Text.optional(),
    })
    .optional(),
});

const TracingText = z.strictObject({
  enabled: z.boolean().default(false),
  provider: Provider.optional(),
  tags: Texts.optional(),
  baggage: Texts.optional(),
});

const EnabledTracing = TracingText.refine(({ provider }) => provider !== undefined, {
  path: ['provider'],
  message: 'is required when tracing is enabled',
});

/** What is switched off may name a provider that nobody knows: it counts as none. */
const DisabledTracing = TracingText.extend({ provider: Provider.optional().catch(undefined) });

const DnsName = z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be the name of an object');
const Image = z.string().regex(/^[^\s]+$/, 'must be an image reference');

/** A text that may mean nothing: a blank one counts as absent. */
type Read<Value> = { value?: Value | undefined; problem?: string | undefined };
type Reader<Value> = (text: string) => Read<Value>;

const READERS: { [Field in keyof OperatorConfig]-?: [key: string, read: Reader<OperatorConfig[Field]>] } = {
  daprProxyImage: ['openfunction.dapr-proxy.image', (text) => checked(Image, text.trim())],
  knativeNamespace: ['knative-serving.namespace', (text) => checked(DnsName, text.trim())],
  knativeFeatures: ['knative-serving.config-features.name', (text) => checked(DnsName, text.trim())],
  hooks: ['hooks', readHooks],
  plugins: ['plugins', readHooks],
  tracing: ['tracing', readTracing],
  pluginsTracing: ['plugins.tracing', readTracing],
};

/** Texts of keys, by key. */
export type ConfigTexts = Readonly<Record<string, string>>;

/** What the ConfigMap says, as far as it can be used. */
export interface ConfigReading {
  config: OperatorConfig;
  problems: ConfigProblem[];
  /** The texts that `config` was read from, to be remembered: what a key falls back on when it is broken later. */
  good: ConfigTexts;
}

/**
 * Reads the ConfigMap's `data`. An absent or blank key has its default; one that cannot be used has the value of its text in `lastGood`,
 * else its default, and is named among the problems. Total.
 */
export function readOperatorConfig(data: ConfigTexts | undefined, lastGood: ConfigTexts = {}): ConfigReading {
  const problems: ConfigProblem[] = [];
  const fields: [string, unknown][] = [];
  const good: [string, string][] = [];
  for (const [field, [key, read]] of Object.entries(READERS)) {
    const { problem } = readText(data?.[key], read);
    if (problem !== undefined) problems.push({ key, problem });
    const text = problem === undefined ? data?.[key] : lastGood[key];
    const { value } = readText(text, read);
    if (text === undefined || value === undefined) continue;
    fields.push([field, value]);
    good.push([key, text]);
  }
  return { config: { ...DEFAULT_CONFIG, ...Object.fromEntries(fields) }, problems, good: Object.fromEntries(good) };
}

function readText(text: string | undefined, read: Reader<unknown>): Read<unknown> {
  return text === undefined || text.trim() === '' ? {} : read(text);
}

/** Texts that were remembered as JSON; undefined when there are none, or somebody has spoilt them. */
export function parseTexts(json: string | undefined): ConfigTexts | undefined {
  if (json === undefined) return undefined;
  try {
    return z.record(z.string(), z.string()).safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

function readHooks(text: string): Read<Hooks> {
  const { value, problem } = parseHooks(text);
  return { value: value as Hooks | undefined, problem };
}

function readTracing(text: string): Read<GlobalTracing> {
  const { value, problem } = parseTracing(text);
  if (value === undefined) return { problem };
  const schema = value['enabled'] === true ? EnabledTracing : DisabledTracing;
  return checked(schema, value) as Read<GlobalTracing>;
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): Read<z.output<Schema>> {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  const sentences = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  return { problem: sentences.join('; ') };
}
