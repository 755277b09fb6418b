/** A Serving and what it is made of, on a real API server: all of it made, kept as wanted, followed, and taken away. */
import {
  CONFIG_MAP,
  CRD,
  DAPR_COMPONENT,
  DEPLOYMENT,
  EVENT,
  type Kind,
  KNATIVE_SERVICE,
  type KubeObject,
  kindId,
  LABEL,
  POD,
  SCALED_OBJECT,
  SERVING,
  type Serving,
  type ServingSpec,
} from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
import { applyManifests } from '@openfunction/local';
import {
  type ControllerWorld,
  freshNamespace,
  hasControllerWorld,
  isOurs,
  type Outcome,
  readAuditLog,
  type System,
  startControllerWorld,
  waitFor,
} from '@openfunction/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const OPERATOR = 'openfunction';
const HTTP = { triggers: { http: { port: 8080 } } };
const REDIS = { type: 'redis', metadata: { address: 'redis:6379', listName: 'orders', listLength: '5' } };
const COMPONENT = { type: 'bindings.redis', version: 'v1', metadata: [] };
/** Event-driven, with a Dapr proxy: two Deployments, a scaler for each, one Component. */
const ASYNC = {
  triggers: { dapr: [{ name: 'orders' }] },
  bindings: { orders: COMPONENT },
  scaleOptions: { maxReplicas: 3, keda: { triggers: [REDIS] } },
};
const MADE: readonly (readonly [Kind, number])[] = [
  [DAPR_COMPONENT, 1],
  [DEPLOYMENT, 2],
  [SCALED_OBJECT, 2],
];

