import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { valueAt } from '../rules.ts';
import { cpuMs } from '../testdata/cpu-ms.ts';
import {
  convert,
  PRESERVED_LIMIT,
  parseHooks,
  parseTracing,
  preservedSize,
  V1BETA1_PRESERVED,
  V1BETA2_PRESERVED,
  withoutPreserved,
  jsonOf as writeJson,
} from './convert.ts';

const V1 = 'core.openfunction.io/v1beta1';
const V2 = 'core.openfunction.io/v1beta2';

interface Converted {
  apiVersion: string;
  metadata: { annotations?: Record<string, string> } & Record<string, unknown>;
  spec: Record<string, unknown>;
  status?: unknown;
}

function functionOf(
  apiVersion: string,
  spec: unknown,
  annotations?: Record<string, string>,
  kind = 'Function',
): unknown {
  return { apiVersion, kind, metadata: { name: 'f', ...(annotations && { annotations }) }, spec };
}

function to(apiVersion: string, object: unknown): Converted {
  const result = convert(object, apiVersion);
  if ('problem' in result) throw new Error(result.problem);
  return result.object as Converted;
}

const up = (spec: unknown, annotations?: Record<string, string>) => to(V2, functionOf(V1, spec, annotations));
const down = (spec: unknown, annotations?: Record<string, string>) => to(V1, functionOf(V2, spec, annotations));

/** The object as a user of the other version edits it: one field set. */
function edited(object: Converted, path: string, value: unknown): Converted {
  const copy = structuredClone(object) as unknown as Record<string, unknown>;
  const names = path.split('.');
  const last = names.pop() as string;
  const parent = names.reduce((at, name) => at[name] as Record<string, unknown>, copy);
  parent[last] = value;
  return copy as unknown as Converted;
}

const kafka = { type: 'bindings.kafka', version: 'v1', metadata: [{ name: 'brokers', value: 'b:9092' }] };
const redis = { type: 'state.redis', version: 'v1', metadata: [] };
const cron = { type: 'cron', metadata: { start: '0 * * * *' } };

