import {
  DAPR_COMPONENT,
  DEPLOYMENT,
  GATEWAY,
  type Kind,
  KNATIVE_SERVICE,
  type KubeObject,
  kindId,
  LABEL,
  ownerReference,
  POD,
  SCALED_OBJECT,
  SERVING,
  type Serving,
  type ServingSpec,
} from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { type Change, Store } from '@openfunction/kube';
import { describe, expect, it } from 'vitest';
import { watches } from './watches.ts';

function makeServing(state?: string, spec: Partial<ServingSpec> = {}): Serving {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Serving',
    metadata: { name: 'serving-a', namespace: 'ns', uid: 'uid-s', resourceVersion: '1' },
    spec: { image: 'i', ...spec },
    ...(state !== undefined && { status: { state } }),
  };
}

/** How many Servings a change of this kind wakes; `view` picks one of two watches. */
function woken(kind: Kind, serving: Serving, change: Partial<Change> & { object: KubeObject }, view?: string): number {
  const store = new Store();
  store.put(serving);
  const world = {
    store: (asked: Kind) => (kindId(asked) === kindId(SERVING) ? store : new Store()),
  } as unknown as World;
  const watch = watches.find((each) => kindId(each.kind) === kindId(kind) && each.view === view);
  if (typeof watch?.wakes !== 'function') throw new Error(`${kindId(kind)} has no mapping`);
  const type = change.old === undefined ? 'added' : 'updated';
  return watch.wakes({ type, ...change }, world).length;
}

const child = (kind: Kind, status: object, more: object = {}): KubeObject => ({
  apiVersion: `${kind.group}/${kind.versions[0]}`,
  kind: kind.kind,
  metadata: { name: 'c', namespace: 'ns', generation: 1, ownerReferences: [ownerReference(makeServing())], ...more },
  status,
});
const ready = (status: string, more: object = {}) => ({ conditions: [{ type: 'Ready', status }], ...more });

