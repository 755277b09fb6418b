import { type KubeObject, LABEL } from '@openfunction/api';
import { trimPod } from '@openfunction/controller/pods';
import { describe, expect, it } from 'vitest';
import { type Evidence, judge } from './judge.ts';
import type { Verdict } from './verdict.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();

function makeObject(apiVersion: string, kind: string, status: object, spec: object = {}): KubeObject {
  const metadata = { name: `a-${kind.toLowerCase()}`, namespace: 'ns', generation: 1, uid: kind };
  return { apiVersion, kind, metadata, spec, status: { observedGeneration: 1, ...status } };
}
const deployment = (status: object, replicas = 1) => makeObject('apps/v1', 'Deployment', status, { replicas });
const statefulSet = (status: object) => makeObject('apps/v1', 'StatefulSet', status, { replicas: 2 });
const job = (status: object) => makeObject('batch/v1', 'Job', status);
const knative = (status: object) => makeObject('serving.knative.dev/v1', 'Service', status);
const scaledObject = (status: object) => makeObject('keda.sh/v1alpha1', 'ScaledObject', status);
const httpScaledObject = (status: object) => makeObject('http.keda.sh/v1alpha1', 'HTTPScaledObject', status);
const condition = (type: string, status: string, reason = '', message = '') => ({ type, status, reason, message });
const READY = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
const AVAILABLE = { ...READY, conditions: [condition('Available', 'True')] };

interface Container {
  name?: string;
  ready?: boolean;
  restartCount?: number;
  state?: object;
  lastState?: object;
  readinessProbe?: object;
}

/** A pod as the cache holds it. */
function makePod(containers: Container[], more: { name?: string; status?: object; created?: string } = {}): KubeObject {
  const { name = 'p', status = {}, created = ago(60) } = more;
  const named = containers.map((container) => ({ name: 'function', ...container }));
  return trimPod({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns', creationTimestamp: created },
    spec: {
      containers: named.map(({ name, readinessProbe }) => ({
        name,
        image: `acme/${name}:v1`,
        ports: [{ containerPort: 8080 }],
        ...(readinessProbe !== undefined && { readinessProbe }),
      })),
    },
    status: {
      phase: 'Running',
      containerStatuses: named.map(({ readinessProbe: _probe, ...container }) => container),
      ...status,
    },
  });
}
const waiting = (reason: string, message = '') => ({ state: { waiting: { reason, message } } });
const running = (seconds: number) => ({ state: { running: { startedAt: ago(seconds) } } });
const ended = (exitCode: number, reason = 'Error') => ({ terminated: { exitCode, reason } });

function look(object: KubeObject, more: Partial<Evidence> & { hasRun?: boolean } = {}): Verdict {
  const { hasRun = false, ...evidence } = more;
  const nothing = { revisions: [], pods: [], proxyPods: [], logs: new Map() };
  return judge([object], { owned: [object], ...nothing, ...evidence }, { hasRun, now: NOW });
}

