import { KNATIVE_SERVICE, type KubeObject, ownerReference, RESOURCE_REF, type Serving } from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { Store } from '@openfunction/kube';
import { describe, expect, it } from 'vitest';
import { makeKnativeService } from './engines/knative/make.ts';
import { observe } from './observe.ts';
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

function look(serving: Serving, ...services: KubeObject[]) {
  const store = new Store();
  for (const service of services) store.put(service);
  const world = { store: () => store, served: (kind: unknown) => kind === KNATIVE_SERVICE } as unknown as World;
  const seen = observe(serving, world);
  const [workload] = planServing(seen, NOW).apply;
  return { seen, workload };
}

describe('a workload that the Go operator left', () => {
  it('keeps its template, so that nothing is restarted, and gets our labels and owner', () => {
    const { workload } = look(makeServing(LEFT), left(LEFT));
    expect(workload?.['spec']).toEqual(left(LEFT)['spec']);
    expect(workload?.metadata).toEqual(makeKnativeService(makeServing(LEFT)).metadata);
  });

  it('is found by its owner when there was no time to record it: no second one is made', () => {
    const { seen, workload } = look(makeServing(), left(LEFT));
    expect(seen.knativeService?.metadata.name).toBe(LEFT);
    expect(workload?.metadata.name).toBe(LEFT);
    expect(workload?.['spec']).toEqual(left(LEFT)['spec']);
  });

  it('is made as we make it when it is gone', () => {
    const { workload } = look(makeServing(LEFT));
    expect(workload).toEqual(makeKnativeService(makeServing(LEFT)));
  });

  it('does not stand for one of ours, whose drift is put right', () => {
    const wanted = makeKnativeService(makeServing());
    const ours = left(wanted.metadata.name);
    for (const recorded of [undefined, wanted.metadata.name]) {
      expect(look(makeServing(recorded), ours, left(LEFT)).workload).toEqual(wanted);
    }
  });
});
