/**
 * What our objects tell a function, read by OpenFunction's Go framework v0.5.0 itself: it starts, takes events as Dapr sends them, runs
 * hooks and sends to outputs. The framework knows FUNC_CONTEXT only; for FUNC_CONTEXT_V1BETA2 the program around it renames what that
 * variable calls differently, and the framework has to come to the same.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServingSpec } from '@openfunction/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emittedEnv, sketchServing } from '../emitted-env.ts';
import { needsGo } from '../needs-go.ts';

const SOURCE = join(import.meta.dirname, '../fixtures/go-framework');
const WHY = needsGo('it is a Go module');
const BUILD_MS = 300_000;
const run = promisify(execFile);

interface Report {
  name: string;
  version: string;
  runtime: string;
  port: string;
  inputs: Record<string, { uri: string; componentName: string; componentType: string }>;
  outputs: Record<string, { uri: string; componentName: string; componentType: string }>;
  prePlugins: string[];
  postPlugins: string[];
  tracing: { enabled: boolean; provider: { name: string }; tags: Record<string, string> } | null;
  bindings: string[];
  subscriptions: string[];
  events: { input: string; data: string }[];
  sent: { component: string; topic?: string; operation?: string; metadata?: Record<string, string>; data: string }[];
  hooks: string[];
}

const COMPONENT = (type: string) => ({ type, version: 'v1', metadata: [] });
const OUTPUTS: ServingSpec['outputs'] = [
  { dapr: { name: 'http_out', outputName: 'another-target', operation: 'post', metadata: { path: '/greetings' } } },
  { dapr: { name: 'news', topic: 'shipped' } },
];
const COMPONENTS = {
  bindings: { cron: COMPONENT('bindings.cron'), http_out: COMPONENT('bindings.http') },
  pubsub: { news: COMPONENT('pubsub.redis') },
};
const HOOKS = { hooks: { pre: ['check', 'count'], post: ['count', 'tell'] } };
const TRACING = {
  tracing: {
    enabled: true,
    provider: { name: 'opentelemetry', exporter: { name: 'otlp', endpoint: 'localhost:4317' } },
    tags: { layer: 'faas' },
  },
};

/** Functions as manifests write them, and what the framework must have understood. */
const SYNC = {
  ...COMPONENTS,
  ...HOOKS,
  triggers: { http: { port: 9090 } },
  outputs: OUTPUTS,
} satisfies Partial<ServingSpec>;
const ASYNC = {
  ...COMPONENTS,
  ...HOOKS,
  triggers: { dapr: [{ name: 'cron' }, { name: 'news', topic: 'orders' }] },
  outputs: OUTPUTS,
} satisfies Partial<ServingSpec>;