describe('golden examples', () => {
  it('a knative function gets an HTTP trigger', () => {
    const serving = { runtime: 'knative' };
    expect(up({ image: 'i', serving })).toEqual(functionOf(V2, { image: 'i', serving: { triggers: { http: {} } } }));
  });

  it('a runtime nobody knows gives no trigger, and is known again to v1beta1', () => {
    const there = up({ image: 'i', serving: { runtime: 'foo' } });
    expect(there.spec).toEqual({ image: 'i', serving: { triggers: {} } });
    expect(to(V1, there)).toEqual(functionOf(V1, { image: 'i', serving: { runtime: 'foo' } }));
  });

  it('an async function with everything', () => {
    const there = up(
      {
        image: 'i',
        serving: {
          runtime: 'async',
          inputs: [{ name: 'in', component: 'k', params: { a: 'b' } }],
          bindings: { k: kafka },
          states: { s: redis },
          triggers: [{ ...cron, targetKind: 'object' }],
          scaleOptions: { keda: { scaledObject: { minReplicaCount: 0, maxReplicaCount: 9 } } },
        },
      },
      { plugins: 'order: [a, b]' },
    );
    expect(there.spec).toEqual({
      image: 'i',
      serving: {
        triggers: { dapr: [{ name: 'k', type: 'bindings.kafka', inputName: 'in' }] },
        bindings: { k: kafka },
        states: { s: { spec: redis } },
        scaleOptions: { minReplicas: 0, maxReplicas: 9, keda: { scaledObject: {}, triggers: [cron] } },
        workloadType: 'Deployment',
        hooks: { pre: ['a', 'b'], post: ['b', 'a'], policy: 'Override' },
      },
    });
    // The text means these hooks already, so it stays as the user wrote it.
    expect(there.metadata.annotations?.['plugins']).toBe('order: [a, b]');
  });

  it('an async function with both scalers: the job wins, and keeps its own interval', () => {
    const scaledObject = { pollingInterval: 5, maxReplicaCount: 2 };
    const scaledJob = { pollingInterval: 8, maxReplicaCount: 7 };
    const serving = {
      runtime: 'async',
      inputs: [],
      scaleOptions: { maxReplicas: 1, keda: { scaledObject, scaledJob } },
    };
    expect(up({ serving }).spec).toEqual({
      serving: {
        triggers: { dapr: [] },
        scaleOptions: {
          maxReplicas: 7,
          keda: { scaledObject: { pollingInterval: 5 }, scaledJob: { pollingInterval: 8 } },
        },
        workloadType: 'Job',
      },
    });
    expect(to(V1, up({ serving })).spec).toEqual({ serving });
  });

  it('a build keeps its time limit, whatever it is', () => {
    expect(up({ build: { timeout: '-5m' } }).spec).toEqual({ build: { timeout: '-5m' } });
    expect(down({ build: { timeout: '5m' } }).spec).toEqual({ build: { timeout: '5m' } });
  });

  it('a Builder and a Serving have the same parts in their spec', () => {
    const builder = { image: 'i', port: 80, params: { b: '2', a: '1' }, srcRepo: { url: 'u' }, state: 'Cancelled' };
    expect(to(V2, functionOf(V1, builder, undefined, 'Builder')).spec).toEqual({
      image: 'i',
      srcRepo: { url: 'u' },
      state: 'Cancelled',
      shipwright: {
        params: [
          { name: 'a', value: '1' },
          { name: 'b', value: '2' },
        ],
      },
    });
    const limits = { builderMaxAge: '1h', failedBuildsHistoryLimit: 1, successfulBuildsHistoryLimit: 2 };
    const newer = functionOf(V2, { image: 'i', builder: 'b', ...limits }, undefined, 'Builder');
    expect(to(V1, newer).spec).toEqual({ image: 'i', builder: 'b' });
    expect(to(V2, to(V1, newer))).toEqual(newer);
    const serving = { image: 'i', version: 'v', imageCredentials: { name: 'c' }, runtime: 'knative', port: 81 };
    const converted = to(V2, functionOf(V1, serving, undefined, 'Serving'));
    expect(converted.spec).toEqual({
      image: 'i',
      version: 'v',
      imageCredentials: { name: 'c' },
      triggers: { http: { port: 81 } },
    });
    expect(to(V1, converted).spec).toEqual(serving);
  });
});

/** Uses everything that v1beta1 has no word for. */
const RICH = {
  image: 'i',
  build: {
    srcRepo: { url: 'u' },
    timeout: '5m',
    shipwright: {
      strategy: { name: 's' },
      params: [
        { name: 'z', value: '1' },
        { name: 'a', value: '2' },
        { name: 'm', secretValue: { name: 's', key: 'k' } },
        { name: 'l', values: [{ value: 'x' }] },
      ],
    },
  },
  serving: {
    triggers: {
      http: { port: 8080, engine: 'keda', route: { hostnames: ['h'] } },
      dapr: [{ name: 'k', type: 'bindings.kafka' }],
      inputs: [{ dapr: { name: 's', type: 'state.redis' } }],
    },
    bindings: { k: kafka },
    states: { s: { spec: redis }, other: {} },
    outputs: [{ dapr: { name: 'k', type: 'bindings.other', operation: 'create', metadata: { a: 'b' } } }, {}],
    workloadType: 'StatefulSet',
    hooks: { pre: ['a'], policy: 'Append' },
    tracing: { enabled: true, provider: { name: 'skywalking', oapServer: 'o:1' } },
    scaleOptions: {
      minReplicas: 1,
      keda: {
        httpScaledObject: { cooldownPeriod: 3 },
        scaledObject: { fallback: { replicas: 1, failureThreshold: 2 } },
        triggers: [cron],
      },
    },
  },
};

