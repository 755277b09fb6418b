import { describe, expect, test } from 'vitest';
import { findCondition } from '../conditions.ts';
import type { ContainerState, KnativeService, Pod, Revision, RevisionStatus } from '../objects.ts';
import { makeDeployment, makeRevision, revisionNameOf } from './resources.ts';
import { type RevisionSeen, revisionStatus } from './revision-status.ts';
import { serviceStatus } from './service-status.ts';

const NOW = new Date('2030-01-01T00:01:00Z');
const START = new Date('2030-01-01T00:00:30Z');

function service(change: Partial<KnativeService> = {}): KnativeService {
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name: 'fn', namespace: 'demo', uid: 'u1', generation: 3 },
    spec: {
      template: {
        metadata: { name: 'fn-v1' },
        spec: { containerConcurrency: 2, containers: [{ name: 'function', image: 'acme/fn:v1' }] },
      },
    },
    ...change,
  };
}

function revision(status?: RevisionStatus): Revision {
  const object = makeRevision(service()) as Revision;
  return { ...object, metadata: { ...object.metadata, uid: 'u2', generation: 1 }, ...(status && { status }) };
}

function pod(state: ContainerState, lastState: ContainerState = {}, ready = false, restartCount = 0): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'demo' },
    spec: { containers: [{ name: 'function', image: 'acme/fn@sha256:1' }] },
    status: {
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [
        { name: 'function', image: '', imageID: '', ready, started: true, restartCount, state, lastState },
      ],
    },
  };
}

const RUNNING: ContainerState = { running: { startedAt: '2030-01-01T00:00:31Z' } };
const ENDED: ContainerState = {
  terminated: { exitCode: 3, reason: 'Error', message: 'no settings', finishedAt: '2030-01-01T00:00:32Z' },
};
const LOOPING: ContainerState = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } };

function judge(change: Partial<RevisionSeen>) {
  const seen = {
    revision: revision(),
    digest: 'sha256:1',
    replicas: 1,
    deployedAt: START,
    pods: [],
    progressDeadlineMs: 60_000,
    now: NOW,
  };
  const { status, again } = revisionStatus({ ...seen, ...change });
  const of = (type: string) => findCondition(status.conditions, type);
  return { ready: of('Ready'), active: of('Active'), available: of('ResourcesAvailable'), status, again };
}

const proven = () => revision(judge({ pods: [pod(RUNNING, {}, true)] }).status);

describe('the status of a revision', () => {
  test('is unknown while the first instance starts, and looks again at the deadline', () => {
    const { ready, again } = judge({ pods: [pod(RUNNING)] });
    expect(ready).toMatchObject({ status: 'Unknown', reason: 'Deploying' });
    expect(again).toEqual(new Date('2030-01-01T00:01:30Z'));
  });

  test('is ready and active with a ready pod, and names the image that it is fixed to', () => {
    const { ready, active, status } = judge({ pods: [pod(RUNNING, {}, true)] });
    expect([ready?.status, active?.status]).toEqual(['True', 'True']);
    expect(status).toMatchObject({
      actualReplicas: 1,
      desiredReplicas: 1,
      containerStatuses: [{ imageDigest: 'sha256:1' }],
    });
  });

  test('stays ready at zero', () => {
    const { ready, active } = judge({ revision: proven(), replicas: 0 });
    expect(ready?.status).toBe('True');
    expect(active).toMatchObject({ status: 'False', reason: 'NoTraffic' });
  });

  test('says what to do when the image is missing', () => {
    const { ready } = judge({ digest: undefined, replicas: undefined, deployedAt: undefined });
    expect(ready).toMatchObject({ status: 'False', reason: 'ImageNotFound' });
    expect(ready?.message).toContain('"acme/fn:v1"');
  });

  test('fails at the first crash before it was ever ready, with exit code and last words', () => {
    for (const crashed of [pod(ENDED), pod(RUNNING, ENDED), pod(LOOPING, ENDED)]) {
      const { ready } = judge({ pods: [crashed] });
      expect(ready).toMatchObject({
        status: 'False',
        reason: 'ExitCode3',
        message: 'Container failed with: no settings',
      });
    }
  });

  test('does not flap when a proven function crashes once, but fails when it crashes in a row', () => {
    expect(judge({ revision: proven(), pods: [pod(RUNNING, ENDED)] }).ready?.status).toBe('True');
    expect(judge({ revision: proven(), pods: [pod(LOOPING, ENDED)] }).ready?.status).toBe('True');
    expect(judge({ revision: proven(), pods: [pod(LOOPING, ENDED, false, 1)] }).ready?.reason).toBe('ExitCode3');
  });

  test('does not take a restart of the platform for a crash', () => {
    const lost = { terminated: { exitCode: 137, reason: 'PlatformRestarted', finishedAt: '' } };
    expect(judge({ pods: [pod(RUNNING, lost)] }).ready?.status).toBe('Unknown');
  });

  test('fails at the deadline and says that nothing listens', () => {
    const { ready } = judge({ pods: [pod(RUNNING)], now: new Date('2030-01-01T00:01:30Z') });
    expect(ready).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
    expect(ready?.message).toContain('PORT');
  });

  test('keeps the time of a condition that has not changed', () => {
    const first = proven();
    const later = judge({ revision: first, pods: [pod(RUNNING, {}, true)], now: new Date('2030-01-01T01:00:00Z') });
    expect(later.status.conditions).toEqual(first.status?.conditions);
  });
});

