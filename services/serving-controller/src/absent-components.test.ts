import { DAPR_COMPONENT, type KubeObject, type ServingStatus } from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { Store } from '@openfunction/kube';
import { describe, expect, it } from 'vitest';
import type { ServingSeen } from './observe.ts';
import { planServing } from './plan.ts';
import { asStored, component, make, makeInput, makeServing } from './testdata/serving.ts';
import { watches } from './watches.ts';

/** A trigger that is misspelt: the binding beside it is `cron`. */
const MISSPELT = {
  triggers: { dapr: [{ name: 'cronn', type: 'bindings.cron' }] },
  bindings: { cron: component('bindings.cron') },
  annotations: { 'openfunction.io/dapr-service-mode': 'sidecar' },
};
const AVAILABLE = {
  observedGeneration: 1,
  ...{ replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
  conditions: [{ type: 'Available', status: 'True' }],
};
const CRONN = { apiVersion: 'dapr.io/v1alpha1', kind: 'Component', metadata: { name: 'cronn', namespace: 'ns' } };

function planWith(components: readonly KubeObject[], status?: ServingStatus) {
  const serving = makeServing(MISSPELT, status === undefined ? {} : { status });
  const owned = make(makeServing(MISSPELT)).map((object) =>
    asStored(object, (copy) => {
      copy.metadata.generation = 1;
      if (copy.kind === 'Deployment') copy['status'] = AVAILABLE;
    }),
  );
  const named = new Map(components.map((each) => [each.metadata.name, each]));
  const seen: ServingSeen = {
    input: makeInput(serving, { owned, components: named }),
    ...{ owned, missing: [], revisions: [], autoscalers: [], pods: [], proxyPods: [], logs: new Map() },
  };
  return planServing(seen, new Date('2026-01-01T12:00:00Z'));
}

const readyOf = (status: ServingStatus | undefined) => status?.conditions?.find(({ type }) => type === 'Ready');

describe('a Component of a given type that nobody has made', () => {
  it('leaves a function running, and is said until it is there', () => {
    const { apply, status } = planWith([]);
    expect(apply.map(({ kind }) => kind)).toContain('Deployment');
    expect(status).toMatchObject({ state: 'Running', message: expect.stringContaining('"cronn"') });
    expect(readyOf(status)).toMatchObject({
      status: 'Unknown',
      reason: 'ReferenceNotFound',
      message: expect.stringMatching(/spec\.serving\.triggers\.dapr\[0\]: Component "cronn" does not exist/),
    });
    const again = planWith([], status).status;
    expect(again).toEqual(status);
    const back = planWith([{ ...CRONN, spec: { type: 'bindings.cron' } }], status).status;
    expect([back?.state, back?.message, readyOf(back)?.status]).toEqual(['Running', 'Running', 'True']);
    expect(readyOf(planWith([], back).status)?.reason).toBe('ReferenceNotFound');
  });

  it('wakes the function when it comes and when it goes', () => {
    const servings = new Store();
    const serving = makeServing(MISSPELT);
    servings.put({ ...serving, metadata: { ...serving.metadata, resourceVersion: '1' } });
    const world = { store: () => servings } as unknown as World;
    const wakes = watches.find(({ kind }) => kind === DAPR_COMPONENT)?.wakes;
    if (typeof wakes !== 'function') throw new Error('no mapping');
    const woken = (['added', 'deleted'] as const).map((type) => wakes({ type, object: CRONN }, world).length);
    expect(woken).toEqual([1, 1]);
  });
});
