import {
  DEPLOYMENT,
  type KubeObject,
  SCALED_OBJECT,
  type Serving,
  type ServingSpec,
  type ServingStatus,
} from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import type { ServingSeen } from './observe.ts';
import { DEFAULT_CONFIG } from './operator-config.ts';
import { planServing } from './plan.ts';

const CREATED = '2026-01-01T12:00:00Z';
const at = (seconds: number) => new Date(Date.parse(CREATED) + seconds * 1000);
const HTTP = { triggers: { http: { port: 8080 } } };
const CRON = {
  triggers: { dapr: [{ name: 'cron', type: 'bindings.cron' }] },
  bindings: { cron: { type: 'bindings.cron', version: 'v1', metadata: [] } },
  scaleOptions: { keda: { triggers: [{ type: 'cron', metadata: {} }] } },
};

function makeServing(spec: Partial<ServingSpec> = HTTP, status?: ServingStatus): Serving {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Serving',
    metadata: {
      name: 'serving-a',
      namespace: 'ns',
      uid: 'uid-s',
      generation: 1,
      creationTimestamp: CREATED,
      labels: { 'openfunction.io/function': 'fn' },
    },
    spec: { image: 'acme/fn:v1', version: 'v1.0.0', ...spec },
    ...(status !== undefined && { status }),
  };
}

function makeSeen(serving: Serving, more: Partial<ServingSeen> = {}): ServingSeen {
  const owned = more.owned ?? [];
  const input = {
    serving,
    config: DEFAULT_CONFIG,
    clusterDomain: 'cluster.local',
    gateway: undefined,
    components: new Map(),
    scaleTargetByName: true,
    owned,
  };
  return {
    input,
    missing: [],
    revisions: [],
    autoscalers: [],
    pods: [],
    proxyPods: [],
    logs: new Map(),
    ...more,
    owned,
  };
}

/** What the Serving is made of, as the API server holds it, with these statuses by kind. */
function made(serving: Serving, statuses: Record<string, object> = {}): KubeObject[] {
  return planServing(makeSeen(serving), at(1)).apply.map((object) => ({
    ...object,
    metadata: { ...object.metadata, generation: 1, uid: `uid-${object.metadata.name}`, creationTimestamp: CREATED },
    status: { observedGeneration: 1, ...statuses[object.kind] },
  }));
}

type Ready = 'True' | 'False' | 'Unknown';
const says = (status: Ready, more: { message?: string; reason?: string } = {}) => ({
  conditions: [{ type: 'Ready', status, ...more }],
});

function plan(serving: Serving, options: { knative?: object; after?: number } & Partial<ServingSeen> = {}) {
  const { knative, after = 10, ...more } = options;
  const owned = knative === undefined ? [] : made(makeServing(serving.spec), { Service: knative });
  return planServing(makeSeen(serving, { owned, ...more }), at(after));
}
const ready = (status: ServingStatus | undefined) => status?.conditions?.find(({ type }) => type === 'Ready');