describe('a Deployment', () => {
  it.each<[string, KubeObject, Verdict['ready']]>([
    ['has not been looked at', deployment({ ...AVAILABLE, observedGeneration: 0 }), 'Unknown'],
    ['has no conditions yet (Q17)', deployment({}), 'Unknown'],
    ['is available', deployment(AVAILABLE), 'True'],
    ['is at zero before it has ever run: nothing is proven', deployment({}, 0), 'Unknown'],
    ['has old pods left', deployment({ ...AVAILABLE, replicas: 2 }), 'Unknown'],
    ['has too few pods', deployment(AVAILABLE, 2), 'Unknown'],
  ])('that %s', (_case, object, ready) => {
    expect(look(object).ready).toBe(ready);
  });

  it('that has run goes on as long as one pod is ready', () => {
    const busy = deployment({ ...READY, replicas: 5, conditions: [condition('Available', 'False')] }, 5);
    expect(look(busy, { hasRun: true }).ready).toBe('True');
    expect(look(busy).ready).toBe('Unknown');
  });

  it('that has run may be at zero', () => {
    expect(look(deployment({}, 0), { hasRun: true }).ready).toBe('True');
  });

  it('is not believed before its pods have lasted a moment, unless a probe tells', () => {
    const fresh = (more: object) => [makePod([{ ready: true, ...running(0), ...more }])];
    expect(look(deployment(AVAILABLE), { pods: fresh({}) })).toMatchObject({
      ready: 'Unknown',
      again: new Date(NOW.getTime() + 2_000),
    });
    expect(look(deployment(AVAILABLE), { pods: fresh({ readinessProbe: { tcpSocket: { port: 8080 } } }) }).ready).toBe(
      'True',
    );
    expect(look(deployment(AVAILABLE), { pods: fresh({}), hasRun: true }).ready).toBe('True');
  });

  it('has stopped making progress: its pods say why, else it says so itself', () => {
    const conditions = [condition('Progressing', 'False', 'ProgressDeadlineExceeded', 'has timed out progressing.')];
    expect(look(deployment({ conditions }))).toMatchObject({
      ready: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: expect.stringContaining('has timed out progressing. '),
    });
    const pods = [
      makePod([{ ready: false, ...running(700), readinessProbe: { httpGet: { port: 9000, path: '/up' } } }]),
    ];
    expect(look(deployment({ conditions }), { pods })).toMatchObject({
      ready: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: expect.stringContaining('does not answer its readiness probe (http://:9000/up)'),
    });
  });

  it.each([
    [
      'QuotaExceeded',
      'pods "p" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3',
      /a ResourceQuota of namespace ns leaves no room for the pod: tight, requested: pods=1, limited: pods=3\. .*raise the quota/,
    ],
    [
      'QuotaIncomplete',
      'pods "p" is forbidden: failed quota: tight: must specify limits.cpu',
      /refuses the pod: tight: must/,
    ],
    [
      'PodSecurity',
      'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
      /namespace ns does not admit the pod: PodSecurity "restricted:latest".* Set securityContext/,
    ],
    ['FailedCreate', 'pods "p-" is forbidden: serviceaccount "nobody" not found', /serviceaccount "nobody" not found/],
  ])('whose pods cannot be made: %s', (reason, message, said) => {
    const conditions = [condition('ReplicaFailure', 'True', 'FailedCreate', message)];
    const verdict = look(deployment({ conditions }));
    expect(verdict).toMatchObject({ ready: 'False', reason, message: expect.stringMatching(said) });
    expect(verdict.message).toMatch(
      /^Deployment ns\/a-deployment: .* More: kubectl describe deployment -n ns a-deployment$/,
    );
  });
});

