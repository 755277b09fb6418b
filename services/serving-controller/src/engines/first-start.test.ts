import type { KubeObject, Serving, ServingSpec, ServingStatus } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { planServing } from '../plan.ts';
import { asStored, component, make, makeInput, makeServing } from '../testdata/serving.ts';

// A version that has never run is held at one replica by its scalers; when it has, they get the user's own numbers.

const NOW = new Date('2026-01-01T12:00:05Z');
const TRIGGERS = [{ type: 'kafka', metadata: { topic: 't' } }];
const EVENT = { triggers: { dapr: [{ name: 'in' }] }, bindings: { in: component('bindings.kafka') } };
const events = (minReplicas?: number, more: object = {}) => ({
  ...EVENT,
  ...more,
  scaleOptions: { ...(minReplicas !== undefined && { minReplicas }), keda: { triggers: TRIGGERS } },
});
const http = (minReplicas?: number) => ({
  triggers: { http: { port: 8080, engine: 'keda' } },
  scaleOptions: { ...(minReplicas !== undefined && { minReplicas }), keda: {} },
});

const AVAILABLE = {
  observedGeneration: 1,
  replicas: 1,
  updatedReplicas: 1,
  readyReplicas: 1,
  availableReplicas: 1,
  conditions: [{ type: 'Available', status: 'True' }],
};
const READY = { conditions: [{ type: 'Ready', status: 'True' }] };

function servingOf(spec: Partial<ServingSpec>, status?: ServingStatus): Serving {
  const serving = makeServing(spec, status === undefined ? {} : { status });
  const metadata = { ...serving.metadata, generation: 1, creationTimestamp: '2026-01-01T12:00:00Z' };
  return { ...serving, metadata };
}

/** What was made, as it stands in the cluster when its scalers are ready and its workloads have this many replicas. */
function standing(serving: Serving, replicas: 0 | 1): KubeObject[] {
  return make(serving).map((object) =>
    asStored(object, (copy) => {
      copy.metadata.generation = 1;
      const isWorkload = copy.kind === 'Deployment';
      if (isWorkload) copy['spec'].replicas = replicas;
      copy['status'] = !isWorkload ? READY : replicas === 1 ? AVAILABLE : { observedGeneration: 1 };
    }),
  );
}

function plan(serving: Serving, owned: KubeObject[]) {
  const nothing = { missing: [], revisions: [], autoscalers: [], pods: [], proxyPods: [], logs: new Map() };
  return planServing({ ...nothing, input: makeInput(serving, { owned }), owned }, NOW);
}

/** The fewest replicas that each scaler is told: that of the function first, then that of the Dapr proxy. */
function fewest(objects: readonly KubeObject[]): unknown[] {
  return objects.flatMap(({ kind, spec }) => {
    if (kind === 'HTTPScaledObject') return [spec.replicas?.min];
    return kind === 'ScaledObject' ? [spec.minReplicaCount] : [];
  });
}

describe('the first start of a version that may go to zero', () => {
  it.each<[string, Partial<ServingSpec>, unknown[], unknown[]]>([
    ['event-driven, and its Dapr proxy', events(0), [1, 1], [0, 0]],
    ['event-driven, with the default of KEDA', events(), [1, 1], [undefined, 0]],
    ['event-driven, as a StatefulSet', events(0, { workloadType: 'StatefulSet' }), [1, 1], [0, 0]],
    ['event-driven, with more than one asked for', events(3), [3], [3]],
    ['a ScaledJob makes no replicas: its proxy alone is held', events(0, { workloadType: 'Job' }), [1], [0]],
    ['by requests', http(0), [1], [0]],
    ['by requests, with the default of KEDA', http(), [1], [0]],
    ['by requests, with more than one asked for', http(2), [2], [2]],
  ])('%s', (_which, spec, held, released) => {
    expect(fewest(make(servingOf(spec)))).toEqual(held);
    expect(fewest(make(servingOf(spec, { readyTime: '2026-01-01T12:00:01Z' })))).toEqual(released);
    expect(fewest(make(servingOf(spec, { state: 'Running' }))), 'as the Go operator left it').toEqual(released);
  });

  it.each<[string, Partial<ServingSpec>]>([
    ['event-driven', events(0)],
    ['by requests', http(0)],
  ])('is over when it has run, not when it is at zero: %s', (_which, spec) => {
    const fresh = servingOf(spec);
    expect(plan(fresh, standing(fresh, 0)).status?.state).toBe('Starting');
    const first = plan(fresh, standing(fresh, 1));
    expect(first.status?.state).toBe('Running');
    expect(first.wakeAt?.getTime(), 'its own status wakes nobody').toBeGreaterThan(NOW.getTime());
    const running = servingOf(spec, first.status);
    const then = plan(running, standing(fresh, 0));
    expect([then.status?.state, then.wakeAt]).toEqual(['Running', undefined]);
    expect(new Set(fewest(then.apply))).toEqual(new Set([0]));
  });

  it('that is not there yet is not looked at again and again', () => {
    const fresh = servingOf(events(0), { state: 'Starting' });
    expect(plan(fresh, standing(fresh, 0)).wakeAt?.getTime() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(
      NOW.getTime() + 5_000,
    );
  });
});