describe('a Serving', () => {
  it('that is new gets a Knative Service, and says nothing for 2 s', () => {
    const { apply, status, wakeAt } = plan(makeServing(), { after: 1 });
    expect(apply.map(({ kind }) => kind)).toEqual(['Service']);
    expect([status, wakeAt]).toEqual([undefined, at(2)]);
  });

  it('of several objects tries those that may be refused before it leaves anything behind, and only then', () => {
    const kinds = (serving: Serving, owned: KubeObject[] = []) =>
      planServing(makeSeen(serving, { owned }), at(1)).rehearse?.map(({ kind }) => kind);
    const several = makeServing(CRON);
    expect(planServing(makeSeen(several), at(1)).apply.map(({ kind }) => kind)).toContain('Component');
    expect(kinds(several)).toEqual(expect.arrayContaining(['Deployment', 'ScaledObject']));
    expect(kinds(several)).not.toContain('Component');
    expect(kinds(several, made(several))).toEqual([]);
    expect(kinds(makeServing())).toEqual([]);
  });

  it('says once what of its template Knative does not take, with the first word on how it fares', () => {
    const eventsAt = (state: string | undefined, knative: Ready) => {
      const serving = makeServing(HTTP, state === undefined ? undefined : { state });
      const seen = makeSeen(serving, { owned: made(makeServing(), { Service: says(knative) }) });
      const pruned = { template: { containers: [] }, left: ['spec.serving.template.restartPolicy'] };
      return planServing({ ...seen, input: { ...seen.input, pruned } }, at(10)).events;
    };
    const told = {
      type: 'Warning',
      reason: 'FieldsLeftOut',
      action: 'Serving',
      message: "Knative's Service has no such fields, they are left out: spec.serving.template.restartPolicy.",
      occasion: 'spec.serving.template.restartPolicy',
    };
    expect(eventsAt(undefined, 'Unknown')).toEqual([told]);
    expect(eventsAt(undefined, 'True')).toEqual([told]);
    expect(eventsAt('Running', 'True')).toEqual([]);
    expect(plan(makeServing(), { knative: says('True') }).events).toEqual([]);
  });

  it('is not kept quiet about by a clock that is behind', () => {
    expect(plan(makeServing(), { knative: says('Unknown'), after: -3_600 }).status?.state).toBe('Starting');
  });

  it('says Starting afterwards, in the words of Knative', () => {
    const { status } = plan(makeServing(), { knative: says('Unknown', { message: 'pulling the image' }) });
    expect(status).toMatchObject({
      phase: 'Serving',
      state: 'Starting',
      message: expect.stringContaining('pulling the image'),
    });
  });

  it('stays with its words for 10 s while it only goes on; a reason is said at once', () => {
    const { status } = plan(makeServing(), { knative: says('Unknown', { message: 'one' }) });
    const later = (after: number, more: object) =>
      ready(plan(makeServing(HTTP, status), { knative: says('Unknown', more), after }).status);
    expect(later(19, { message: 'two' })).toEqual(ready(status));
    expect(later(20, { message: 'two' })?.message).toContain('two');
    const failed = plan(makeServing(HTTP, status), { knative: says('False', { message: 'no' }), after: 11 }).status;
    expect(ready(failed)?.message).toContain('no.');
  });

  it('runs when Knative says so of the present generation', () => {
    expect(plan(makeServing(), { knative: says('True') }).status).toMatchObject({
      state: 'Running',
      reason: 'Running',
    });
    const older = { ...says('True'), observedGeneration: 0 };
    expect(plan(makeServing(), { knative: older }).status?.state).toBe('Starting');
  });

  it('names its Service under both keys: url is what v1.2 called it', () => {
    const { apply, status } = plan(makeServing(), { knative: says('True') });
    const name = apply[0]?.metadata.name;
    expect([status?.url, status?.service, status?.resourceRef]).toEqual([
      name,
      name,
      { 'serving.knative.dev/service': name },
    ]);
  });

  it('fails with the reason and words of Knative, and recovers', () => {
    const knative = says('False', { reason: 'RevisionFailed', message: 'exit code 3' });
    const { status } = plan(makeServing(), { knative });
    expect(status).toMatchObject({
      state: 'Failed',
      reason: 'RevisionFailed',
      message: expect.stringMatching(
        /^Knative Service ns\/serving-a-ksvc-\w+: exit code 3\. .* More: kubectl describe /,
      ),
    });
    expect(status?.conditions?.some(({ type }) => type === 'Stalled')).toBe(true);
    const recovered = plan(makeServing(HTTP, status), { knative: says('True') }).status;
    expect(recovered?.state).toBe('Running');
    expect(recovered?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
  });

  it('goes on running while its workload is rolled over', () => {
    expect(plan(makeServing(HTTP, { state: 'Running' }), { knative: says('Unknown') }).status).toBeUndefined();
  });

  it('remembers when it first ran', () => {
    const { status } = plan(makeServing(), { knative: says('True') });
    expect(status?.readyTime).toBe('2026-01-01T12:00:10Z');
    const again = plan(makeServing(HTTP, { ...status, state: 'Failed' }), { knative: says('True'), after: 99 }).status;
    expect(again?.readyTime).toBe(status?.readyTime);
  });
});

describe('the time limit of the first start', () => {
  const spec = { ...HTTP, timeout: '1m' };
  const waiting = { knative: says('Unknown', { message: 'pulling' }) };

  it('is woken for, once there have been other words', () => {
    const { status, wakeAt } = plan(makeServing(spec), waiting);
    expect(wakeAt).toEqual(at(20));
    expect(plan(makeServing(spec, status), { ...waiting, after: 20 }).wakeAt).toEqual(at(60));
  });

  it('gives a version up: all goes, and the reason and what to do are said', () => {
    const { status, apply, remove } = plan(makeServing(spec, { state: 'Starting' }), { ...waiting, after: 61 });
    expect(status).toMatchObject({ state: 'Timeout', reason: 'Timeout' });
    expect(status?.message).toMatch(/\(1m\).*Change the Function.*delete Serving serving-a.*Last seen: .*pulling/);
    expect(apply).toEqual([]);
    expect(remove.map(({ kind }) => kind)).toEqual(['Service']);
    const later = plan(makeServing(spec, status), { knative: says('True'), after: 99 });
    expect([later.status, later.apply, later.remove.length]).toEqual([undefined, [], 1]);
  });

  describe('that is over begins anew with a change of the spec', () => {
    const { status } = plan(makeServing(spec, { state: 'Starting' }), { ...waiting, after: 61 });
    const changed = (more: Partial<ServingSpec> = { timeout: '10m' }): Serving => {
      const serving = makeServing({ ...spec, ...more }, status);
      return { ...serving, metadata: { ...serving.metadata, generation: 2 } };
    };

    it('and says so at once: nothing is left of the words about the end', () => {
      const again = plan(changed(), { after: 600 });
      expect([again.apply, again.remove]).toEqual([[], []]);
      expect(again.status).toMatchObject({ state: 'Starting', observedGeneration: 2 });
      expect(JSON.stringify(again.status)).not.toMatch(/Timeout|did not run/);
      expect(ready(again.status)).toMatchObject({ status: 'Unknown', lastTransitionTime: '2026-01-01T12:10:00Z' });
    });

    it('whatever the change: the labels, for instance', () => {
      expect(plan(changed({ labels: { team: 'blue' } }), { after: 600 }).status?.state).toBe('Starting');
    });

    it('and then makes all that it is of', () => {
      const begun = makeServing({ ...spec, timeout: '10m' }, plan(changed(), { after: 600 }).status);
      const { apply, status: said } = plan(begun, { after: 601 });
      expect([apply.map(({ kind }) => kind), said?.state]).toEqual([['Service'], 'Starting']);
    });

    it('with its whole time, counted from the new workload', () => {
      const begun = makeServing({ ...spec, timeout: '10m' }, plan(changed(), { after: 600 }).status);
      const owned = made(begun, { Service: waiting.knative }).map((object) => ({
        ...object,
        metadata: { ...object.metadata, creationTimestamp: at(600).toISOString() },
      }));
      expect(plan(begun, { owned, after: 1_100 }).status?.state).toBe('Starting');
      expect(plan(begun, { owned, after: 1_100 }).wakeAt).toEqual(at(1_200));
      expect(plan(begun, { owned, after: 1_200 }).status?.state).toBe('Timeout');
    });

    it('after what is left of the last attempt is gone', () => {
      const left = plan(changed(), { ...waiting, after: 600 });
      expect([left.status, left.apply, left.remove.map(({ kind }) => kind)]).toEqual([undefined, [], ['Service']]);
    });
  });

  it('ends a start that fails, too', () => {
    const { status } = plan(makeServing(spec, { state: 'Failed', conditions: [] }), {
      knative: says('False', { message: 'exit code 3' }),
      after: 61,
    });
    expect(status).toMatchObject({ state: 'Timeout', message: expect.stringContaining('exit code 3') });
  });

  it('does not bound what has run once (Q4)', () => {
    const ran = { state: 'Failed', readyTime: CREATED, conditions: [] };
    const late = { knative: says('False', { message: 'exit code 3' }), after: 99 };
    expect(plan(makeServing(spec, ran), late)).toMatchObject({ status: { state: 'Failed' }, remove: [] });
    expect(plan(makeServing(spec, { state: 'Running' }), { ...waiting, after: 99 }).status).toBeUndefined();
  });

  it('does not count what the Go operator said: that looked away, and the function may run', () => {
    const left = plan(makeServing(spec, { state: 'Timeout' }), { knative: says('True'), after: 99 });
    expect(left.status?.state).toBe('Running');
  });

  it('does not bound what the Go operator had running, broken before we came', () => {
    const broken = { knative: says('False', { message: 'exit code 3' }), after: 99 };
    const { status } = plan(makeServing(spec, { state: 'Running' }), broken);
    expect(status?.state).toBe('Failed');
    expect(plan(makeServing(spec, status), broken).status?.state).toBe('Failed');
    const unresolved = plan(
      makeServing({ ...spec, triggers: { dapr: [{ name: 'a', topic: 't' }] } }, { state: 'Running' }),
    );
    expect(unresolved.status?.readyTime).toBeDefined();
  });

  it('is not counted while there is nothing to start', () => {
    expect(plan(makeServing(spec), { after: 99 }).status?.state).toBe('Starting');
  });
});

describe('what is missing', () => {
  it.each([
    ['KEDA', SCALED_OBJECT, /^KEDA is not installed: ScaledObject \(scaledobjects\.keda\.sh\/v1alpha1\).* Install/],
    ['a kind of Kubernetes itself', DEPLOYMENT, /deployments\.apps/],
  ])('is named, and nothing is half made: %s', (_case, kind, message) => {
    const { apply, remove, status } = plan(makeServing(CRON), { missing: [kind] });
    expect([apply, remove]).toEqual([[], []]);
    expect(ready(status)).toMatchObject({ status: 'Unknown', reason: 'DependencyMissing' });
    expect(status?.state).toBeUndefined();
    expect(ready(status)?.message).toMatch(message);
  });

  it('is said of what runs, too, and taken back when it is there again', () => {
    const { status } = plan(makeServing(HTTP, { state: 'Running' }), { missing: [SCALED_OBJECT] });
    expect([status?.state, ready(status)?.reason]).toEqual(['Running', 'DependencyMissing']);
    const back = plan(makeServing(HTTP, status)).status;
    expect([back?.state, ready(back)?.reason]).toEqual(['Running', 'Starting']);
  });

  it('is a Component that nobody has made, and whose type nobody gives', () => {
    const spec = { triggers: { dapr: [{ name: 'orders', topic: 'new' }] } };
    const { apply, status } = plan(makeServing(spec));
    expect(apply).toEqual([]);
    expect(status).toMatchObject({
      state: 'Failed',
      reason: 'ReferenceNotFound',
      message: expect.stringContaining('"orders"'),
    });
  });
});

describe('what a Serving owns', () => {
  const available = {
    conditions: [{ type: 'Available', status: 'True' }],
    updatedReplicas: 1,
    replicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
  };

  it('goes when it is no longer wanted, and only then', () => {
    const serving = makeServing(CRON);
    const owned = made(serving);
    expect(owned.map(({ kind }) => kind)).toContain('ScaledObject');
    expect(plan(serving, { owned }).remove).toEqual([]);
    const { scaleOptions: _scaled, ...fixed } = CRON;
    const gone = plan(makeServing(fixed), { owned }).remove;
    expect(new Set(gone.map(({ kind }) => kind))).toEqual(new Set(['ScaledObject']));
  });

  it('makes it run only when every part is well (Q17)', () => {
    const serving = makeServing(CRON);
    const state = (statuses: Record<string, object>) => plan(serving, { owned: made(serving, statuses) }).status?.state;
    const refused = says('False', { reason: 'Auth', message: 'no auth' });
    expect(state({})).toBe('Starting');
    expect(state({ Deployment: available })).toBe('Starting');
    expect(state({ Deployment: available, ScaledObject: refused })).toBe('Failed');
    expect(state({ Deployment: available, ScaledObject: says('True') })).toBe('Running');
  });

  it('is spoken of in the same words as long as the trouble is the same', () => {
    const serving = makeServing();
    const owned = made(serving, { Service: says('False', { reason: 'RevisionFailed' }) });
    const crash = (message: string) => {
      const state = { waiting: { reason: 'CrashLoopBackOff' } };
      const lastState = { terminated: { exitCode: 3 } };
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p', namespace: 'ns' },
        spec: { containers: [{ name: 'function' }] },
        status: { phase: 'Running', containerStatuses: [{ name: 'function', restartCount: 2, state, lastState }] },
      };
      return { owned, pods: [pod], logs: new Map([['p/function', message]]) };
    };
    const first = plan(serving, crash('12:00:01 no database')).status;
    expect(first?.message).toMatch(
      /: container function ends with exit code 3\. .* Last lines: \[12:00:01 no database\]/,
    );
    expect(first?.message).toMatch(/ More: kubectl logs -n ns p -c function$/);
    expect(plan(makeServing(HTTP, first), crash('12:00:44 no database')).status?.message).toBe(first?.message);
  });
});

