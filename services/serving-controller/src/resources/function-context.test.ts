import type { Serving, ServingSpec } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import type { OperatorConfig } from '../operator-config.ts';
import { component, makeInput, makeServing } from '../testdata/serving.ts';
import { makeFunctionContext, makeFunctionContextV1beta2 } from './function-context.ts';

interface Contexts {
  old: Record<string, unknown>;
  now: Record<string, unknown>;
}

function contexts(spec: Partial<ServingSpec>, global: Partial<OperatorConfig> = {}, annotations = {}): Contexts {
  const serving: Serving = makeServing(spec);
  serving.metadata.annotations = annotations;
  const input = makeInput(serving, { config: { daprProxyImage: 'p', ...global } });
  return { old: JSON.parse(makeFunctionContext(input)), now: JSON.parse(makeFunctionContextV1beta2(input)) };
}

const PUBSUB = { pubsub: { in: component('pubsub.kafka'), out: component('pubsub.kafka') } };
const own = (place: string) => expect.stringMatching(new RegExp(`^serving-a-${place}-[a-z0-9]{10}$`));

describe('the contexts of a function (controllers.md §3.7)', () => {
  it('of a plain HTTP function, without its route', () => {
    const { old, now } = contexts({ triggers: { http: { port: 9000, route: { hostnames: ['a.example.com'] } } } });
    const told = { name: 'fn', version: 'v1.0.0', triggers: { http: { port: 9000 } } };
    expect(old).toEqual({ ...told, runtime: 'Knative', port: '9000' });
    expect(now).toEqual(told);
  });

  it('of one that is called by a topic and sends to another: the example of the specification, and what Python reads', () => {
    const { old, now } = contexts({
      ...PUBSUB,
      triggers: { dapr: [{ name: 'in', type: 'pubsub.kafka', topic: 't1' }] },
      outputs: [{ dapr: { name: 'out', topic: 't2', metadata: { a: 'b' }, operation: 'publish' } }],
    });
    const triggers = { dapr: [{ name: own('pubsub-in'), type: 'pubsub.kafka', topic: 't1' }] };
    const out = {
      componentName: own('pubsub-out'),
      componentType: 'pubsub.kafka',
      metadata: { a: 'b' },
      operation: 'publish',
    };
    expect(old).toEqual({
      name: 'fn',
      version: 'v1.0.0',
      inputs: { in: { uri: 't1', componentName: own('pubsub-in'), componentType: 'pubsub.kafka' } },
      outputs: { out: { uri: 't2', topic: 't2', ...out } },
      triggers,
      runtime: 'Async',
      port: '8080',
    });
    expect(now).toEqual({
      name: 'fn',
      version: 'v1.0.0',
      triggers,
      outputs: { out: { topic: 't2', ...out } },
    });
  });

  it('name inputs and outputs as the function calls them, in both layouts (Q6)', () => {
    const { old, now } = contexts({
      bindings: { k: component('bindings.kafka') },
      triggers: { dapr: [{ name: 'k', inputName: 'greeting' }] },
      outputs: [{ dapr: { name: 'k', outputName: 'target' } }, { dapr: { name: 'k' } }],
    });
    const binding = { uri: 'k', componentName: own('bindings-k'), componentType: 'bindings.kafka' };
    expect(old['inputs']).toEqual({ greeting: binding });
    expect(old['outputs']).toEqual({ target: binding, k: binding });
    expect(Object.keys(now['outputs'] as object)).toEqual(['k', 'target']);
    expect(now['triggers']).toEqual({
      dapr: [{ name: own('bindings-k'), type: 'bindings.kafka', inputName: 'greeting' }],
    });
  });

  it('tell every topic of one pubsub: the last goes by its name, as in v1.2, and those before by their topics', () => {
    const { old, now } = contexts({
      pubsub: { bus: component('pubsub.redis') },
      triggers: { dapr: ['orders', 'refunds', 'returns'].map((topic) => ({ name: 'bus', topic })) },
      outputs: ['a', 'b'].map((topic) => ({ dapr: { name: 'bus', topic } })),
    });
    const uris = (told: unknown) =>
      Object.fromEntries(Object.entries(told as Record<string, { uri: string }>).map(([key, { uri }]) => [key, uri]));
    expect(uris(old['inputs'])).toEqual({ 'bus-orders': 'orders', 'bus-refunds': 'refunds', bus: 'returns' });
    expect(uris(old['outputs'])).toEqual({ 'bus-a': 'a', bus: 'b' });
    expect(now['outputs']).toMatchObject({ 'bus-a': { topic: 'a' }, bus: { topic: 'b' } });
  });

  it('keep apart what has one name in two places', () => {
    const { old } = contexts({
      bindings: { in: component('bindings.mqtt3') },
      pubsub: { in: component('pubsub.mqtt3') },
      triggers: {
        dapr: [
          { name: 'in', type: 'bindings.mqtt3' },
          { name: 'in', type: 'pubsub.mqtt3', topic: 't' },
        ],
      },
    });
    expect(old['inputs']).toMatchObject({
      'in-bindings': { componentType: 'bindings.mqtt3' },
      in: { componentType: 'pubsub.mqtt3', uri: 't' },
    });
  });

  it('list states and further inputs', () => {
    const { old, now } = contexts({
      states: { s: { spec: component('state.redis') }, shared: {} },
      triggers: { http: {}, inputs: [{ dapr: { name: 's', topic: 't' } }] },
    });
    const store = { componentName: own('state-s'), componentType: 'state.redis' };
    const states = { s: store, shared: { componentName: 'shared', componentType: '' } };
    expect([old['states'], now['states']]).toEqual([states, states]);
    expect(now['inputs']).toEqual({ s: { ...store, topic: 't' } });
    expect(now['triggers']).toEqual({ http: {}, inputs: [{ dapr: { name: 's', topic: 't' } }] });
  });

  it('say that http wins over dapr triggers (Q11)', () => {
    expect(contexts({ triggers: { http: {}, dapr: [{ name: 'in', type: 'bindings.http' }] } }).old['runtime']).toBe(
      'Knative',
    );
  });

  it('are equal texts for equal Servings, whatever the order of keys', () => {
    const made = (keys: string[]) => {
      const bindings = Object.fromEntries(keys.map((key) => [key, component('bindings.http')]));
      const outputs = ['x', 'y'].map((name) => ({ dapr: { name } }));
      return makeFunctionContext(makeInput(makeServing({ bindings, outputs })));
    };
    expect(made(['x', 'y'])).toBe(made(['y', 'x']));
  });
});