describe('a pod', () => {
  const unavailable = deployment({ replicas: 1, updatedReplicas: 1 });

  it.each<[string, Container[], Verdict['ready'], RegExp]>([
    [
      'ImagePullFailed',
      [waiting('ErrImagePull', 'manifest unknown')],
      'False',
      /acme\/function:v1 .* cannot be pulled: it does not exist\. Check the name in spec\.image/,
    ],
    [
      'ImagePullFailed',
      [{ name: 'dapr-proxy', ...waiting('ImagePullBackOff') }],
      'False',
      /openfunction\.dapr-proxy\.image/,
    ],
    [
      'CreateContainerConfigError',
      [waiting('CreateContainerConfigError', 'secret "s" not found')],
      'False',
      /secret "s" not found\. Create what is missing/,
    ],
    [
      'OutOfMemory',
      [{ restartCount: 1, ...waiting('CrashLoopBackOff'), lastState: ended(137, 'OOMKilled') }],
      'False',
      /memory limit.*Raise resources\.limits\.memory/,
    ],
    ['CrashLoop', [{ restartCount: 0, state: ended(3) }], 'False', /container function ends with exit code 3/],
    [
      'CrashLoop',
      [{ restartCount: 4, ...waiting('CrashLoopBackOff'), lastState: ended(0, 'Completed') }],
      'False',
      /exit code 0\), but a function has to go on/,
    ],
    ['CrashLoop', [{ restartCount: 2, ready: true, ...running(3), lastState: ended(3) }], 'False', /exit code 3/],
    [
      'CrashLoop',
      [
        { ready: true, ...running(60) },
        { name: 'daprd', restartCount: 2, ...waiting('CrashLoopBackOff'), lastState: ended(1) },
      ],
      'False',
      /container daprd .*Correct the Dapr component/,
    ],
    [
      'NotReady',
      [{ ready: false, ...running(60), readinessProbe: { tcpSocket: { port: 9 } } }],
      'Unknown',
      /readiness probe \(tcp:\/\/:9\)/,
    ],
    [
      'NotReady',
      [
        { ready: true, ...running(60) },
        { name: 'queue-proxy', ready: false, ...running(60) },
      ],
      'Unknown',
      /does not answer on port 8080\. Check that the function listens there/,
    ],
    ['ContainerCreating', [waiting('ContainerCreating')], 'Unknown', /is being made/],
  ])('in trouble: %s %#', (reason, containers, ready, message) => {
    const verdict = look(unavailable, { pods: [makePod(containers)] });
    expect(verdict).toMatchObject({ ready, reason, message: expect.stringMatching(message) });
    expect(verdict.message).toMatch(/ More: kubectl (logs|describe pod) -n ns p/);
  });

  it('that runs again after a crash is believed when it has lasted', () => {
    const pods = [makePod([{ restartCount: 2, ready: true, ...running(3), lastState: ended(3) }])];
    expect(look(deployment(AVAILABLE), { pods })).toMatchObject({
      ready: 'False',
      reason: 'CrashLoop',
      again: new Date(NOW.getTime() + 7_000),
    });
    const lasting = [makePod([{ restartCount: 2, ready: true, ...running(11), lastState: ended(3) }])];
    expect(look(deployment(AVAILABLE), { pods: lasting }).ready).toBe('True');
  });

  it('that no node takes is told without counts, which change all the time', () => {
    const message = '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available.';
    const status = { phase: 'Pending', conditions: [condition('PodScheduled', 'False', 'Unschedulable', message)] };
    const verdict = look(unavailable, { pods: [makePod([], { status })] });
    expect(verdict).toMatchObject({ ready: 'Unknown', reason: 'Unschedulable' });
    expect(verdict.message).toMatch(/no node takes pod p: Insufficient cpu\. Add a node or free one/);
  });

  it('that was evicted explains only while nothing stands in its place', () => {
    const evicted = makePod([], {
      name: 'old',
      status: { phase: 'Failed', reason: 'Evicted', message: 'low on memory' },
    });
    expect(look(unavailable, { pods: [evicted] }).message).toMatch(/pod old was evicted from its node: low on memory/);
    const next = makePod([waiting('ContainerCreating')], { name: 'new', created: ago(1) });
    expect(look(unavailable, { pods: [evicted, next] }).reason).toBe('ContainerCreating');
  });

  it('tells its last lines without credentials', () => {
    const logs = new Map([['p/function', 'connecting to redis://me:s3cret@host\npanic: no route\n']]);
    const { message } = look(unavailable, { pods: [makePod([{ restartCount: 0, state: ended(2) }])], logs });
    expect(message).toMatch(
      /Last lines: \[connecting to redis:\/\/\[hidden\]@host \| panic: no route\] More: kubectl logs -n ns p -c function$/,
    );
  });

  it('that is going, or has done its work, explains nothing', () => {
    const going = makePod([waiting('ImagePullBackOff')]);
    going.metadata.deletionTimestamp = ago(1);
    const done = makePod([{ state: ended(0, 'Completed') }], { status: { phase: 'Succeeded' } });
    expect(look(unavailable, { pods: [going, done] }).reason).toBeUndefined();
  });

  it('of the proxy is not one of the function', () => {
    const proxy = deployment({ replicas: 1 });
    proxy.metadata.labels = { [LABEL.proxy]: 'serving-a' };
    const crashed = [makePod([{ state: ended(1) }])];
    expect(look(proxy, { pods: crashed }).reason).toBeUndefined();
    expect(look(proxy, { proxyPods: crashed }).reason).toBe('CrashLoop');
  });
});