describe('a function that breaks after it has run', () => {
  const counts = { replicas: 1, updatedReplicas: 1 };
  const running = { state: 'Running', readyTime: CREATED } as ServingStatus;
  const down = { type: 'Available', status: 'False', lastTransitionTime: at(100).toISOString() };
  const up = { ...counts, readyReplicas: 1, availableReplicas: 1, conditions: [{ ...down, status: 'True' }] };
  const { scaleOptions: _none, ...spec } = CRON;
  const look = (status: ServingStatus, after: number, deployment: object = { ...counts, conditions: [down] }) => {
    const serving = makeServing(spec, status);
    return plan(serving, { owned: made(serving, { Deployment: deployment }), after });
  };

  it('says so when that lasts, and is woken for it', () => {
    const early = look(running, 101);
    expect([early.status, early.wakeAt]).toEqual([undefined, at(145)]);
    const { status } = look(running, 145);
    expect(status?.state).toBe('Running');
    expect(ready(status)).toMatchObject({ status: 'Unknown', reason: 'NotReady' });
    expect(ready(status)?.message).toMatch(/^Deployment ns\/\S+: it has no pod\. .* More: kubectl describe/);
  });

  it('takes it back by itself, and does not when it is only newly out', () => {
    const { status } = look(running, 145);
    expect(ready(look(status as ServingStatus, 200, up).status)).toMatchObject({ status: 'True', reason: 'Running' });
    const again = { ...counts, conditions: [{ ...down, lastTransitionTime: at(190).toISOString() }] };
    expect(look(status as ServingStatus, 200, again).status).toBeUndefined();
  });
});

describe('a change in place', () => {
  it('reaches the Revision, or what scales it, as metadata', () => {
    const serving = makeServing();
    const owned = made(serving, { Service: says('True') });
    const name = owned[0]?.['spec'].template.metadata.name;
    const metadata = { name, namespace: 'ns', uid: 'r' };
    const revisions = [{ apiVersion: 'serving.knative.dev/v1', kind: 'Revision', metadata }];
    const autoscalers = [{ apiVersion: 'autoscaling.internal.knative.dev/v1alpha1', kind: 'PodAutoscaler', metadata }];
    expect(plan(serving, { owned, revisions, autoscalers }).adjust).toEqual([]);
    const spec = { ...HTTP, scaleOptions: { maxReplicas: 7 }, labels: { team: 'a' } };
    const { adjust, remove } = plan(makeServing(spec, { state: 'Running' }), { owned, revisions, autoscalers });
    const scaling = { 'autoscaling.knative.dev/max-scale': '7', 'autoscaling.knative.dev/maxScale': '7' };
    expect(adjust).toEqual([
      { object: revisions[0], labels: { team: 'a' }, annotations: {} },
      { object: autoscalers[0], labels: {}, annotations: scaling },
    ]);
    expect(remove).toEqual([]);
  });
});
