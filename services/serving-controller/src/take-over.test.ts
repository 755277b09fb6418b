import {
  type Kind,
  KNATIVE_SERVICE,
  type KubeObject,
  kindId,
  ownerReference,
  RESOURCE_REF,
  type Serving,
} from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { Store } from '@openfunction/kube';
import { describe, expect, it } from 'vitest';
import { observe } from './observe.ts';
import { DEFAULT_CONFIG } from './operator-config.ts';
import { planServing } from './plan.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const LEFT = 'serving-a-ksvc-5w8rd';

function makeServing(recorded?: string): Serving {
  const resourceRef: Record<string, string> = recorded === undefined ? {} : { [RESOURCE_REF.knativeService]: recorded };
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Serving',
    metadata: { name: 'serving-a', namespace: 'ns', uid: 'uid-s', creationTimestamp: '2024-01-01T12:00:00Z' },
    spec: { image: 'acme/fn:v1', triggers: { http: { port: 8080 } } },
    status: { state: 'Running', resourceRef },
  };
}

function left(name: string): KubeObject {
  const template = {
    metadata: { name: `${name}-latest` },
    spec: { containers: [{ name: 'function', image: 'as-it-was' }] },
  };
  const metadata = {
    name,
    namespace: 'ns',
    uid: `uid-${name}`,
    resourceVersion: '1',
    ownerReferences: [ownerReference(makeServing())],
  };
  return { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata, spec: { template } };
}

async function look(serving: Serving, ...services: KubeObject[]) {
  const stores = new Map<string, Store>();
  const store = (kind: Kind, view = '') => {
    const key = `${kindId(kind)}${view}`;
    const known = stores.get(key) ?? new Store();
    stores.set(key, known);
    return known;
  };
  for (const service of services) store(KNATIVE_SERVICE).put(service);
  const known = { hasField: async () => true, prune: async (_kind: Kind, object: object) => ({ object, left: [] }) };
  const world = { store, served: () => true, ...known } as unknown as World;
  const seen = await observe(serving, world, {
    operatorConfig: { read: async () => DEFAULT_CONFIG },
    clusterDomain: 'cluster.local',
  });
  const { apply, remove } = planServing(seen, NOW);
  return { workload: apply[0], removed: remove.map(({ metadata }) => metadata.name) };
}

describe('a workload that the Go operator left', () => {
  it('keeps its template, so that nothing is restarted, and gets our labels and owner', async () => {
    const { workload, removed } = await look(makeServing(LEFT), left(LEFT));
    expect(workload?.['spec']).toEqual(left(LEFT)['spec']);
    expect(workload?.metadata).toMatchObject({ name: LEFT, labels: { 'openfunction.io/serving': 'serving-a' } });
    expect(removed).toEqual([]);
  });

  it('is found by its owner when there was no time to record it: no second one is made', async () => {
    const { workload } = await look(makeServing(), left(LEFT));
    expect(workload?.metadata.name).toBe(LEFT);
    expect(workload?.['spec']).toEqual(left(LEFT)['spec']);
  });

  it('is made as we make it when it is gone', async () => {
    const { workload } = await look(makeServing(LEFT));
    expect(workload?.metadata.name).toBe(LEFT);
    expect(workload?.['spec'].template.spec.containers[0].image).toBe('acme/fn:v1');
  });

  it('does not stand for one of ours, whose drift is put right', async () => {
    const { workload: wanted } = await look(makeServing());
    const ours = left(wanted?.metadata.name ?? '');
    const { workload, removed } = await look(makeServing(), ours, left(LEFT));
    expect(workload?.metadata.name).toBe(wanted?.metadata.name);
    expect(workload?.['spec'].template.spec.containers[0].image).toBe('acme/fn:v1');
    expect(removed).toEqual([LEFT]);
  });
});