describe('what has run and has no ready pod', () => {
  const unready = (seconds: number) => ({
    conditions: [{ ...condition('Ready', 'False'), lastTransitionTime: ago(seconds) }],
  });
  const silentPod = (seconds: number, name = 'p') =>
    makePod([{ ready: false, ...running(7_200), readinessProbe: { tcpSocket: { port: 9 } } }], {
      name,
      status: unready(seconds),
      created: ago(7_200),
    });
  const out = (seconds: number) =>
    deployment({
      replicas: 1,
      updatedReplicas: 1,
      conditions: [{ ...condition('Available', 'False'), lastTransitionTime: ago(seconds) }],
    });
  const sets = { replicas: 2, updatedReplicas: 2 };
  const knativeRuns = knative({ conditions: [condition('Ready', 'True')] });
  const until = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);

  it.each<[string, KubeObject, KubeObject[], string, RegExp]>([
    ['a Deployment', out(45), [silentPod(45)], 'NotReady', /does not answer its readiness probe/],
    ['a StatefulSet', statefulSet(sets), [silentPod(45)], 'NotReady', /does not answer its readiness probe/],
    ['a Knative Service', knativeRuns, [silentPod(45)], 'NotReady', /Knative Service .* readiness probe/],
    [
      'one whose volume cannot be mounted',
      out(60),
      [makePod([waiting('ContainerCreating')], { created: ago(60) })],
      'ContainerCreating',
      /a volume or a network is missing/,
    ],
    ['one without any pod', out(45), [], 'NotReady', /it has no pod\. .* kubectl describe deployment -n ns a-depl/],
    [
      'one whose node is lost',
      out(45),
      [makePod([{ ready: true, ...running(900) }], { status: unready(45) })],
      'NotReady',
      /none of its pods is ready/,
    ],
  ])('is held up when that lasts: %s', (_case, object, pods, reason, message) => {
    const verdict = look(object, { pods, hasRun: true });
    expect(verdict).toMatchObject({ ready: 'Unknown', lasts: true, reason, message: expect.stringMatching(message) });
  });

  it.each<[string, KubeObject, KubeObject[], number]>([
    ['a Deployment', out(30), [silentPod(7_200)], 15],
    ['a Deployment that was short of pods before', out(3_600), [silentPod(5, 'q'), silentPod(3_600)], 40],
    ['one that wakes from zero', out(1), [makePod([waiting('ContainerCreating')], { created: ago(1) })], 44],
    ['a StatefulSet that is rolled over', statefulSet(sets), [silentPod(10)], 35],
    ['a Knative Service that wakes from zero', knativeRuns, [silentPod(10)], 35],
  ])('is given time: %s', (_case, object, pods, seconds) => {
    const verdict = look(object, { pods, hasRun: true });
    expect([verdict.lasts, verdict.again]).toEqual([undefined, until(seconds)]);
  });

  it('is none where a pod is ready, or is at zero, or goes', () => {
    const ready = makePod([{ ready: true, ...running(60) }], {
      status: { conditions: [condition('Ready', 'True')] },
    });
    const going = silentPod(900);
    going.metadata.deletionTimestamp = ago(1);
    const scaled = deployment({ ...READY, replicas: 5, conditions: out(900)['status'].conditions }, 5);
    expect(look(scaled, { pods: [silentPod(900), ready], hasRun: true })).toEqual({ ready: 'True' });
    expect(look(deployment({}, 0), { pods: [going], hasRun: true })).toEqual({ ready: 'True' });
    for (const pods of [[silentPod(900), ready], [going], []])
      expect(look(knativeRuns, { pods, hasRun: true })).toEqual({ ready: 'True' });
  });

  it('is as before where it has not run, or no time is known', () => {
    expect(look(out(900), { pods: [silentPod(900)] }).lasts).toBeUndefined();
    expect(look(statefulSet({ replicas: 0 }), { hasRun: true }).lasts).toBeUndefined();
  });
});