describe('the status of a Knative Service', () => {
  const urls = { external: 'http://fn.demo.localhost', internal: 'http://fn.demo.svc.cluster.local' };
  const failed = () => revision(judge({ pods: [pod(ENDED)] }).status);
  const conditionsOf = (
    seen: Pick<Parameters<typeof serviceStatus>[0], 'created' | 'ready'> & { refusal?: string },
  ) => {
    const status = serviceStatus({ service: service(), urls, now: NOW, ...seen });
    const [configurations, ready, routes] = status.conditions ?? [];
    return { configurations, ready, routes, status };
  };

  test('is Ready, with all traffic on the newest revision', () => {
    const { ready, status } = conditionsOf({ created: proven(), ready: proven() });
    expect(ready).toMatchObject({ type: 'Ready', status: 'True' });
    expect(status).toMatchObject({
      observedGeneration: 3,
      latestCreatedRevisionName: 'fn-v1',
      latestReadyRevisionName: 'fn-v1',
      traffic: [{ latestRevision: true, percent: 100, revisionName: 'fn-v1' }],
    });
  });

  test('waits for its first revision in the words of Knative', () => {
    const { ready, routes } = conditionsOf({ created: revision(), ready: undefined });
    expect(ready?.status).toBe('Unknown');
    expect(routes).toMatchObject({ reason: 'RevisionMissing' });
    expect(routes?.message).toBe('Configuration "fn" is waiting for a Revision to become ready.');
  });

  test('brings up the message of a revision that failed', () => {
    const { ready, routes } = conditionsOf({ created: failed(), ready: undefined });
    expect(ready).toMatchObject({
      status: 'False',
      reason: 'RevisionFailed',
      message: 'Revision "fn-v1" failed with message: Container failed with: no settings',
    });
    expect(routes).toMatchObject({ status: 'False', reason: 'RevisionMissing' });
  });

  test('keeps the traffic on the old revision when the new one fails', () => {
    const { ready, routes, status } = conditionsOf({ created: failed(), ready: proven() });
    expect([ready?.status, routes?.status]).toEqual(['False', 'True']);
    expect(status.latestReadyRevisionName).toBe('fn-v1');
  });

  test('fails when no revision can be made', () => {
    const { ready } = conditionsOf({ created: undefined, ready: undefined, refusal: 'Taken.' });
    expect(ready).toMatchObject({ status: 'False', message: 'Taken.' });
  });
});

describe('children', () => {
  test('a revision without a name in the template is numbered by generation', () => {
    expect(revisionNameOf(service({ spec: { template: { spec: { containers: [] } } } }))).toBe('fn-00003');
  });

  test('a Deployment has the pinned image, a port, and none of the fields that are Knative’s own', () => {
    const deployment = makeDeployment(revision(), 'sha256:1', 60);
    const pods = deployment['spec'].template.spec;
    expect(pods.containers[0]).toMatchObject({ image: 'acme/fn:v1@sha256:1', ports: [{ containerPort: 8080 }] });
    expect(pods).not.toHaveProperty('containerConcurrency');
    expect(deployment['spec']).not.toHaveProperty('replicas');
    expect(deployment.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Revision', uid: 'u2', controller: true });
  });
});