describe('C: conversion without loss', () => {
  it('C1 one annotation holds all that v1beta1 cannot express, and the rest is there as v1beta1 says it', () => {
    const object = { ...(functionOf(V2, RICH) as object), status: { serving: { service: 's', reason: 'r' } } };
    const there = to(V1, object);
    expect(there.spec['port']).toBe(8080);
    expect(there.spec['route']).toEqual({ hostnames: ['h'] });
    expect(valueAt(there, 'spec.build.params')).toEqual({ a: '2', z: '1' });
    expect(valueAt(there, 'spec.serving.runtime')).toBe('knative');
    expect(valueAt(there, 'spec.serving.outputs')).toEqual([
      { name: '', component: 'k', operation: 'create', params: { a: 'b' } },
    ]);
    expect(there.status).toEqual({ serving: { service: 's', reason: 'r' } });
    expect(Object.keys(there.metadata.annotations ?? {}).sort()).toEqual([
      V1BETA2_PRESERVED,
      'plugins',
      'plugins.tracing',
    ]);
    expect(there.metadata.annotations?.[V1BETA2_PRESERVED]).toContain('"engine":{"to":"keda"}');
  });

  it('C2 going up again gives the object back without the annotation; where the user has edited v1beta1, the edit wins', () => {
    const there = down(RICH);
    expect(to(V2, there)).toEqual(functionOf(V2, RICH));
    const editedPort = to(V2, edited(there, 'spec.port', 9090));
    expect(editedPort).toEqual(
      functionOf(V2, edited(functionOf(V2, RICH) as Converted, 'spec.serving.triggers.http.port', 9090).spec),
    );
    const withoutScaling = to(V2, edited(there, 'spec.serving.scaleOptions', { maxReplicas: 3 }));
    expect(valueAt(withoutScaling, 'spec.serving.scaleOptions')).toEqual({ maxReplicas: 3 });
    const turned = to(V2, edited(there, 'metadata.annotations.plugins', 'pre: [b]'));
    expect(valueAt(turned, 'spec.serving.hooks')).toEqual({ pre: ['b'], policy: 'Append' });
  });

  it.each([
    ['port and route of a build-only function', { port: 80, route: {}, build: { srcRepo: {} } }],
    [
      'port and route of an async function',
      { port: 80, route: { hostnames: ['h'] }, serving: { runtime: 'async', inputs: [] } },
    ],
    ['inputs of a knative function', { serving: { runtime: 'knative', inputs: [{ name: 'a', component: 'k' }] } }],
    [
      'params and operation of an input',
      { serving: { runtime: 'async', inputs: [{ name: 'a', component: 'k', operation: 'o', params: { p: 'v' } }] } },
    ],
    [
      'targetKind of a scaler',
      {
        serving: {
          runtime: 'knative',
          triggers: [{ ...cron, targetKind: 'job' }],
          scaleOptions: { keda: { scaledJob: {} } },
        },
      },
    ],
    ['KEDA triggers without keda', { serving: { runtime: 'async', inputs: [], triggers: [cron] } }],
    [
      'an undeclared output component',
      { serving: { runtime: 'knative', outputs: [{ name: 'o', component: 'gone' }] } },
    ],
    ['build.params without shipwright', { build: { params: { b: '1', a: '2' } } }],
    ['build.params and an empty shipwright', { build: { params: { b: '1' }, shipwright: {} } }],
    ['empty build.params', { build: { params: {} } }],
    [
      'bounds that say two things',
      {
        serving: {
          runtime: 'async',
          inputs: [],
          scaleOptions: { minReplicas: 1, keda: { scaledObject: { minReplicaCount: 2 } } },
        },
      },
    ],
  ])('C3 v1beta1 gets back what only it can say: %s', (_name, spec) => {
    const there = up(spec);
    expect(to(V1, there)).toEqual(functionOf(V1, spec));
    const labelled = { ...there, metadata: { ...there.metadata, labels: { x: 'y' } } };
    expect(to(V1, labelled).spec).toEqual(spec);
  });

  it("C3 a Builder's port and the order of plugins come back too", () => {
    const builder = functionOf(V1, { port: 80, srcRepo: {} }, undefined, 'Builder');
    expect(to(V2, builder).spec).toEqual({ srcRepo: {} });
    expect(to(V1, to(V2, builder))).toEqual(builder);
    const ordered = functionOf(V1, { serving: { runtime: 'knative' } }, { plugins: 'order: [a, b] # first a' });
    expect(to(V1, to(V2, ordered))).toEqual(ordered);
  });

  it('C3 an edit through v1beta2 wins over what v1beta1 had', () => {
    const there = up({ serving: { runtime: 'async', inputs: [{ name: 'a', component: 'k', params: { p: 'v' } }] } });
    const renamed = edited(there, 'spec.serving.triggers', { dapr: [{ name: 'k', inputName: 'b' }] });
    expect(valueAt(to(V1, renamed), 'spec.serving.inputs')).toEqual([{ name: 'b', component: 'k' }]);
    const topic = edited(there, 'spec.serving.triggers', { dapr: [{ name: 'k', inputName: 'a', topic: 't' }] });
    expect(valueAt(to(V1, topic), 'spec.serving.inputs')).toEqual([
      { name: 'a', component: 'k', topic: 't', params: { p: 'v' } },
    ]);
  });

  it('C4 the policy of hooks survives, a generated annotation goes again, and removed hooks do not come back', () => {
    const serving = { triggers: { http: {} }, hooks: { pre: ['a'], post: [], policy: 'Append' } };
    const there = down({ serving });
    expect(there.metadata.annotations?.['plugins']).toBe('post: []\npre:\n  - a\n');
    const back = to(V2, there);
    expect(back).toEqual(functionOf(V2, { serving }));
    const gone = to(V1, edited(back, 'spec.serving.hooks', undefined));
    expect(gone.metadata.annotations?.['plugins']).toBeUndefined();
    const written = up({ serving: { runtime: 'knative' } }, { plugins: 'pre: [a]' });
    const { hooks: _removed, ...rest } = written.spec['serving'] as Record<string, unknown>;
    const without = { ...written, spec: { serving: rest } };
    expect(to(V2, to(V1, without)).spec).toEqual({ serving: rest });
  });

  it('C4 an annotation that says the hooks and the tracing already stays as it is written', () => {
    const annotations = { plugins: 'order: [a, b] # mine', 'plugins.tracing': '{"enabled": true}' };
    const hooks = { pre: ['a', 'b'], post: ['b', 'a'], policy: 'Override' };
    const there = down({ serving: { triggers: { http: {} }, hooks, tracing: { enabled: true } } }, annotations);
    expect(there).toEqual(functionOf(V1, { serving: { runtime: 'knative' } }, annotations));
  });

  it('C4 a label set through v1beta1 changes nothing but the label', () => {
    const there = down(RICH);
    const labelled = { ...there, metadata: { ...there.metadata, labels: { x: 'y' } } };
    expect(to(V2, labelled)).toEqual({
      ...(functionOf(V2, RICH) as object),
      metadata: { name: 'f', labels: { x: 'y' } },
    });
  });

  it('C5 params are sorted by name, the same object gives the same text, and a second round changes nothing', () => {
    const v1 = { build: { params: { b: '2', a: '1', c: '3' } } };
    const params = valueAt(up(v1), 'spec.build.shipwright.params') as { name: string }[];
    expect(params.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    const there = down(RICH);
    const shuffled = JSON.parse(writeJson(functionOf(V2, RICH)));
    expect(to(V1, shuffled).metadata.annotations).toEqual(there.metadata.annotations);
    expect(to(V1, to(V2, there))).toEqual(there);
  });

  it.each([
    ['a list', '[a]', 'must be a YAML mapping'],
    ['no YAML', '{', 'must be valid YAML'],
    ['an alias', 'pre: &p [a]\npost: *p', 'aliases'],
    ['a list that is none', 'pre: a', 'pre: must be a list'],
    ['numbers for names', 'order: [1]', 'order: must be a list'],
    ['too much text', `pre: [${'a, '.repeat(8_000)}]`, 'at most'],
  ])('C6 malformed plugins give no hooks, stay as they are, and admission can say why: %s', (_name, text, problem) => {
    const there = up({ serving: { runtime: 'knative' } }, { plugins: text });
    expect(there).toEqual(functionOf(V2, { serving: { triggers: { http: {} } } }, { plugins: text }));
    expect(parseHooks(text).problem).toContain(problem);
  });

  it('C6 malformed tracing is left alone as well, and blank texts mean nothing', () => {
    expect(parseTracing('[').problem).toContain('must be valid YAML');
    expect(up({ serving: { runtime: 'knative' } }, { 'plugins.tracing': '[' }).spec).toEqual({
      serving: { triggers: { http: {} } },
    });
    expect([parseHooks(' \n'), parseHooks('# a'), parseTracing('')]).toEqual([{}, {}, {}]);
    expect(parseHooks('{}')).toEqual({ value: { policy: 'Override' } });
  });

  it('C7 unknown fields stay, and nothing empty is added', () => {
    const spec = {
      image: 'i',
      build: { unknown: 1 },
      serving: { runtime: 'knative', states: {}, outputs: [], unknown: {} },
    };
    expect(up(spec)).toEqual(
      functionOf(V2, {
        image: 'i',
        build: { unknown: 1 },
        serving: { triggers: { http: {} }, states: {}, outputs: [], unknown: {} },
      }),
    );
    expect(up({ image: 'i' })).toEqual(functionOf(V2, { image: 'i' }));
  });

  it.each([{}, { annotations: {} }, { annotations: null }, { annotations: 'x' }])(
    'C7 metadata stay the same when there is nothing to say there: %j',
    (rest) => {
      const object = { apiVersion: V1, kind: 'Function', metadata: { name: 'f', ...rest }, spec: { image: 'i' } };
      expect(to(V2, object).metadata).toBe(object.metadata);
      expect(to(V2, { ...object, spec: { port: 1 } }).metadata).toEqual(
        valueAt(rest, 'annotations') === 'x'
          ? object.metadata
          : { name: 'f', annotations: { [V1BETA1_PRESERVED]: expect.any(String) } },
      );
    },
  );

  it('C8 what v1beta1 has no word for is written as knative and as an empty component, and comes back', () => {
    const serving = { triggers: { inputs: [{ dapr: { name: 's' } }] }, states: { s: {} } };
    const there = down({ serving });
    expect(there.spec).toEqual({
      serving: { runtime: 'knative', states: { s: { type: '', version: '', metadata: [] } } },
    });
    expect(to(V2, there)).toEqual(functionOf(V2, { serving }));
    const { [V1BETA2_PRESERVED]: _lost, ...annotations } = there.metadata.annotations ?? {};
    const replaced = to(V2, { ...there, metadata: { ...there.metadata, annotations } });
    expect(valueAt(replaced, 'spec.serving.states')).toEqual({ s: {} });
  });

  it('C9 an output whose component is not declared is kept, without a type', () => {
    const outputs = [{ name: 'o', component: 'gone', topic: 't', params: { a: 'b' } }];
    expect(valueAt(up({ serving: { runtime: 'knative', outputs } }), 'spec.serving.outputs')).toEqual([
      { dapr: { name: 'gone', outputName: 'o', topic: 't', metadata: { a: 'b' } } },
    ]);
  });

  it('C9 the type of a component is that of the binding, then that of the pubsub', () => {
    const components = { bindings: { k: { type: 'b' } }, pubsub: { k: { type: 'p' }, t: { type: 'p' } } };
    const inputs = ['k', 't', 'constructor'].map((component) => ({ name: '', component }));
    const there = up({ serving: { runtime: 'async', inputs, ...components } });
    expect(valueAt(there, 'spec.serving.triggers.dapr')).toEqual([
      { name: 'k', type: 'b' },
      { name: 't', type: 'p' },
      { name: 'constructor' },
    ]);
  });

  it('C10 an async function without inputs is async again in v1beta1, so that admission can refuse it', () => {
    const there = up({ serving: { runtime: 'async' } });
    expect(there.spec).toEqual({ serving: { triggers: {} } });
    expect(to(V1, there).spec).toEqual({ serving: { runtime: 'async' } });
  });

  it('C11 what is preserved has a size that admission can refuse; conversion itself takes it', () => {
    const fallback = { replicas: 1, note: 'x'.repeat(PRESERVED_LIMIT) };
    const object = functionOf(V2, { serving: { scaleOptions: { keda: { scaledObject: { fallback } } } } });
    const there = to(V1, object);
    expect(preservedSize(there)).toBeGreaterThan(PRESERVED_LIMIT);
    expect(preservedSize(object)).toBe(0);
    expect(preservedSize(functionOf(V1, {}, { [V1BETA1_PRESERVED]: 'é' }))).toBe(2);
    expect(to(V2, there)).toEqual({ ...(object as object), spec: { serving: expect.anything() } });
  });

  it('C12 neither port nor route comes from conversion', () => {
    expect(up({ serving: { runtime: 'knative' } }).spec).toEqual({ serving: { triggers: { http: {} } } });
    expect(down({ serving: { triggers: { http: {} } } }).spec).toEqual({ serving: { runtime: 'knative' } });
    expect(up({ serving: { runtime: 'knative', port: null } }).spec).not.toHaveProperty('serving.triggers.http.port');
  });

  it('C13 the preservation annotations can be taken off for hashes, children and messages', () => {
    const annotations = { [V1BETA1_PRESERVED]: '{}', [V1BETA2_PRESERVED]: '{}', other: 'o' };
    expect(withoutPreserved(annotations)).toEqual({ other: 'o' });
    const plain = { other: 'o' };
    expect(withoutPreserved(plain)).toBe(plain);
  });
});

describe('X: objects that broke the conversion of the original', () => {
  it.each([
    [
      'X1',
      V1,
      { build: { srcRepo: { bundleContainer: { image: 'b' } } } },
      { build: { srcRepo: { bundleContainer: { image: 'b' } } } },
    ],
    [
      'X1',
      V2,
      { build: { srcRepo: { bundleContainer: { image: 'b' } } } },
      { build: { srcRepo: { bundleContainer: { image: 'b' } } } },
    ],
    ['X2', V1, { build: { params: { a: '1' } } }, { build: { shipwright: { params: [{ name: 'a', value: '1' }] } } }],
    [
      'X3',
      V1,
      { serving: { runtime: 'async', inputs: [], scaleOptions: { keda: { scaledJob: { pollingInterval: 8 } } } } },
      {
        serving: {
          triggers: { dapr: [] },
          scaleOptions: { keda: { scaledJob: { pollingInterval: 8 } } },
          workloadType: 'Job',
        },
      },
    ],
    [
      'X4',
      V2,
      { serving: { triggers: { http: {} }, outputs: [{}, { dapr: {} }] } },
      { serving: { runtime: 'knative', outputs: [] } },
    ],
    [
      'X5',
      V2,
      { serving: { triggers: { dapr: [{}, { name: 'k' }, { type: 't' }] } } },
      { serving: { runtime: 'async', inputs: [{ name: '', component: 'k' }] } },
    ],
    [
      'X6',
      V2,
      { serving: { triggers: { http: {} }, states: { s: null } } },
      { serving: { runtime: 'knative', states: { s: { type: '', version: '', metadata: [] } } } },
    ],
  ])('%s converts, from %s, and back', (_number, from, spec, expected) => {
    const other = from === V1 ? V2 : V1;
    const there = to(other, functionOf(from, spec));
    expect(there.spec).toEqual(expected);
    expect(to(from, there)).toEqual(functionOf(from, spec));
  });

  it.each([V1, V2])('X7 an address without a type converts, from %s', (from) => {
    const status = { addresses: [{ value: 'http://x' }] };
    const object = { ...(functionOf(from, { image: 'i' }) as object), status };
    expect(to(from === V1 ? V2 : V1, object).status).toEqual(status);
  });
});

describe('hostile objects', () => {
  it.each([
    ['no JSON', 'x'],
    ['a list', '[]'],
    ['a change of the whole object', '{"to":5}'],
    ['an annotation that is no text', '{"fields":{"annotations":{"fields":{"plugins":{"to":5}}}}}'],
    ['an annotation of another name', '{"fields":{"annotations":{"fields":{"other":{"to":"x"}}}}}'],
    ['a kind', '{"fields":{"kind":{"to":"x"},"metadata":{"to":"x"}}}'],
    ['100,000 levels', `{"fields":{"spec":{"fields":{"x":{"to":${'['.repeat(50_000)}${']'.repeat(50_000)}}}}}}`],
  ])('a preservation annotation written by a user breaks nothing: %s', (_name, text) => {
    const there = up({ serving: { runtime: 'knative' } }, { [V1BETA2_PRESERVED]: text });
    expect(there).toEqual(functionOf(V2, { serving: { triggers: { http: {} } } }));
  });

  it('keys that every object inherits are keys like any other', () => {
    const spec = JSON.parse(
      '{"build":{"params":{"__proto__":"1","constructor":"2"}},"serving":{"runtime":"knative","states":{"__proto__":{"type":"t"}}}}',
    );
    const there = up(spec);
    expect(valueAt(there, 'spec.build.shipwright.params')).toEqual([
      { name: '__proto__', value: '1' },
      { name: 'constructor', value: '2' },
    ]);
    expect(writeJson(to(V1, there).spec)).toBe(writeJson(spec));
  });

  it('a tree of 100,000 levels converts', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`);
    const there = up({
      serving: { runtime: 'knative', bindings: { k: { metadata: [{ value: deep }] } } },
      unknown: deep,
    });
    expect(there.spec['unknown']).toBe(deep);
    expect(to(V1, down({ serving: { tracing: deep, triggers: deep } })).spec).toEqual({
      serving: { runtime: 'knative' },
    });
  });

  it.each([
    ['flow lists', '['.repeat(16_000)],
    ['block lists', '- '.repeat(8_000)],
    ['many keys', Array.from({ length: 2_600 }, (_, at) => `k${at}:`).join('\n')],
    ['errors', ']\n'.repeat(8_000)],
    ['directives', '%x\n'.repeat(5_000)],
    ['one line of 4 MiB', 'a'.repeat(4_194_304)],
  ])('YAML made to be slow costs little: %s', (_name, text) => {
    const took = cpuMs(() => expect(parseHooks(text).problem).toContain('must be'));
    expect(took).toBeLessThan(50);
  });
});

const MANIFESTS = fileURLToPath(new URL('../../../../../shared/data/openfunction/manifests/', import.meta.url));

describe.skipIf(!existsSync(MANIFESTS))('published manifests (skipped where ../shared/data is absent)', () => {
  const files = existsSync(MANIFESTS) ? globSync('**/core.openfunction.io-v1beta[12]/*.yaml', { cwd: MANIFESTS }) : [];

  it('are there', () => {
    expect(files.length).toBeGreaterThan(25);
  });

  it.each(files)('%s converts and comes back', (file) => {
    for (const document of parseAllDocuments(readFileSync(MANIFESTS + file, 'utf8'))) {
      const object = document.toJS();
      expect(to(object.apiVersion, to(object.apiVersion === V1 ? V2 : V1, object))).toEqual(object);
    }
  });
});

it('the annotation of tracing reads as YAML with two spaces', () => {
  const tracing = { enabled: true, provider: { name: 'opentelemetry', exporter: { name: 'otlp', endpoint: 'e' } } };
  const text = down({ serving: { tracing } }).metadata.annotations?.['plugins.tracing'] ?? '';
  expect(text).toBe('enabled: true\nprovider:\n  exporter:\n    endpoint: e\n    name: otlp\n  name: opentelemetry\n');
  expect(parse(text)).toEqual(tracing);
});