describe('a child', () => {
  const replicas = (readyReplicas: number) => child(DEPLOYMENT, { observedGeneration: 1, readyReplicas });

  it('that appears wakes its Serving, and nobody when that is not there', () => {
    expect(woken(DEPLOYMENT, makeServing(), { object: replicas(0) })).toBe(1);
    const stranger = { ...makeServing(), metadata: { ...makeServing().metadata, name: 'serving-b' } };
    expect(woken(DEPLOYMENT, stranger, { object: replicas(0) })).toBe(0);
  });

  it('that scales wakes nobody while its function runs; down to nothing does, and so does drift', () => {
    const change = (from: KubeObject, object: KubeObject, state: string) =>
      woken(DEPLOYMENT, makeServing(state), { object, old: from });
    expect(change(replicas(2), replicas(5), 'Running')).toBe(0);
    expect(change(replicas(1), replicas(0), 'Running')).toBe(1);
    expect(change(replicas(1), child(DEPLOYMENT, replicas(1)['status'], { generation: 2 }), 'Running')).toBe(1);
  });

  it('that starts wakes its Serving when it is there or in trouble, not at each step on its way', () => {
    const change = (from: KubeObject, object: KubeObject) =>
      woken(DEPLOYMENT, makeServing('Starting'), { object, old: from });
    const counted = (ready: number, conditions: object[] = []) => {
      const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: ready, availableReplicas: ready };
      return child(DEPLOYMENT, { observedGeneration: 1, ...counts, conditions });
    };
    const progress = { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' };
    const unavailable = { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable' };
    const failure = (message: string) => ({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message });
    expect(change(child(DEPLOYMENT, {}), counted(0, [progress, unavailable]))).toBe(0);
    expect(change(counted(0), counted(1, [{ type: 'Available', status: 'True' }]))).toBe(1);
    expect(change(counted(0), counted(0, [failure('quota')]))).toBe(1);
    expect(change(counted(0, [failure('quota')]), counted(0, [failure('security')]))).toBe(1);
    expect(change(counted(0), counted(0, [{ ...progress, status: 'False' }]))).toBe(1);
    const annotations = { 'deployment.kubernetes.io/revision': '1' };
    expect(change(counted(0), child(DEPLOYMENT, counted(0)['status'], { annotations }))).toBe(0);
  });

  it('of KEDA that notes when it was active wakes nobody', () => {
    const old = child(SCALED_OBJECT, ready('True', { lastActiveTime: '1' }));
    const same = child(SCALED_OBJECT, ready('True', { lastActiveTime: '2' }));
    expect(woken(SCALED_OBJECT, makeServing('Running'), { object: same, old })).toBe(0);
    expect(woken(SCALED_OBJECT, makeServing('Running'), { object: child(SCALED_OBJECT, ready('False')), old })).toBe(1);
  });

  it('that was given to somebody else wakes the Serving that has lost it', () => {
    const old = child(KNATIVE_SERVICE, ready('True'));
    const object = { ...old, metadata: { ...old.metadata, ownerReferences: [] } };
    expect(woken(KNATIVE_SERVICE, makeServing('Running'), { object, old })).toBe(1);
  });
});

describe('a pod', () => {
  const pod = (label: string, containerStatus: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', labels: { [label]: 'serving-a' } },
    spec: { containers: [{ name: 'function' }] },
    status: { phase: 'Running', containerStatuses: [{ name: 'function', ...containerStatus }] },
  });
  const well = { ready: true, restartCount: 0, state: { running: { startedAt: '2020-01-01T00:00:00Z' } } };
  const crashed = { ready: false, restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } };

  it('that comes and goes with the load wakes nobody; one in trouble does', () => {
    const object = pod(LABEL.serving, well);
    expect(woken(POD, makeServing('Running'), { object })).toBe(0);
    expect(woken(POD, makeServing('Running'), { object, type: 'deleted' })).toBe(0);
    expect(woken(POD, makeServing('Starting'), { object })).toBe(1);
    expect(woken(POD, makeServing('Starting'), { object: { ...object, status: { phase: 'Pending' } } })).toBe(0);
    expect(woken(POD, makeServing('Running'), { object: pod(LABEL.serving, crashed), old: object })).toBe(1);
    expect(woken(POD, makeServing('Starting'), { object, old: object })).toBe(0);
  });

  it('that goes wakes a function that is held up: that may be over with it', () => {
    const serving = makeServing('Running');
    const conditions = [{ type: 'Ready', status: 'Unknown', reason: 'NotReady', message: 'no answer' }];
    const heldUp = { ...serving, status: { ...serving.status, conditions } } as typeof serving;
    expect(woken(POD, heldUp, { object: pod(LABEL.serving, crashed), type: 'deleted' })).toBe(1);
  });

  it('of a proxy is found by its own label', () => {
    expect(woken(POD, makeServing('Starting'), { object: pod(LABEL.proxy, crashed) }, 'proxy')).toBe(1);
    expect(woken(POD, makeServing('Starting'), { object: pod(LABEL.proxy, crashed) })).toBe(0);
  });
});

describe('what others make', () => {
  const component = (name: string, type = 'bindings.kafka'): KubeObject => ({
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name, namespace: 'ns' },
    spec: { type },
  });
  const user = makeServing('Failed', { outputs: [{ dapr: { name: 'orders' } }] });

  it('wakes a Serving that speaks of the Component, when it comes or its type changes', () => {
    expect(woken(DAPR_COMPONENT, user, { object: component('orders') })).toBe(1);
    expect(woken(DAPR_COMPONENT, user, { object: component('other') })).toBe(0);
    expect(woken(DAPR_COMPONENT, user, { object: component('orders'), old: component('orders') })).toBe(0);
    expect(woken(DAPR_COMPONENT, user, { object: component('orders'), old: component('orders', 'x') })).toBe(1);
  });

  it('wakes the users of a Gateway whose hosts they need', () => {
    const metadata = { name: 'openfunction', namespace: 'openfunction' };
    const object = {
      apiVersion: 'networking.openfunction.io/v1alpha1',
      kind: 'Gateway',
      metadata,
      spec: { domain: 'a' },
    };
    const http = makeServing('Running', { triggers: { http: { engine: 'keda' } } });
    expect(woken(GATEWAY, http, { object })).toBe(1);
    expect(woken(GATEWAY, http, { object, old: { ...object, spec: { domain: 'a' } } })).toBe(0);
    expect(woken(GATEWAY, makeServing('Running', { triggers: { http: {} } }), { object })).toBe(0);
  });
});
