import { expect, test } from 'vitest';
import { readSettings } from './read-settings.ts';

const OLD = {
  name: 'on-order',
  version: 'v1.0.0',
  inputs: {
    orders: { uri: 't1', componentName: 'serving-2x9fd-pubsub-orders-ckfqw', componentType: 'pubsub.kafka' },
    cron: { uri: 'cron', componentName: 'serving-2x9fd-bindings-cron-abcde', componentType: 'bindings.cron' },
  },
  outputs: {
    out: {
      uri: 't2',
      componentName: 'serving-2x9fd-pubsub-out-r9zwr',
      componentType: 'pubsub.kafka',
      metadata: { a: 'b' },
      operation: 'publish',
    },
  },
  states: { store: { componentName: 'serving-2x9fd-state-store-q1w2e', componentType: 'state.redis' } },
  runtime: 'Async',
  port: '8080',
  prePlugins: ['a', 'b', 'opentelemetry'],
  postPlugins: ['opentelemetry', 'b', 'a'],
};

const NEW = {
  name: 'on-order',
  version: 'v1.0.0',
  triggers: {
    dapr: [
      { name: 'serving-2x9fd-pubsub-orders-ckfqw', type: 'pubsub.kafka', topic: 't1' },
      { name: 'serving-2x9fd-bindings-cron-abcde', type: 'bindings.cron' },
    ],
  },
  outputs: {
    out: {
      topic: 't2',
      componentName: 'serving-2x9fd-pubsub-out-r9zwr',
      componentType: 'pubsub.kafka',
      metadata: { a: 'b' },
      operation: 'publish',
    },
  },
  states: OLD.states,
  preHooks: ['a', 'b', 'opentelemetry'],
  postHooks: ['opentelemetry', 'b', 'a'],
};

const MEANT = {
  name: 'on-order',
  version: 'v1.0.0',
  isAsync: true,
  port: 8080,
  inputs: {
    orders: { component: 'serving-2x9fd-pubsub-orders-ckfqw', block: 'pubsub', topic: 't1' },
    cron: { component: 'serving-2x9fd-bindings-cron-abcde', block: 'bindings', topic: undefined },
  },
  outputs: {
    out: {
      component: 'serving-2x9fd-pubsub-out-r9zwr',
      block: 'pubsub',
      topic: 't2',
      operation: 'publish',
      metadata: { a: 'b' },
    },
  },
  states: { store: 'serving-2x9fd-state-store-q1w2e' },
  preHooks: ['a', 'b', 'opentelemetry'],
  postHooks: ['opentelemetry', 'b', 'a'],
};

interface Contexts {
  old?: unknown;
  new?: unknown;
}

function read(contexts: Contexts, more: Record<string, string> = {}) {
  const text = (context: unknown) => (typeof context === 'string' ? context : JSON.stringify(context));
  return readSettings({
    ...('old' in contexts && { FUNC_CONTEXT: text(contexts.old) }),
    ...('new' in contexts && { FUNC_CONTEXT_V1BETA2: text(contexts.new) }),
    ...more,
  });
}

test('both layouts of one function say the same', () => {
  expect(read({ old: OLD })).toEqual(MEANT);
  expect(read({ old: OLD, new: NEW })).toEqual(MEANT);
});

test('the newer layout alone has no names for inputs but those of the components', () => {
  expect(Object.keys(read({ new: NEW }).inputs)).toEqual(NEW.triggers.dapr.map(({ name }) => name));
  const named = { ...NEW, triggers: { dapr: [{ ...NEW.triggers.dapr[0], inputName: 'orders' }] } };
  expect(Object.keys(read({ new: named }).inputs)).toEqual(['orders']);
});

test('several topics of one component are inputs of their own, each once', () => {
  const bus = (topic: string) => ({ name: 'serving-1-pubsub-bus-abc', type: 'pubsub.redis', topic });
  const told = (topic: string) => ({ uri: topic, componentName: bus(topic).name, componentType: 'pubsub.redis' });
  const topics = ['orders', 'refunds', 'orders', 'returns'];
  const now = { name: 'f', triggers: { dapr: topics.map(bus) } };
  const inputs = { 'bus-orders': told('orders'), 'bus-refunds': told('refunds'), bus: told('returns') };
  const names = (contexts: Contexts) =>
    Object.entries(read(contexts).inputs).map(([name, { topic }]) => [name.replace(bus('').name, 'C'), topic]);
  expect(names({ new: now })).toEqual([
    ['C', 'orders'],
    ['C-refunds', 'refunds'],
    ['C-returns', 'returns'],
  ]);
  expect(names({ new: now, old: { name: 'f', runtime: 'Async', inputs } })).toEqual([
    ['bus-orders', 'orders'],
    ['bus-refunds', 'refunds'],
    ['bus', 'returns'],
  ]);
  const alike = { name: 'f', triggers: { dapr: [bus('a'), { ...bus('b'), inputName: bus('').name }] } };
  expect(names({ new: alike })).toHaveLength(2);
});

test('the newer layout wins where both are there', () => {
  const old = { ...OLD, outputs: {}, prePlugins: ['other'] };
  expect(read({ old, new: NEW })).toEqual(MEANT);
});