describe('a StatefulSet and a Job', () => {
  it('are judged by their counts', () => {
    expect(look(statefulSet({ replicas: 2, updatedReplicas: 2, readyReplicas: 1 })).ready).toBe('Unknown');
    expect(look(statefulSet({ replicas: 2, updatedReplicas: 2, readyReplicas: 2 })).ready).toBe('True');
    expect(look(job({ active: 1, ready: 0 })).ready).toBe('Unknown');
    expect(look(job({ active: 1, ready: 1 })).ready).toBe('True');
    expect(look(job({ conditions: [condition('Complete', 'True')] })).ready).toBe('True');
  });

  it('that failed say why', () => {
    const failed = job({ conditions: [condition('Failed', 'True', 'BackoffLimitExceeded', 'too often')] });
    expect(look(failed)).toMatchObject({ ready: 'False', reason: 'BackoffLimitExceeded' });
    expect(look(failed, { pods: [makePod([{ state: ended(4) }], { status: { phase: 'Failed' } })] }).reason).toBe(
      'CrashLoop',
    );
  });
});

describe('a scaler', () => {
  const says = (...args: [string, string?, string?]) => ({ conditions: [condition('Ready', ...args)] });

  it('is waited for, in words that say for whom', () => {
    expect(look(scaledObject({}))).toMatchObject({
      ready: 'Unknown',
      message: expect.stringContaining('KEDA has not taken it up'),
    });
    expect(look(httpScaledObject({})).message).toContain('the KEDA HTTP add-on');
    expect(look(scaledObject(says('True'))).ready).toBe('True');
  });

  it('that KEDA cannot use tells its words, and what to correct', () => {
    const words = 'failed to ensure HPA is correctly created for ScaledObject: no scaler found for type: pigeon';
    expect(look(scaledObject(says('False', 'ScaledObjectCheckFailed', words)))).toMatchObject({
      ready: 'False',
      reason: 'ScaledObjectCheckFailed',
      message: `ScaledObject ns/a-scaledobject: ${words}. Correct spec.serving.scaleOptions.keda.triggers, and the TriggerAuthentication and Secret that they name. More: kubectl describe scaledobject -n ns a-scaledobject`,
    });
  });

  it('whose authentication nobody has made says that first: KEDA does not', () => {
    const absent = [
      'spec.serving.scaleOptions.keda.triggers[0].authenticationRef: TriggerAuthentication "a" does not exist.',
    ];
    const refused = scaledObject(says('False', 'ScaledObjectCheckFailed', 'connection to redis failed: NOAUTH'));
    expect(look(refused, { absent })).toMatchObject({
      ready: 'False',
      reason: 'ReferenceNotFound',
      message: `ScaledObject ns/a-scaledobject: ${absent[0]} KEDA goes on without it: connection to redis failed: NOAUTH. Correct spec.serving.scaleOptions.keda.triggers, and the TriggerAuthentication and Secret that they name. More: kubectl describe scaledobject -n ns a-scaledobject`,
      again: new Date(NOW.getTime() + 60_000),
    });
    const away = scaledObject(says('False', 'TriggerError', 'Triggers are not working correctly'));
    expect(look(away, { absent, hasRun: true })).toMatchObject({ ready: 'Unknown', lasts: true });
    expect(look(scaledObject(says('True')), { absent })).not.toHaveProperty('message');
    expect(look(httpScaledObject(says('False', 'X', 'y')), { absent }).reason).toBe('X');
  });

  it('that KEDA saw before its target is only early; a source that is away for a while stops nothing that has run', () => {
    const early = `ScaledObject doesn't have correct scaleTargetRef specification: deployments.apps "x" not found`;
    expect(look(scaledObject(says('False', 'ScaledObjectCheckFailed', early))).ready).toBe('Unknown');
    const away = scaledObject(says('False', 'TriggerError', 'Triggers are not working correctly'));
    expect([look(away).ready, look(away, { hasRun: true }).ready]).toEqual(['False', 'Unknown']);
    const partly = scaledObject(says('Unknown', 'PartialTriggerError', 'Some triggers are not working correctly'));
    expect(look(partly)).toMatchObject({ ready: 'Unknown', reason: 'PartialTriggerError' });
  });
});

