import {
  CRD,
  DAPR_COMPONENT,
  DEPLOYMENT,
  EVENT,
  type Function,
  HTTP_SCALED_OBJECT,
  KNATIVE_REVISION,
  KNATIVE_SERVICE,
  type KubeObject,
  LABEL,
  POD,
  SCALED_OBJECT,
} from '@openfunction/api';
import { applyManifests } from '@openfunction/local';
import { applyFunction, sketchFunction, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectWorld, type RealWorld, SKIPPED } from './real-world.ts';

// What goes wrong with functions that are to run, and what `kubectl get fn` and `kubectl describe fn` then say: object, cause, next step.

/** From when a neighbour, the pod or the API server shows it until the Function says it. */
const SAID_WITHIN_MS = 10_000;

interface Fault {
  name: string;
  /** Over the fields of `spec.serving` of a function on Knative. */
  serving?: Record<string, unknown> | (() => Record<string, unknown>);
  labels?: Record<string, string>;
  /** What is in the namespace before the Function. */
  prepare?: (namespace: string) => Promise<unknown>;
  /** What happens to what the Function has become. */
  strike?: (namespace: string) => Promise<unknown>;
  /** A word in the status of a Revision, Deployment, scaler or pod, or in an Event; without it, it shows once it has been struck. */
  shown?: RegExp;
  /** How long that takes by itself, e.g. until a time limit is over. */
  laterMs?: number;
  /** In the column REASON of `kubectl get fn`. */
  reason: string;
  object: RegExp;
  cause: RegExp;
  next: RegExp;
  /** Sets right what the test broke for others, whatever has come of the test. */
  mend?: () => Promise<unknown>;
  /** That the Function goes on by itself once that is done. */
  recovers?: (namespace: string) => Promise<unknown>;
}

/** An event-driven function that runs by the clock; without Dapr, which nobody injects here. */
const CRON = {
  triggers: { dapr: [{ name: 'clock', type: 'bindings.cron' }] },
  bindings: { clock: { type: 'bindings.cron', version: 'v1', metadata: [{ name: 'schedule', value: '@every 2s' }] } },
  annotations: { 'openfunction.io/enable-dapr': 'false' },
};

const HTTP_SCALED_OBJECTS = 'httpscaledobjects.http.keda.sh';

