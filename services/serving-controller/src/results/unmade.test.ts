import type { KubeObject } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import { isWorthAsking, newestRefusal } from './unmade.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();
const QUOTA = 'pods "a-0" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=0, limited: pods=0';
const SECURITY = 'pods "a-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true';

const make = (apiVersion: string, kind: string, age: number, status: object, spec = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'a', namespace: 'ns', uid: 'u', generation: 1, creationTimestamp: ago(age) },
  spec,
  status,
});
const statefulSet = (status: object = {}, replicas = 1, age = 10) =>
  make('apps/v1', 'StatefulSet', age, { observedGeneration: 1, ...status }, { replicas });
const job = (status: object = {}, age = 10) => make('batch/v1', 'Job', age, status);

/** An Event as core/v1 reporters make it, read by events.k8s.io. */
const event = (reason: string, note: string, age: number): KubeObject => ({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: `${reason}-${age}`, namespace: 'ns', creationTimestamp: ago(900) },
  reason,
  note,
  deprecatedLastTimestamp: ago(age),
});

function look(object: KubeObject, refusal?: string, hasRun = false) {
  const refusals = new Map(refusal === undefined ? [] : [['u', refusal]]);
  const nothing = { revisions: [], pods: [], proxyPods: [], logs: new Map() };
  return judge([object], { owned: [object], ...nothing, refusals }, { hasRun, now: NOW });
}

describe('a pod that cannot be made', () => {
  it.each([
    [
      statefulSet(),
      QUOTA,
      'QuotaExceeded',
      /^StatefulSet ns\/a: .*tight, .*raise the quota.*describe statefulset -n ns a$/,
    ],
    [job(), QUOTA, 'QuotaExceeded', /^Job ns\/a: .*tight.*kubectl describe job -n ns a$/],
    [job(), SECURITY, 'PodSecurity', /runAsNonRoot != true\. Set securityContext/],
    [statefulSet(), 'persistentvolumeclaim "x" is gone', 'FailedCreate', /claim "x" is gone\./],
  ])('is explained by the Events of its StatefulSet or Job %#', (object, refusal, reason, message) => {
    expect(look(object, refusal)).toMatchObject({ ready: 'False', reason, message: expect.stringMatching(message) });
  });

  it('is asked for again while nothing is known', () => {
    expect(look(job())).toEqual({
      ready: 'Unknown',
      message: 'Job ns/a: its pod is not made yet. More: kubectl describe job -n ns a',
      again: new Date(NOW.getTime() + 5_000),
    });
    expect(look(statefulSet({}, 1, 1)).again).toEqual(new Date(NOW.getTime() + 2_000));
  });

  it.each<[string, KubeObject, boolean, boolean]>([
    ['a StatefulSet', statefulSet(), false, true],
    ['one that has run, too', statefulSet(), true, true],
    ['one that lacks its second pod', statefulSet({ replicas: 1, readyReplicas: 1 }, 2), false, true],
    ['a Job', job({ active: 0 }), false, true],
    ['not so soon', statefulSet({}, 1, 2), false, false],
    ['not before its controller has seen it', statefulSet({ observedGeneration: 0 }), false, false],
    ['not at zero', statefulSet({}, 0), false, false],
    ['not while a pod starts', statefulSet({ replicas: 1 }, 2), false, false],
    ['not where one serves', statefulSet({ replicas: 1, readyReplicas: 1 }, 2), true, false],
    ['not of a Job at work', job({ active: 1 }), false, false],
    ['not of a Job that is over', job({ conditions: [{ type: 'Complete', status: 'True' }] }), false, false],
    ['not of a Deployment, whose status tells', make('apps/v1', 'Deployment', 10, {}), false, false],
  ])('is asked for: %s', (_case, object, hasRun, asked) => {
    expect(isWorthAsking(object, hasRun, NOW)).toBe(asked);
  });
});

describe('the newest attempt', () => {
  it.each([
    ['of a StatefulSet', `create Pod a-0 in StatefulSet a failed error: ${QUOTA}`, QUOTA],
    ['of a Job', `Error creating: ${SECURITY}`, SECURITY],
  ])("tells the API server's words: %s", (_case, note, words) => {
    expect(newestRefusal([event('FailedCreate', 'old', 60), event('FailedCreate', note, 5)])).toBe(words);
  });

  it('counts by when it was last seen, and tells nothing when it succeeded', () => {
    const seenAgain = { ...event('FailedCreate', 'again', 300), series: { lastObservedTime: ago(1) } };
    expect(newestRefusal([event('FailedCreate', 'once', 20), seenAgain])).toBe('again');
    expect(
      newestRefusal([event('FailedCreate', QUOTA, 60), event('SuccessfulCreate', 'create Pod', 5)]),
    ).toBeUndefined();
    expect(newestRefusal([event('Scheduled', 'x', 1)])).toBeUndefined();
  });
});