describe.skipIf(!(await hasControllerWorld()))('a Serving', () => {
  let world: ControllerWorld;
  let system: System;
  let client: KubeClient;
  let namespace: string;
  let outcome: (object: KubeObject) => Outcome | undefined = () => ({ ok: true });

  beforeAll(async () => {
    world = await startControllerWorld({ outcome: (object) => outcome(object) });
    client = world.client;
    system = await world.startSystem({ services: ['serving-controller'], replicas: 1 });
  });

  beforeEach(async () => {
    namespace = await freshNamespace(client);
    outcome = () => ({ ok: true });
  });

  afterAll(async () => {
    await world?.stop();
  });

  it('of an event-driven function runs when its pods are ready and KEDA has taken its scalers up', async () => {
    await apply(ASYNC);
    await allMade();
    await started();
    await untilState('Starting');
    await takeUpScalers();
    const { status } = await untilState('Running');
    expect(Object.keys(status?.resourceRef ?? {}).sort()).toEqual([
      'Async/scaler',
      'Async/workload',
      'dapr-proxy',
      'dapr.io/component',
    ]);
    expect(status?.readyTime).toBeDefined();
  });

  it('puts right what others change or delete', async () => {
    await apply(ASYNC);
    await allMade();
    const [scaler] = await list(SCALED_OBJECT);
    const [deployment] = await list(DEPLOYMENT);
    await client.delete(SCALED_OBJECT, scaler?.metadata as { name: string });
    const patch = { metadata: { labels: { [LABEL.version]: 'mine' } } };
    await client.patch(DEPLOYMENT, deployment?.metadata as { name: string }, patch);
    await waitFor('both are as they were', async () => {
      const again = await client.get(SCALED_OBJECT, scaler?.metadata as { name: string });
      const mended = await client.get(DEPLOYMENT, deployment?.metadata as { name: string });
      expect(again?.metadata.uid).not.toBe(scaler?.metadata.uid);
      expect(mended?.metadata.labels).toEqual(deployment?.metadata.labels);
      return true;
    });
  });

  it('takes a change of its scaling in place: the same names, no other workload', async () => {
    await apply(ASYNC);
    await allMade();
    const before = await list(DEPLOYMENT);
    await apply({ ...ASYNC, scaleOptions: { ...ASYNC.scaleOptions, maxReplicas: 7 } });
    await waitFor('the scaler has the new limit', async () =>
      (await list(SCALED_OBJECT)).some((scaler) => scaler['spec'].maxReplicaCount === 7),
    );
    const { scaleOptions: _scaled, ...unscaled } = ASYNC;
    await apply(unscaled);
    await waitFor('the scalers are gone', async () => (await list(SCALED_OBJECT)).length === 0);
    const after = await list(DEPLOYMENT);
    expect(after.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid));
    expect(after.map(({ spec }) => spec.template)).toEqual(before.map(({ spec }) => spec.template));
  });

  it('that never runs is given up in time: everything is removed, and why is said', async () => {
    await apply({ ...ASYNC, timeout: '4s' });
    await allMade();
    await waitFor('there is a pod', async () => (await pods()).length === 2);
    for (const pod of await pods()) await holdPod(pod, 'ImagePullBackOff');
    const { status } = await untilState('Timeout');
    expect(status?.message).toMatch(/\(4s\).*Change the Function.*cannot be pulled/);
    await waitFor('nothing is left', async () => {
      for (const [kind] of MADE) expect(await list(kind)).toEqual([]);
      return (await pods()).length === 0;
    });
    await client.patch(SERVING, { namespace, name: 'serving-a' }, { spec: { timeout: '5m' } });
    await allMade();
    const again = await untilState('Starting');
    expect(JSON.stringify(again.status)).not.toContain('did not run');
  });

  it('names what a pod is in', async () => {
    await apply(ASYNC);
    await waitFor('there is a pod', async () => (await pods(LABEL.serving)).length === 1);
    const [pod] = await pods(LABEL.serving);
    await holdPod(pod as KubeObject, 'ImagePullBackOff');
    expect((await untilState('Failed')).status).toMatchObject({
      reason: 'ImagePullFailed',
      message: expect.stringMatching(/^Deployment \S+: image acme\/fn:v1 .* Check the name in spec\.image/),
    });
    await holdPod(pod as KubeObject, 'CreateContainerConfigError', 'secret "db" not found');
    await untilReady('CreateContainerConfigError', /secret "db" not found/);
  });

  it('names the quota that leaves no room', async () => {
    const metadata = { namespace, name: 'tight' };
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: '0' } } };
    await applyManifests(client, [quota], { fieldManager: 'kubectl' });
    await apply(ASYNC);
    await untilReady('QuotaExceeded', /tight, requested: pods=1.*raise the quota/);
  });

  it('waits for a kind that is not installed, makes nothing by halves, and goes on within seconds', async () => {
    const crd = await client.get(CRD, { name: kindId(DAPR_COMPONENT) });
    await client.delete(CRD, { name: kindId(DAPR_COMPONENT) });
    try {
      await waitFor('the kind is gone', () =>
        client.list(DAPR_COMPONENT).then(
          () => false,
          () => true,
        ),
      );
      await apply(ASYNC);
      await untilReady('DependencyMissing', /^Dapr is not installed: Component/);
      expect([...(await list(DEPLOYMENT)), ...(await list(SCALED_OBJECT))]).toEqual([]);
    } finally {
      const fresh = { ...crd, metadata: { name: kindId(DAPR_COMPONENT) }, status: undefined } as unknown as KubeObject;
      await applyManifests(client, [fresh], { fieldManager: 'openfunction-test' });
    }
    await allMade();
  });

  it('never takes a Knative Service that somebody else owns, and goes on when that is gone', async () => {
    await apply(HTTP);
    await untilState('Running');
    const [service] = await list(KNATIVE_SERVICE);
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'stranger' } };
    const [stranger] = await applyManifests(client, [map], { fieldManager: 'kubectl' });
    const { uid } = stranger?.metadata ?? {};
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'stranger', uid, controller: true };
    const patch = { metadata: { ownerReferences: [owner], labels: { [LABEL.serving]: null } } };
    await client.patch(KNATIVE_SERVICE, service?.metadata as { name: string }, patch);
    await untilReady('NameTaken', /belongs to ConfigMap "stranger"/);
    await client.delete(KNATIVE_SERVICE, service?.metadata as { name: string });
    await untilState('Running');
  });

  it('fails in the words of the API server where a child is refused, and leaves nothing behind', async () => {
    const volumeMounts = [{ name: 'nowhere', mountPath: '/data' }];
    await apply({ ...ASYNC, template: { containers: [{ name: 'function', volumeMounts }] } });
    await untilReady('ChildRefused', /volumeMounts\[0\]\.name.*nowhere/);
    await waitFor('it was tried again', async () => (await refusals()) >= 2);
    for (const [kind] of MADE) expect(await list(kind)).toEqual([]);
  });

  it('follows the ConfigMap of the operator, and keeps what it said last of a key that is broken, over a restart', async () => {
    await apply(ASYNC);
    await allMade();
    const image = async () =>
      (await list(DEPLOYMENT)).find(({ metadata }) => metadata.labels?.[LABEL.proxy] !== undefined)?.['spec'].template
        .spec.containers[0].image;
    await configure({ 'openfunction.dapr-proxy.image': 'acme/proxy:v9' });
    await waitFor('the proxy has the new image', async () => (await image()) === 'acme/proxy:v9');
    await configure({ 'openfunction.dapr-proxy.image': 'acme/proxy v9' });
    await waitFor('an Event says what is wrong', async () => {
      const { items } = await client.list(EVENT, { namespace: OPERATOR });
      return items.some(({ note, regarding }) => regarding?.kind === 'ConfigMap' && /dapr-proxy\.image/.test(note));
    });
    expect(await image()).toBe('acme/proxy:v9');
    for (const replica of system.replicas.keys()) await system.kill(replica);
    const proxy = (await list(DEPLOYMENT)).find(({ metadata }) => metadata.labels?.[LABEL.proxy] !== undefined);
    await client.delete(DEPLOYMENT, proxy?.metadata as { name: string });
    await waitFor(
      'a replica that has never seen the good value makes it anew',
      async () => (await image()) !== undefined,
    );
    expect(await image()).toBe('acme/proxy:v9');
  });

  const refusals = async (): Promise<number> => {
    const events = await readAuditLog(world.cluster.auditLogFile);
    const refused = events.filter(({ responseStatus }) => responseStatus?.code === 422);
    return refused.filter((event) => isOurs(event) && event.objectRef?.namespace === namespace).length;
  };

  const apply = async (spec: Partial<ServingSpec>): Promise<void> => {
    const serving: Serving = {
      apiVersion: 'core.openfunction.io/v1beta2',
      kind: 'Serving',
      metadata: { namespace, name: 'serving-a', labels: { [LABEL.function]: 'fn' } },
      spec: { image: 'acme/fn:v1', version: 'v1.0.0', ...spec },
    };
    await client.apply(SERVING, serving, { fieldManager: 'test', force: true });
  };

  const list = async (kind: Kind): Promise<KubeObject[]> =>
    (await client.list(kind, { namespace })).items.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

  const pods = async (label: string = LABEL.managed): Promise<KubeObject[]> =>
    (await client.list(POD, { namespace, labelSelector: label })).items.filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    );

  const allMade = () =>
    waitFor('all objects are made', async () => {
      for (const [kind, count] of MADE) expect(await list(kind)).toHaveLength(count);
      return true;
    });

  /** Plays the kubelet: every container runs, long enough to be believed. */
  const started = async (): Promise<void> => {
    await waitFor('there are pods', async () => (await pods()).length === 2);
    const startedAt = new Date(Date.now() - 60_000).toISOString();
    for (const pod of await pods()) {
      await setStatus(pod, {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: pod['spec'].containers.map(({ name, image }: { name: string; image: string }) => ({
          ...{ name, image, imageID: image, ready: true, restartCount: 0, started: true },
          state: { running: { startedAt } },
        })),
      });
    }
  };

  /** Plays the kubelet: the containers do not come up. */
  const holdPod = (pod: KubeObject, reason: string, message = 'not found'): Promise<unknown> =>
    setStatus(pod, {
      phase: 'Pending',
      containerStatuses: pod['spec'].containers.map(({ name, image }: { name: string; image: string }) => ({
        ...{ name, image, imageID: '', ready: false, restartCount: 0 },
        state: { waiting: { reason, message } },
      })),
    });

  const setStatus = (pod: KubeObject, status: object): Promise<unknown> =>
    client.patch(POD, pod.metadata, { status }, { subresource: 'status' });

  /** Plays KEDA. */
  const takeUpScalers = async (): Promise<void> => {
    const status = { conditions: [{ type: 'Ready', status: 'True', reason: 'ScaledObjectReady', message: '' }] };
    for (const { metadata } of await list(SCALED_OBJECT))
      await client.patch(SCALED_OBJECT, metadata, { status }, { subresource: 'status' });
  };

  const configure = (data: Record<string, string>): Promise<unknown> =>
    client.patch(CONFIG_MAP, { namespace: OPERATOR, name: 'openfunction-config' }, { data });

  const serving = async (): Promise<Serving> =>
    (await client.get(SERVING, { namespace, name: 'serving-a' })) as Serving;

  const untilState = (state: string): Promise<Serving> =>
    waitFor(`the Serving is ${state}`, async () => {
      const found = await serving();
      expect(found.status?.state, JSON.stringify(found.status)).toBe(state);
      return found;
    });

  const untilReady = (reason: string, message: RegExp): Promise<Serving> =>
    waitFor(`the Serving says ${reason}`, async () => {
      const found = await serving();
      const ready = found.status?.conditions?.find(({ type }) => type === 'Ready');
      expect(ready?.reason, JSON.stringify(found.status)).toBe(reason);
      expect(ready?.message).toMatch(message);
      return found;
    });
});