describe.skipIf(SKIPPED !== '')(`a fault in serving${SKIPPED}`, () => {
  let world: RealWorld;
  const table: string[][] = [];

  beforeAll(async () => {
    world = await connectWorld();
  });

  afterAll(async () => {
    console.log(table.map((row) => row.join(' | ')).join('\n'));
    await world?.stop();
  });

  const podOf = (namespace: string) =>
    world.find(POD, namespace, ({ metadata }) => metadata.labels?.[LABEL.serving] !== undefined);

  const quota = (namespace: string) => {
    const metadata = { namespace, name: 'tight' };
    const object = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: '0' } } };
    return applyManifests(world.client, [object], { fieldManager: 'kubectl' });
  };

  /** Of a Redis that asks for a password. */
  const redisTrigger = (authentication?: string) => ({
    type: 'redis',
    metadata: { address: new URL(world.redisUrl).host, listName: 'orders', listLength: '5' },
    ...(authentication !== undefined && { authenticationRef: { name: authentication } }),
  });

  const FAULTS: Fault[] = [
    {
      name: 'image pull',
      strike: async (namespace) =>
        world.kubelet.hold(await podOf(namespace), {
          reason: 'ImagePullBackOff',
          message: 'Back-off pulling image "registry.example.com/acme/resize:v1": not found',
        }),
      reason: 'ImagePullFailed',
      object: /image registry\.example\.com\/acme\/resize:v1 (of|for) container function of pod \S+/,
      cause: /cannot be pulled: it does not exist/,
      next: /Check the name in spec\.image/,
    },
    {
      name: 'crash loop',
      strike: async (namespace) =>
        world.kubelet.crash(await podOf(namespace), 'function', {
          exitCode: 2,
          log: 'starting\npanic: no configuration\ngoroutine 1 [running]:\n',
        }),
      reason: 'CrashLoop',
      object: /container function/,
      cause: /code 2.*panic: no configuration/,
      next: /Correct the function.*kubectl logs -n \S+ \S+ -c function/,
    },
    {
      name: 'wrong port',
      strike: async (namespace) => world.kubelet.serve(await podOf(namespace), ['queue-proxy']),
      reason: 'NotReady',
      object: /pod \S+/,
      cause: /8080/,
      next: /listens there \(spec\.serving\.triggers\.http\.port/,
    },
    {
      name: 'failing probe',
      serving: {
        ...CRON,
        template: { containers: [{ name: 'function', readinessProbe: { httpGet: { path: '/ready', port: 9000 } } }] },
      },
      strike: async (namespace) => world.kubelet.serve(await podOf(namespace), ['function']),
      reason: 'NotReady',
      object: /pod \S+/,
      cause: /:9000\/ready/,
      next: /spec\.serving\.template/,
    },
    {
      name: 'missing CRD',
      serving: {
        triggers: { http: { port: 8080, engine: 'keda', route: { hostnames: ['a.example.com'] } } },
        scaleOptions: { keda: { httpScaledObject: { targetPendingRequests: 5 } } },
      },
      prepare: () => removeHttpScaledObjects(),
      mend: () => applyManifests(world.client, removed.splice(0), { fieldManager: 'openfunction-test' }),
      recovers: (namespace) => world.find(HTTP_SCALED_OBJECT, namespace),
      reason: 'DependencyMissing',
      object: /HTTPScaledObject/,
      cause: /The HTTP add-on of KEDA is not installed: .*httpscaledobjects\.http\.keda\.sh\/v1alpha1.* is not served/,
      next: /Install what is missing/,
    },
    {
      name: 'foreign Knative Service',
      strike: (namespace) => giveAway(namespace),
      reason: 'NameTaken',
      object: /[Ss]ervice \S+-ksvc-\S+/,
      cause: /owne|belong|held/,
      next: /[Dd]elete|[Rr]emove|[Rr]ename/,
    },
    {
      name: 'scaler without auth',
      serving: () => ({ ...CRON, scaleOptions: { keda: { triggers: [redisTrigger()] } } }),
      shown: /NOAUTH/,
      reason: 'ScaledObjectCheckFailed',
      object: /ScaledObject \S+-scaler-\S+/,
      cause: /NOAUTH Authentication required/,
      next: /spec\.serving\.scaleOptions\.keda\.triggers/,
    },
    {
      name: 'authentication that is not there',
      serving: () => ({ ...CRON, scaleOptions: { keda: { triggers: [redisTrigger('keys')] } } }),
      shown: /NOAUTH/,
      reason: 'ReferenceNotFound',
      object: /triggers\[0\]\.authenticationRef: TriggerAuthentication "keys" does not exist in namespace \S+\./,
      cause: /KEDA goes on without it: .*NOAUTH/,
      next: /Correct spec\.serving\.scaleOptions\.keda\.triggers, and the TriggerAuthentication/,
      recovers: (namespace) => authenticate(namespace, 'keys'),
    },
    {
      name: 'unknown trigger type',
      serving: { ...CRON, scaleOptions: { keda: { triggers: [{ type: 'pigeon', metadata: { loft: 'north' } }] } } },
      shown: /ScaledObjectCheckFailed/,
      reason: 'ScaledObjectCheckFailed',
      object: /ScaledObject \S+-scaler-\S+/,
      cause: /no scaler found for type: pigeon/,
      next: /spec\.serving\.scaleOptions\.keda\.triggers/,
    },
    {
      name: 'contradictory component',
      serving: { ...CRON, outputs: [{ dapr: { name: 'orders', type: 'bindings.kafka', operation: 'create' } }] },
      prepare: (namespace) =>
        world.client.create(DAPR_COMPONENT, {
          apiVersion: 'dapr.io/v1alpha1',
          kind: 'Component',
          metadata: { namespace, name: 'orders' },
          spec: { type: 'bindings.redis', version: 'v1', metadata: [] },
        }),
      reason: 'ReferenceNotFound',
      object: /spec\.serving\.outputs\[0\]\.dapr/,
      cause: /"bindings\.kafka" contradicts "bindings\.redis"/,
      next: /component "orders"/,
    },
    {
      name: 'quota',
      prepare: quota,
      shown: /exceeded quota/,
      reason: 'QuotaExceeded',
      object: /ResourceQuota of namespace \S+/,
      cause: /tight, requested: pods=1/,
      next: /raise the quota \(kubectl describe quota/,
    },
    {
      name: 'PodSecurity',
      serving: CRON,
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
      shown: /violates PodSecurity/,
      reason: 'PodSecurity',
      object: /namespace \S+ does not admit/,
      cause: /restricted/,
      next: /spec\.serving\.template/,
    },
    {
      name: 'quota, StatefulSet',
      serving: { ...CRON, workloadType: 'StatefulSet' },
      prepare: quota,
      shown: /in StatefulSet .* exceeded quota/,
      reason: 'QuotaExceeded',
      object: /StatefulSet \S+: a ResourceQuota of namespace \S+/,
      cause: /tight, requested: pods=1/,
      next: /raise the quota \(kubectl describe quota/,
    },
    {
      name: 'PodSecurity, Job',
      serving: { ...CRON, workloadType: 'Job' },
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
      shown: /Error creating: .*violates PodSecurity/,
      reason: 'PodSecurity',
      object: /Job \S+: namespace \S+ does not admit/,
      cause: /restricted/,
      next: /spec\.serving\.template.*kubectl describe job/,
    },
    {
      name: 'unschedulable',
      strike: async (namespace) =>
        world.kubelet.refuse(await podOf(namespace), '0/3 nodes are available: 3 Insufficient cpu.'),
      reason: 'Unschedulable',
      object: /no node takes pod \S+/,
      cause: /Insufficient cpu/,
      next: /Add a node or free one/,
    },
    {
      name: 'timeout',
      serving: { timeout: '8s' },
      strike: async (namespace) =>
        world.kubelet.refuse(await podOf(namespace), '0/3 nodes are available: 3 Insufficient memory.'),
      laterMs: 8_000,
      reason: 'Timeout',
      object: /8s/,
      cause: /Insufficient memory/,
      next: /[Cc]hange|[Dd]elete/,
    },
  ];

  test.each(FAULTS)('$name', async (fault) => {
    const namespace = await world.namespace(fault.labels ?? {});
    await fault.prepare?.(namespace);
    try {
      const fn = await applyFunction(
        world.client,
        sketchFunction({ namespace, name: 'resize', serving: servingOf(fault) }),
      );
      await fault.strike?.(namespace);
      if (fault.shown !== undefined) await waitFor('it is shown', () => isShown(namespace, fault.shown), 60_000);
      const shownAt = Date.now() + (fault.laterMs ?? 0);
      const message = await said(fn, fault);
      const tookMs = Math.max(0, Date.now() - shownAt);
      const line = (await world.kubectl('get', 'fn', '-n', namespace, '--no-headers')).trim();
      const description = (await world.kubectl('describe', 'fn', '-n', namespace, 'resize')).replaceAll(/\s+/g, ' ');
      table.push([fault.name, `${tookMs} ms`, line.split(/\s+/).slice(1, 5).join(' '), message]);
      expect(line).toMatch(new RegExp(`\\b${fault.reason}\\b`));
      for (const part of [fault.object, fault.cause, fault.next]) expect(description).toMatch(part);
      expect(tookMs).toBeLessThanOrEqual(SAID_WITHIN_MS);
    } finally {
      await fault.mend?.();
    }
    await fault.recovers?.(namespace);
  });

  /** Whether a neighbour's status, or an Event about it, holds the word. */
  const isShown = async (namespace: string, word = /./): Promise<boolean> => {
    const kinds = [KNATIVE_SERVICE, KNATIVE_REVISION, DEPLOYMENT, SCALED_OBJECT, POD, EVENT];
    const lists = await Promise.all(kinds.map((kind) => world.client.list(kind, { namespace })));
    const objects = lists.flatMap(({ items }) => items);
    return word.test(JSON.stringify(objects.map(({ status, note }) => [status, note])));
  };

  /** The message of the condition Served, as soon as it tells the fault whole. */
  const said = (fn: Function, { object, cause, next, reason, laterMs = 0 }: Fault): Promise<string> =>
    waitFor(
      'the Function says it',
      async () => {
        const conditions = (await world.read(fn)).status?.conditions ?? [];
        expect(conditions.filter(({ status, message }) => status !== 'True' && message === '')).toEqual([]);
        const served = conditions.find(({ type }) => type === 'Served');
        for (const part of [object, cause, next]) expect(served?.message).toMatch(part);
        expect(served?.reason).toBe(reason);
        return served?.message;
      },
      30_000 + laterMs,
    );

  /** Somebody makes what the trigger of Redis names, and the next look finds it. */
  const authenticate = async (namespace: string, name: string): Promise<void> => {
    const { password } = new URL(world.redisUrl);
    const secretTargetRef = [{ parameter: 'password', name, key: 'password' }];
    const objects = [
      { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, stringData: { password } },
      {
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'TriggerAuthentication',
        metadata: { namespace, name },
        spec: { secretTargetRef },
      },
    ];
    await applyManifests(world.client, objects, { fieldManager: 'kubectl' });
    await waitFor(
      'KEDA is content',
      async () => {
        const { status } = await world.find(SCALED_OBJECT, namespace);
        return status.conditions.some(
          ({ type, status: is }: Record<string, string>) => type === 'Ready' && is === 'True',
        );
      },
      90_000,
    );
  };

  const removed: KubeObject[] = [];

  /** Takes the kind away from the whole cluster: files run one after the other. */
  const removeHttpScaledObjects = async (): Promise<void> => {
    const crd = await world.client.get(CRD, { name: HTTP_SCALED_OBJECTS });
    if (crd === undefined) throw new Error(`no CRD ${HTTP_SCALED_OBJECTS}`);
    const { name, annotations, labels } = crd.metadata;
    removed.push({ ...crd, metadata: { name, ...(annotations && { annotations }), ...(labels && { labels }) } });
    await world.client.delete(CRD, crd.metadata);
    await waitFor('the kind is gone', async () => {
      await world.client.list(HTTP_SCALED_OBJECT).then(
        () => Promise.reject(new Error('it is served still')),
        () => undefined,
      );
      return true;
    });
  };

  /** Somebody else becomes the owner of the Knative Service. */
  const giveAway = async (namespace: string): Promise<void> => {
    const service = await world.find(KNATIVE_SERVICE, namespace);
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'stranger' } };
    const [stranger] = await applyManifests(world.client, [map], { fieldManager: 'kubectl' });
    const { uid = '' } = stranger?.metadata ?? {};
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'stranger', uid, controller: true };
    const patch = { metadata: { ownerReferences: [owner] } };
    await world.client.patch(KNATIVE_SERVICE, service.metadata, patch, { fieldManager: 'stranger' });
  };
});

function servingOf({ serving = {} }: Fault): Record<string, unknown> {
  return typeof serving === 'function' ? serving() : serving;
}