describe.skipIf(WHY !== '')(`the Go framework reads what we emit${WHY}`, () => {
  let folder: string;
  let program: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'go-framework-'));
    program = join(folder, 'framework-report');
    await cp(SOURCE, join(folder, 'source'), { recursive: true });
    const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=mod -buildvcs=false' };
    await run('go', ['build', '-o', program, '.'], { cwd: join(folder, 'source'), env });
  }, BUILD_MS);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Starts the framework with these variables of the emitted container, and with the two that only a pod knows. */
  const start = async (spec: Partial<ServingSpec>, only: 'FUNC_CONTEXT' | 'FUNC_CONTEXT_V1BETA2', more = {}) => {
    const emitted = emittedEnv(sketchServing(spec));
    const context = { [only]: emitted[only] ?? '', APP_PROTOCOL: emitted['APP_PROTOCOL'] ?? '' };
    const pod = { POD_NAME: 'on-order-1', POD_NAMESPACE: 'default' };
    const { stdout } = await run(program, [], { env: { PATH: process.env['PATH'], ...context, ...pod, ...more } });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report;
  };

  it('an HTTP function: name, version, port, outputs; hooks run; what it sends arrives where the manifest says', async () => {
    const report = await start(SYNC, 'FUNC_CONTEXT');
    expect(report).toMatchObject({ name: 'on-order', version: 'v1.0.0', runtime: 'Knative', port: '9090' });
    expect(report.inputs).toEqual({});
    expectOutputs(report);
    expect(report.events).toEqual([{ input: '', data: 'by http' }]);
    expect(bySentComponent(report)).toMatchObject([SENT_HTTP('by http'), SENT_TOPIC('by http')]);
    expect(report.hooks).toEqual(['pre check', 'pre count', 'post count', 'post tell']);
    expect(report.tracing).toBeNull();
  });

  it('an event-driven function: Dapr is told its inputs by the names of the Components, and each event arrives', async () => {
    const report = await start(ASYNC, 'FUNC_CONTEXT');
    expect(report).toMatchObject({ name: 'on-order', version: 'v1.0.0', runtime: 'Async', port: '8080' });
    expect(report.inputs).toEqual({
      cron: { uri: 'cron', componentName: expect.stringMatching(CRON), componentType: 'bindings.cron' },
      news: { uri: 'orders', componentName: expect.stringMatching(NEWS), componentType: 'pubsub.redis' },
    });
    expectOutputs(report);
    const [binding = ''] = report.bindings;
    expect(report.bindings).toEqual([expect.stringMatching(CRON)]);
    expect(report.subscriptions).toEqual([expect.stringMatching(/^serving-2x9fd-pubsub-news-[a-z0-9]+\/orders$/)]);
    expect(report.events).toEqual([
      { input: 'cron', data: `from ${binding}` },
      { input: 'news', data: 'from orders' },
    ]);
    expect(report.sent).toHaveLength(4);
    expect(report.hooks).toEqual(twice(['pre check', 'pre count', 'post count', 'post tell']));
  });

  it('an event-driven function of two topics of one component: both are subscribed, and each event arrives', async () => {
    const dapr = [
      { name: 'news', topic: 'orders' },
      { name: 'news', topic: 'refunds' },
    ];
    const { events, subscriptions } = await start({ ...ASYNC, triggers: { dapr } }, 'FUNC_CONTEXT');
    expect(subscriptions.map((each) => each.split('/').at(-1)).toSorted()).toEqual(['orders', 'refunds']);
    expect(events.toSorted((a, b) => (a.data < b.data ? -1 : 1))).toEqual([
      { input: 'news-orders', data: 'from orders' },
      { input: 'news', data: 'from refunds' },
    ]);
  });

  it('tracing is first to begin and last to end, with the tags of the manifest', async () => {
    const report = await start({ ...SYNC, ...TRACING }, 'FUNC_CONTEXT');
    expect(report.tracing).toMatchObject({
      enabled: true,
      provider: { name: 'opentelemetry' },
      tags: { layer: 'faas' },
    });
    expect(report.prePlugins).toContain('opentelemetry');
    expect(report.postPlugins[0]).toBe('opentelemetry');
  });

  it.each([
    { what: 'an HTTP function', spec: { ...SYNC, ...TRACING } },
    { what: 'an event-driven function', spec: ASYNC },
  ])('FUNC_CONTEXT_V1BETA2 says the same of $what', async ({ spec }) => {
    const [older, newer] = await Promise.all([
      start(spec, 'FUNC_CONTEXT'),
      start(spec, 'FUNC_CONTEXT_V1BETA2', { TRANSLATE: 'true' }),
    ]);
    expect(comparable(newer)).toEqual(comparable(older));
  });

  it('v0.5.0 of the framework does not know FUNC_CONTEXT_V1BETA2', async () => {
    await expect(start(SYNC, 'FUNC_CONTEXT_V1BETA2')).rejects.toMatchObject({
      stderr: expect.stringContaining('env FUNC_CONTEXT not found'),
    });
  });
});

const CRON = /^serving-2x9fd-bindings-cron-[a-z0-9]+$/;
const NEWS = /^serving-2x9fd-pubsub-news-[a-z0-9]+$/;
const HTTP_OUT = /^serving-2x9fd-bindings-http-out-[a-z0-9]+$/;

const SENT_HTTP = (data: string) => ({
  component: expect.stringMatching(HTTP_OUT),
  operation: 'post',
  metadata: { path: '/greetings' },
  data,
});
const SENT_TOPIC = (data: string) => ({ component: expect.stringMatching(NEWS), topic: 'shipped', data });

function expectOutputs(report: Report): void {
  expect(report.outputs).toEqual({
    'another-target': {
      uri: 'http_out',
      componentName: expect.stringMatching(HTTP_OUT),
      componentType: 'bindings.http',
      operation: 'post',
      metadata: { path: '/greetings' },
    },
    news: { uri: 'shipped', componentName: expect.stringMatching(NEWS), componentType: 'pubsub.redis' },
  });
}

function bySentComponent({ sent }: Report): Report['sent'] {
  return sent.toSorted((a, b) => (a.component < b.component ? -1 : 1));
}

/**
 * Of a report what both contexts tell. FUNC_CONTEXT also gives a binding's key as its uri, which nothing uses, names inputs as the manifest
 * does, and lists tracing among the plugins, which the framework does by itself.
 */
function comparable(report: Report) {
  const { inputs, outputs, events, sent, port, tracing, ...same } = report;
  const plain = <T extends { uri: string; componentType: string }>(all: T[]) =>
    all.map(({ uri, ...rest }) => ({ ...rest, topic: rest.componentType.startsWith('pubsub.') ? uri : '' }));
  return {
    ...same,
    port: report.runtime === 'Async' ? '' : port,
    inputs: plain(Object.values(inputs)).toSorted((a, b) => (a.componentName < b.componentName ? -1 : 1)),
    outputs: Object.fromEntries(Object.keys(outputs).map((name) => [name, plain([outputs[name] as never])])),
    events: events.map(({ data }) => data),
    sent: bySentComponent(report),
    tracing: tracing && { ...tracing, baggage: null },
  };
}

function twice(items: string[]): string[] {
  return [...items, ...items];
}
