import { FUNCTION_V1BETA1_RULES, V1BETA1_PRESERVED, V1BETA2_PRESERVED, valueAt } from '@openfunction/api';
import { expect } from 'vitest';
import type { Https } from './https.ts';
import { judged } from './judged.ts';
import type { NumberedCase } from './numbered.ts';

const V1 = 'core.openfunction.io/v1beta1';
const V2 = 'core.openfunction.io/v1beta2';
const SOURCE = { url: 'https://git.example/hello' };

type Tree = Record<string, unknown>;

function fn(apiVersion: string, spec: object, more: object = {}): Tree {
  return { apiVersion, kind: 'Function', metadata: { name: 'f' }, spec, ...more };
}

function other(object: Tree): string {
  return object['apiVersion'] === V1 ? V2 : V1;
}

/** There and back gives the object again, and a third way what the first one gave. Resolves with the object in the other version. */
async function roundTrip(https: Https, object: Tree): Promise<Tree> {
  const there = await https.convert(object, other(object));
  const back = await https.convert(there, other(there));
  expect(back).toEqual(object);
  expect(await https.convert(back, other(back))).toEqual(there);
  return there;
}

function kept(object: unknown, name: string): unknown {
  const annotation = valueAt(object, ['metadata', 'annotations', name]);
  return typeof annotation === 'string' ? JSON.parse(annotation) : undefined;
}

/** A promise about one object in its other version. */
function converted(
  number: string,
  what: string,
  object: Tree,
  look: (there: Tree, https: Https) => unknown,
): NumberedCase {
  return { number, what, show: async (https) => void (await look(await roundTrip(https, object), https)) };
}

const KEDA_HTTP = fn(V2, {
  image: 'i',
  build: { builder: 'b', srcRepo: SOURCE, timeout: '5m', builderMaxAge: '1h' },
  serving: { triggers: { http: { engine: 'keda', port: 80 } }, hooks: { pre: ['a'], policy: 'Append' } },
});
const ASYNC = fn(V1, {
  image: 'i',
  port: 8080,
  serving: { runtime: 'async', inputs: [{ name: 'in', component: 'k', params: { a: 'b' } }] },
});

