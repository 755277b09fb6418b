import { HTTP_SCALED_OBJECT, type Kind, kindId, type ServingSpec } from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { Store } from '@openfunction/kube';
import { expect, it } from 'vitest';
import { observe } from './observe.ts';
import { DEFAULT_CONFIG } from './operator-config.ts';
import { makeServing } from './testdata/serving.ts';

const TEMPLATE = { restartPolicy: 'Always', containers: [{ name: 'function', lifecycle: {} }] };

/** What is pruned where Knative's definition declares the names of containers alone, and which kinds were asked about. */
async function look(spec: Partial<ServingSpec>) {
  const asked: string[] = [];
  const prune = async (kind: Kind, object: { spec: { template: { spec: typeof TEMPLATE } } }) => {
    asked.push(kindId(kind));
    const left = ['spec.template.spec.restartPolicy', 'spec.template.spec.containers[0].lifecycle'];
    const containers = object.spec.template.spec.containers.map(({ name }) => ({ name }));
    return { object: { spec: { template: { spec: { containers } } } }, left };
  };
  const store = new Store();
  const hasField = async (kind: Kind) => kindId(kind) === kindId(HTTP_SCALED_OBJECT);
  const world = { store: () => store, served: () => true, hasField, prune } as unknown as World;
  const surroundings = { operatorConfig: { read: async () => DEFAULT_CONFIG }, clusterDomain: 'cluster.local' };
  const { input } = await observe(makeServing(spec), world, surroundings);
  return { asked, pruned: input.pruned };
}

it('the template of a Knative function is seen as Knative takes it, with what does not reach it', async () => {
  expect(await look({ template: TEMPLATE })).toEqual({
    asked: ['services.serving.knative.dev'],
    pruned: {
      template: { containers: [{ name: 'function' }] },
      left: ['spec.serving.template.restartPolicy', 'spec.serving.template.containers[0].lifecycle'],
    },
  });
});

it.each<[string, Partial<ServingSpec>]>([
  ['there is no template', {}],
  ['KEDA runs it', { template: TEMPLATE, triggers: { http: { engine: 'keda' } } }],
  ['events call it', { template: TEMPLATE, triggers: { dapr: [] } }],
])('no definition is asked about where %s', async (_why, spec) => {
  expect(await look(spec)).toEqual({ asked: [], pruned: undefined });
});