describe('hooks (controllers.md §3.8, Q7)', () => {
  const all = { hooks: { pre: ['gpre'], post: ['gpost'] } };
  const hooks = { pre: ['p'], post: ['q'] };
  const names = ({ old, now }: Contexts) => [old['prePlugins'], old['postPlugins'], now['preHooks'], now['postHooks']];

  it.each<[string, string[][], Partial<ServingSpec>, Partial<OperatorConfig>, object?]>([
    ['of the cluster alone', [['gpre'], ['gpost']], {}, all],
    [
      'of the function, inside those of the cluster',
      [
        ['gpre', 'p'],
        ['q', 'gpost'],
      ],
      { hooks },
      all,
    ],
    ['of the function alone', [['p'], ['q']], { hooks: { ...hooks, policy: 'Override' } }, all],
    [
      'under the older key, where the newer one is absent',
      [['a'], ['b']],
      {},
      { plugins: { pre: ['a'], post: ['b'] } },
    ],
    [
      'of the annotation, which replace those of the cluster',
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
      {},
      all,
      { plugins: 'order: [a, b]' },
    ],
    ['of the field before those of the annotation', [['p'], ['q']], { hooks }, {}, { plugins: 'order: [a]' }],
    ['of the cluster where the annotation cannot be read', [['gpre'], ['gpost']], {}, all, { plugins: 'pre: 1' }],
  ])('%s are in both contexts', (_which, [pre, post], spec, config, annotations = {}) => {
    expect(names(contexts(spec, config, annotations))).toEqual([pre, post, pre, post]);
  });
});