describe('a Knative Service', () => {
  const worthless = 'Configuration "c" does not have any ready Revision.';
  const revision = (reason: string, message: string) => {
    const object = makeObject('serving.knative.dev/v1', 'Revision', {
      conditions: [condition('Ready', 'False', reason, message)],
    });
    return { ...object, metadata: { ...object.metadata, name: 'c-v100' } };
  };
  const service = (ready: string) =>
    knative({
      latestCreatedRevisionName: 'c-v100',
      conditions: [condition('Ready', ready, 'RevisionMissing', worthless)],
    });

  it('is explained by its Revision rather than by itself', () => {
    const message = 'Unable to fetch image "x": no such host';
    expect(look(service('Unknown'), { revisions: [revision('ContainerMissing', message)] })).toMatchObject({
      ready: 'False',
      reason: 'ContainerMissing',
      message: expect.stringMatching(
        /^Knative Service ns\/a-service: Revision c-v100: Unable to fetch image "x": no such host\. Check the name/,
      ),
    });
    const quota = 'pods "p" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=0, limited: pods=0';
    expect(look(service('False'), { revisions: [revision('FailedCreate', quota)] }).reason).toBe('QuotaExceeded');
  });

  it('is explained by ConfigurationsReady where the Revision is not known', () => {
    const conditions = [
      condition('Ready', 'Unknown', 'RevisionMissing', worthless),
      condition('ConfigurationsReady', 'False', 'RevisionFailed', 'Revision "c-v100" failed with message: gone.'),
    ];
    expect(look(knative({ conditions }))).toMatchObject({ ready: 'False', reason: 'RevisionFailed' });
  });

  it('is explained by its pods, of which Knative says nothing for ten minutes', () => {
    const pods = [makePod([waiting('ImagePullBackOff')])];
    expect(look(service('Unknown'), { pods })).toMatchObject({ ready: 'False', reason: 'ImagePullFailed' });
    expect(look(service('Unknown'), { pods, hasRun: true }).ready).toBe('Unknown');
    expect(look(knative({ conditions: [condition('Ready', 'True')] }), { pods }).ready).toBe('True');
  });

  it('is explained by its pods, too, where Knative does say something', () => {
    const unscheduled = [
      condition('PodScheduled', 'False', 'Unschedulable', '0/1 nodes are available: 1 Insufficient cpu.'),
    ];
    const pods = [makePod([], { status: { phase: 'Pending', conditions: unscheduled } })];
    const revisions = [revision('Unschedulable', '0/1 nodes are available: 1 Insufficient cpu.')];
    expect(look(service('False'), { pods, revisions })).toMatchObject({
      ready: 'False',
      message: expect.stringMatching(/no node takes pod p: Insufficient cpu\. Add a node/),
    });
  });
});

describe('several objects', () => {
  it('stand as the worst of them, and one that knows why speaks before one that waits', () => {
    const objects = [
      deployment({ replicas: 1 }),
      scaledObject({ conditions: [condition('Ready', 'False', 'Bad', 'no')] }),
    ];
    const evidence = { owned: objects, revisions: [], pods: [], proxyPods: [], logs: new Map() };
    expect(judge(objects, evidence, { hasRun: false, now: NOW }).reason).toBe('Bad');
    const waits = [scaledObject({}), deployment({ replicas: 1 })];
    const pods = [makePod([waiting('ContainerCreating')])];
    expect(judge(waits, { ...evidence, owned: waits, pods }, { hasRun: false, now: NOW }).reason).toBe(
      'ContainerCreating',
    );
  });

  it('of which one is not there yet are on their way', () => {
    const evidence = { owned: [], revisions: [], pods: [], proxyPods: [], logs: new Map() };
    expect(judge([deployment(AVAILABLE)], evidence, { hasRun: false, now: NOW }).ready).toBe('Unknown');
  });
});