test('an http trigger beside others makes it a function that HTTP calls', () => {
  const triggers = { ...NEW.triggers, http: { port: 9000 } };
  expect(read({ new: { ...NEW, triggers } })).toMatchObject({ isAsync: false, port: 9000 });
});

test('a trigger without a type is a topic when it names one, else a binding', () => {
  const triggers = { dapr: [{ name: 'a', topic: 't' }, { name: 'b' }] };
  const { inputs } = read({ new: { name: 'f', triggers } });
  expect([inputs['a']?.block, inputs['b']?.block]).toEqual(['pubsub', 'bindings']);
  const outputs = { c: { componentName: 'c', componentType: '' } };
  expect(read({ new: { name: 'f', outputs } }).outputs['c']?.block).toBe('bindings');
});

test.each<{ why: string; contexts: Contexts; env?: Record<string, string>; port: number; isAsync?: boolean }>([
  { why: 'no context at all', contexts: {}, env: {}, port: 8080, isAsync: false },
  { why: 'empty variables', contexts: { old: '', new: '' }, env: {}, port: 8080, isAsync: false },
  {
    why: 'the port of the http trigger',
    contexts: { new: { name: 'f', triggers: { http: { port: 9000 } } } },
    port: 9000,
  },
  {
    why: 'a port as text, as the local platform writes it',
    contexts: { new: { name: 'f', port: '9001' } },
    port: 9001,
  },
  {
    why: 'PORT before the context',
    contexts: { old: { ...OLD, port: '9000' } },
    env: { PORT: '7000' },
    port: 7000,
    isAsync: true,
  },
  {
    why: 'null for what is absent',
    contexts: { new: { name: 'f', triggers: { http: null, dapr: null }, outputs: null } },
    port: 8080,
  },
])('read: $why', ({ contexts, env = {}, port, isAsync = false }) => {
  expect(read(contexts, env)).toMatchObject({ port, isAsync });
});

test.each<{ contexts: Contexts; env?: Record<string, string>; message: RegExp }>([
  { contexts: { old: '{' }, message: /^FUNC_CONTEXT: is not JSON: / },
  { contexts: { new: '[]' }, message: /^FUNC_CONTEXT_V1BETA2: must be an object; it is \[\]$/ },
  { contexts: { old: {} }, message: /^FUNC_CONTEXT: runtime: must be a text that is not empty; it is missing$/ },
  {
    contexts: { old: { name: 'f', runtime: 'Wasm' } },
    message: /^FUNC_CONTEXT: runtime: must be Async or Knative; it is "Wasm"$/,
  },
  {
    contexts: { old: { ...OLD, port: 'http' } },
    message: /^FUNC_CONTEXT: port: must be a port between 1 and 65535; it is "http"$/,
  },
  { contexts: { new: { name: 5 } }, message: /^FUNC_CONTEXT_V1BETA2: name: must be a text; it is 5$/ },
  {
    contexts: { new: { ...NEW, triggers: { dapr: {} } } },
    message: /^FUNC_CONTEXT_V1BETA2: triggers\.dapr: must be a list; it is \{\}$/,
  },
  {
    contexts: { new: { ...NEW, triggers: { dapr: ['a'] } } },
    message: /^FUNC_CONTEXT_V1BETA2: triggers\.dapr\[0\]: must be an object; it is "a"$/,
  },
  {
    contexts: { new: { ...NEW, triggers: { dapr: [{ name: 'a', type: 'pubsub.kafka' }] } } },
    message: /^FUNC_CONTEXT_V1BETA2: triggers\.dapr\[0\]\.topic: must be a text that is not empty; it is missing$/,
  },
  {
    contexts: { new: { ...NEW, triggers: { dapr: [{ name: 'a', type: 'state.redis' }] } } },
    message:
      /^FUNC_CONTEXT_V1BETA2: triggers\.dapr\[0\]\.type: must begin with "bindings\." or "pubsub\."; it is "state\.redis"$/,
  },
  {
    contexts: { old: { ...OLD, outputs: { out: { componentType: 'bindings.http' } } } },
    message: /^FUNC_CONTEXT: outputs\.out\.componentName: must be a text that is not empty; it is missing$/,
  },
  {
    contexts: { old: { ...OLD, outputs: { out: { ...OLD.outputs.out, metadata: { a: 1 } } } } },
    message: /^FUNC_CONTEXT: outputs\.out\.metadata\.a: must be a text; it is 1$/,
  },
  { contexts: { old: { ...OLD, prePlugins: 'a' } }, message: /^FUNC_CONTEXT: prePlugins: must be a list; it is "a"$/ },
  {
    contexts: { old: { ...OLD, prePlugins: [1] } },
    message: /^FUNC_CONTEXT: prePlugins: must be a list of texts; it is \[1\]$/,
  },
  { contexts: {}, env: { PORT: '70000' }, message: /^PORT: must be a port between 1 and 65535; it is 70000$/ },
])('refused: $message', ({ contexts, env, message }) => {
  expect(() => read(contexts, env)).toThrow(
    expect.objectContaining({ code: 'config.invalid', message: expect.stringMatching(message) }),
  );
});
