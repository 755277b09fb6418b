import type { KubeObject, Serving, ServingSpec, ServingStatus } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import type { ServingSeen } from '../observe.ts';
import { planServing } from '../plan.ts';
import { asStored, component, make, makeInput, makeServing } from '../testdata/serving.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const MADE = '2026-01-01T09:00:00Z';
const RAN: ServingStatus = { state: 'Running', readyTime: '2026-01-01T09:01:00Z' };
const ASYNC: Partial<ServingSpec> = {
  timeout: '5m',
  triggers: { dapr: [{ name: 'in', type: 'bindings.kafka' }] },
  bindings: { in: component('bindings.kafka') },
  scaleOptions: { minReplicas: 0, keda: { triggers: [{ type: 'kafka', metadata: {} }] } },
};
const HTTP: Partial<ServingSpec> = {
  timeout: '5m',
  triggers: { http: { port: 8080, engine: 'keda', route: { hostnames: ['a.example.com'] } } },
  scaleOptions: { keda: { httpScaledObject: { targetPendingRequests: 5 } } },
};

/** What a version is made of that stands like this, at zero, as its scaler may have it. */
function asleep(spec: Partial<ServingSpec>, status: ServingStatus | undefined, manager?: string): KubeObject[] {
  return make(makeServing(spec, status === undefined ? {} : { status })).map((object) =>
    asStored(object, (copy) => {
      copy.metadata.creationTimestamp = MADE;
      copy.metadata.generation = 1;
      copy['status'] = { observedGeneration: 1, conditions: [{ type: 'Ready', status: 'True' }] };
      if (copy.kind === 'Deployment') copy['spec'].replicas = 0;
      if (manager !== undefined) copy.metadata.managedFields = [{ manager, operation: 'Update' }];
    }),
  );
}

function plan(serving: Serving, owned: KubeObject[]) {
  const seen: ServingSeen = {
    input: makeInput(serving, { owned }),
    owned,
    missing: [],
    revisions: [],
    autoscalers: [],
    pods: [],
    proxyPods: [],
    logs: new Map(),
  };
  return planServing(seen, NOW);
}

describe('a status that was emptied by hand', () => {
  it.each([
    ['by events', ASYNC],
    ['by the HTTP add-on', HTTP],
  ])('of a function that sleeps at zero is not the end of it: scaled %s', (_case, spec) => {
    const { status, apply, remove } = plan(makeServing(spec), asleep(spec, RAN));
    expect([status?.state, remove]).toEqual(['Running', []]);
    expect(status?.readyTime).toBe('2026-01-01T12:00:00Z');
    expect(apply).toEqual(make(makeServing(spec, { status: RAN })));
  });

  it.each<[string, KubeObject[], ServingStatus | undefined]>([
    ['it is held at one', asleep(ASYNC, undefined), undefined],
    ['the scaler is the Go operator’s', asleep(ASYNC, RAN, 'manager'), undefined],
    ['the status says that it starts', asleep(ASYNC, RAN), { state: 'Starting', conditions: [] }],
  ])('is not taken for lost where %s', (_case, owned, status) => {
    const serving = makeServing(ASYNC, status === undefined ? {} : { status });
    expect(plan(serving, owned).status?.state).toBe('Timeout');
  });
});