describe('tracing (controllers.md §3.8, Q7)', () => {
  const skywalking = { enabled: true, provider: { name: 'skywalking', oapServer: 'oap:11800' }, tags: { a: 'all' } };
  const tracing = { enabled: true, provider: { name: 'opentelemetry' }, tags: { b: 'own' }, baggage: { k: 'v' } };

  it('of the function wins over that of the cluster field by field, and is in both contexts', () => {
    const { old, now } = contexts({ tracing }, { tracing: skywalking });
    const provider = { name: 'opentelemetry', oapServer: 'oap:11800' };
    const merged = { enabled: true, provider, tags: { a: 'all', b: 'own' }, baggage: { k: 'v' } };
    expect([old['pluginsTracing'], now['tracing']]).toEqual([merged, merged]);
  });

  it('that is switched on by both is a plugin of v1beta1, first to begin and last to end, and null where it says nothing', () => {
    const { old, now } = contexts(
      { hooks: { pre: ['p'], post: ['q'] } },
      { tracing: { enabled: true, provider: { name: 'skywalking' } } },
    );
    expect([old['prePlugins'], old['postPlugins'], now['preHooks']]).toEqual([
      ['p', 'skywalking'],
      ['skywalking', 'q'],
      ['p'],
    ]);
    expect(old['pluginsTracing']).toEqual({ enabled: true, provider: { name: 'skywalking' }, baggage: null });
    expect(contexts({ hooks: { pre: ['skywalking'] }, tracing: skywalking }).old['prePlugins']).toEqual(['skywalking']);
  });

  it('that the function switches off is left out of v1beta2, and said to be off in v1beta1', () => {
    const { old, now } = contexts({ tracing: { ...tracing, enabled: false } }, { tracing: skywalking });
    expect(now).not.toHaveProperty('tracing');
    expect(old['pluginsTracing']).toMatchObject({ enabled: false, provider: { name: 'opentelemetry' } });
    expect(old).not.toHaveProperty('prePlugins');
  });

  it('of the cluster that is off is passed on as it is', () => {
    const { old, now } = contexts({}, { pluginsTracing: { enabled: false, tags: { x: 'y' } } });
    expect(now['tracing']).toEqual({ enabled: false, tags: { x: 'y' } });
    expect(old['pluginsTracing']).toEqual({ enabled: false, provider: null, tags: { x: 'y' }, baggage: null });
  });

  it('of the annotation is read, in both contexts', () => {
    const text = 'enabled: true\nprovider: {name: skywalking, oapServer: "oap:1"}\ntags: {n: 1}';
    const { old, now } = contexts({}, {}, { 'plugins.tracing': text });
    const said = { enabled: true, provider: { name: 'skywalking', oapServer: 'oap:1' }, tags: { n: '1' } };
    expect([old['pluginsTracing'], now['tracing']]).toEqual([{ ...said, baggage: null }, said]);
  });

  it('without a provider is none: frameworks do not start with it (Q5)', () => {
    const { old, now } = contexts({}, {}, { 'plugins.tracing': 'enabled: true' });
    expect([old['pluginsTracing'], now['tracing']]).toEqual([undefined, undefined]);
  });

  it('keeps the fields of the exporter apart', () => {
    const all = {
      ...skywalking,
      provider: { name: 'opentelemetry', exporter: { name: 'otlp', endpoint: 'all:1', protocol: 'grpc' } },
    };
    const mine = { ...tracing, provider: { name: 'opentelemetry', exporter: { name: 'zipkin', endpoint: 'own:1' } } };
    const { now } = contexts({ tracing: mine }, { tracing: all });
    expect(now['tracing']).toMatchObject({
      provider: { exporter: { name: 'zipkin', endpoint: 'own:1', protocol: 'grpc' } },
    });
  });
});