export const CONVERSION_CASES: readonly NumberedCase[] = [
  converted('C1', 'what v1beta1 cannot say is in one annotation', KEDA_HTTP, (there) => {
    expect(JSON.stringify(kept(there, V1BETA2_PRESERVED))).toContain('keda');
    expect(valueAt(there, 'spec.port')).toBe(80);
  }),
  converted('C2', 'an edit through v1beta1 wins, and the annotation is gone again', KEDA_HTTP, async (there, https) => {
    const edited = { ...there, spec: { ...(there['spec'] as Tree), port: 81 } };
    const back = await https.convert(edited, V2);
    expect(valueAt(back, 'spec.serving.triggers.http')).toEqual({ engine: 'keda', port: 81 });
    expect(kept(back, V1BETA2_PRESERVED)).toBeUndefined();
  }),
  converted('C3', 'what only v1beta1 can say comes back', ASYNC, (there) => {
    expect(kept(there, V1BETA1_PRESERVED)).toBeDefined();
    expect(valueAt(there, 'spec.serving.triggers.dapr[]')).toBeUndefined();
  }),
  converted('C4', 'the policy of hooks survives', KEDA_HTTP, (there) => {
    expect(valueAt(there, 'metadata.annotations.plugins')).toContain('a');
  }),
  converted(
    'C5',
    'params are sorted by name',
    fn(V1, {
      image: 'i',
      build: { builder: 'b', srcRepo: SOURCE, shipwright: { timeout: '1m' }, params: { b: '2', a: '1' } },
    }),
    (there) =>
      expect(valueAt(there, 'spec.build.shipwright.params')).toEqual([
        { name: 'a', value: '1' },
        { name: 'b', value: '2' },
      ]),
  ),
  converted('C6', 'malformed plugins are kept, and give no hooks', annotated('[open'), (there) => {
    expect(valueAt(there, 'metadata.annotations.plugins')).toBe('[open');
    expect(valueAt(there, 'spec.serving.hooks')).toBeUndefined();
  }),
  judged('C6', 'malformed plugins are refused when they are written', [
    { object: annotated('[open'), version: 'v1beta1', fields: ['metadata.annotations.plugins'] },
    { object: annotated('pre: [a]'), version: 'v1beta1' },
  ]),
  converted(
    'C7',
    'unknown fields stay, and nothing empty comes',
    fn(V1, { image: 'i', other: { a: null }, serving: { runtime: 'knative' } }),
    (there) => {
      expect(valueAt(there, 'spec.other')).toEqual({ a: null });
      expect(valueAt(there, 'metadata')).toEqual({ name: 'f' });
    },
  ),
  converted(
    'C8',
    'what v1beta1 has no word for is knative, and an empty component',
    fn(V2, { image: 'i', serving: { triggers: { inputs: [{ dapr: { name: 's' } }] }, states: { s: {} } } }),
    (there) => {
      expect(valueAt(there, 'spec.serving.runtime')).toBe('knative');
      expect(valueAt(there, 'spec.serving.states.s')).toEqual({ type: '', version: '', metadata: [] });
    },
  ),
  converted(
    'C9',
    'an output whose component is not declared is kept without a type',
    fn(V1, { image: 'i', serving: { runtime: 'knative', outputs: [{ name: 'o', component: 'k' }] } }),
    (there) => {
      expect(valueAt(there, ['spec', 'serving', 'outputs', 0, 'dapr'])).toEqual({ name: 'k', outputName: 'o' });
    },
  ),
  converted(
    'C10',
    'async without inputs stays async',
    fn(V1, { image: 'i', serving: { runtime: 'async' } }),
    (there) => {
      expect(valueAt(there, 'spec.serving.triggers.http')).toBeUndefined();
    },
  ),
  judged('C10', 'async without inputs is refused when it is written', [
    ...FUNCTION_V1BETA1_RULES.map(({ refuses }) => ({
      object: refuses,
      version: 'v1beta1',
      fields: ['spec.serving.inputs'],
    })),
    {
      object: { spec: { image: 'i', serving: { runtime: 'async', inputs: [{ name: 'in', component: 'cron' }] } } },
      version: 'v1beta1',
    },
  ]),
  converted(
    'C12',
    'neither port nor route comes from conversion',
    fn(V1, { image: 'i', serving: { runtime: 'knative' } }),
    (there) => {
      expect(valueAt(there, 'spec.serving.triggers')).toEqual({ http: {} });
    },
  ),
  converted('C13', 'the annotation is on the converted object alone', KEDA_HTTP, async (there, https) => {
    expect(kept(await https.convert(there, V2), V1BETA2_PRESERVED)).toBeUndefined();
  }),
  ...crashes(),
  {
    number: '§4.4-24',
    what: 'a label through v1beta1 changes nothing else',
    show: async (https) => {
      const there = await https.convert(KEDA_HTTP, V1);
      const labelled = { ...there, metadata: { ...(there['metadata'] as Tree), labels: { x: 'y' } } };
      expect(await https.convert(labelled, V2)).toEqual({ ...KEDA_HTTP, metadata: { name: 'f', labels: { x: 'y' } } });
    },
  },
  {
    number: '§4.4-25',
    what: 'each of X1-X7 converts',
    show: async (https) => void (await Promise.all(crashes().map(({ show }) => show(https)))),
  },
];

function annotated(plugins: string): Tree {
  return fn(V1, { image: 'i', serving: { runtime: 'knative' } }, { metadata: { name: 'f', annotations: { plugins } } });
}

/** The inputs that crash the original (§3.7). */
function crashes(): NumberedCase[] {
  const bundle = { image: 'i', build: { builder: 'b', srcRepo: { bundleContainer: { image: 'c' } } } };
  const http = { triggers: { http: {} } };
  const addresses = { status: { addresses: [{ value: 'http://a' }] } };
  const inputs: [string, Tree][] = [
    ['X1', fn(V1, bundle)],
    ['X1', fn(V2, bundle)],
    ['X2', fn(V1, { image: 'i', build: { builder: 'b', srcRepo: SOURCE, params: { a: 'b' } } })],
    ['X3', fn(V1, { image: 'i', serving: { runtime: 'async', scaleOptions: { keda: { scaledJob: {} } } } })],
    ['X4', fn(V2, { image: 'i', serving: { ...http, outputs: [{}, { dapr: {} }] } })],
    ['X4', { ...fn(V2, { image: 'i', ...http, outputs: [{}, { dapr: {} }] }), kind: 'Serving' }],
    ['X5', fn(V2, { image: 'i', serving: { triggers: { dapr: [{}] } } })],
    ['X6', fn(V2, { image: 'i', serving: { ...http, states: { a: null } } })],
    ['X7', fn(V1, { image: 'i', serving: { runtime: 'knative' } }, addresses)],
    ['X7', fn(V2, { image: 'i', serving: http }, addresses)],
  ];
  return inputs.map(([number, object]) =>
    converted(number, `${object['kind']} converts from ${object['apiVersion']}, and back`, object, (there) => {
      expect(there['apiVersion']).toBe(other(object));
      expect(there['kind']).toBe(object['kind']);
    }),
  );
}
