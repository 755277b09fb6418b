import type { KubeObject, ServingSpec } from '@openfunction/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { componentProblems } from '../dapr/references.ts';
import { asStored, make, makeInput, makeServing } from '../testdata/serving.ts';
import { engineOf, revisionMetadata } from './index.ts';

// Laws over Servings of every engine, as the schema lets them pass and a little beyond: nulls where an object is expected (Q5).

const key = fc.oneof(fc.constantFrom('a', 'b', 'kafka_server'), fc.string({ minLength: 1, maxLength: 70 }));
const type = fc.constantFrom('bindings.kafka', 'pubsub.redis', 'state.redis', '');
const component = fc.record({ type, version: fc.constant('v1'), metadata: fc.constant([]) });
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });
const reference = fc.record(
  { name: key, type, topic: key, inputName: key, outputName: key },
  { requiredKeys: ['name'] },
);
const carried = fc.array(fc.record({ dapr: maybe(reference) }), { maxLength: 3 });
const texts = fc.dictionary(
  fc.oneof(key, fc.constantFrom('openfunction.io/serving', 'dapr.io/app-id', 'team')),
  fc.string(),
);

const http = fc.record(
  { port: fc.integer({ min: 0, max: 65535 }), engine: fc.constantFrom('keda', 'knative', '') },
  { requiredKeys: [] },
);
const triggers = fc.record(
  { http: maybe(http), dapr: maybe(fc.array(reference)), inputs: maybe(carried) },
  { requiredKeys: [] },
);
const scaling = fc.array(fc.record({ type: fc.constant('cron'), metadata: texts }), { maxLength: 2 });
const scaleOptions = fc.record(
  {
    minReplicas: fc.integer({ min: 0, max: 3 }),
    maxReplicas: fc.integer({ min: 1, max: 9 }),
    knative: texts,
    keda: fc.record(
      { triggers: maybe(scaling), scaledJob: maybe(fc.constant({})), scaledObject: maybe(fc.constant({})) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const content = {
  version: fc.string({ maxLength: 70 }),
  triggers: maybe(triggers),
  outputs: maybe(carried),
  bindings: maybe(fc.dictionary(key, maybe(component))),
  pubsub: maybe(fc.dictionary(key, component)),
  states: maybe(fc.dictionary(key, maybe(fc.record({ spec: maybe(component) }, { requiredKeys: [] })))),
  workloadType: fc.constantFrom('Deployment', 'StatefulSet', 'Job', ''),
  params: maybe(texts),
  template: fc.constantFrom(
    { containers: [] },
    { containers: [{ name: 'function', env: [{ name: 'A', value: '' }], resources: { limits: { cpu: '1000m' } } }] },
  ),
};
const inPlace = { scaleOptions, labels: texts };
const specs = fc.record({ ...content, ...inPlace }, { requiredKeys: [] }) as fc.Arbitrary<Partial<ServingSpec>>;
const changes = fc.record(inPlace) as fc.Arbitrary<Partial<ServingSpec>>;

const identity = ({ apiVersion, kind, metadata }: KubeObject) => `${apiVersion}/${kind}/${metadata.name}`;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

describe('whatever a Serving says', () => {
  it('nothing throws, and every object has a name of its own that a cluster takes', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const serving = makeServing(spec);
        const made = make(serving);
        expect(new Set(made.map(identity)).size).toBe(made.length);
        for (const { metadata } of made) expect(metadata.name).toMatch(DNS_LABEL);
        const refs = engineOf(serving).refer(makeInput(serving)).resourceRef;
        const names = made.map(({ metadata }) => metadata.name);
        for (const name of Object.values(refs).flatMap((listed) => listed.split(','))) expect(names).toContain(name);
        componentProblems(makeInput(serving));
      }),
    );
  });

  it('what is made stays as it is: made again from what is there, it is the same', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const serving = makeServing(spec);
        const owned = make(serving).map((object) => asStored(object));
        const again = make(serving, { owned });
        expect(again.map(identity)).toEqual(owned.map(identity));
        expect(again.map(({ spec: each }) => each)).toEqual(owned.map(({ spec: each }) => each));
        expect(revisionMetadata(makeInput(serving, { owned }))).toBeUndefined();
      }),
    );
  });

  it('a change in place leaves names, pods and selectors as they are', () => {
    fc.assert(
      fc.property(specs, changes, (spec, change) => {
        const owned = make(makeServing(spec)).map((object) => asStored(object));
        const changed = make(makeServing({ ...spec, ...change }), { owned });
        for (const before of owned) {
          const after = changed.find((object) => identity(object) === identity(before));
          const isProxy = before.metadata.name.includes('-proxy-deployment-');
          if (after === undefined || isProxy || before['spec'].template === undefined) continue;
          expect(after['spec'].template.spec).toEqual(before['spec'].template.spec);
          expect(after['spec'].selector).toEqual(before['spec'].selector);
        }
      }),
    );
  });
});
