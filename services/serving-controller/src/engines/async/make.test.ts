import type { ScaleTrigger, ServingSpec, ServingStatus } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { asStored, component, envOf, make, makeInput, makeServing, the } from '../../testdata/serving.ts';
import { engineOf } from '../index.ts';

const TRIGGERS = [{ type: 'kafka', metadata: { topic: 't' } }];
const DAPR = { triggers: { dapr: [{ name: 'in' }] }, bindings: { in: component('bindings.kafka') } };
const SIDECAR = { annotations: { 'openfunction.io/dapr-service-mode': 'sidecar' } };

function event(spec: Partial<ServingSpec> = {}, status: ServingStatus = {}) {
  return makeServing({ ...DAPR, ...SIDECAR, ...spec }, { status });
}

const kinds = (spec: Partial<ServingSpec>) =>
  make(event(spec))
    .map(({ kind }) => kind)
    .slice(1);

describe('the async engine (controllers.md §3.11)', () => {
  it.each<[string | undefined, string, string]>([
    [undefined, 'Deployment', 'deployment-v100'],
    ['Deployment', 'Deployment', 'deployment-v100'],
    ['StatefulSet', 'StatefulSet', 'statefulset-v100'],
    ['Job', 'Job', 'job-v100'],
  ])('makes of workloadType %s a %s', (workloadType, kind, what) => {
    const serving = event(workloadType === undefined ? {} : { workloadType });
    const workload = the(make(serving), kind);
    expect(workload.metadata.name).toMatch(new RegExp(`^serving-a-${what}-[a-z0-9]{10}$`));
    const pod = workload['spec'].template;
    expect(pod.metadata.labels).toEqual({
      'app.kubernetes.io/version': 'v1.0.0',
      'openfunction.io/managed': 'true',
      'openfunction.io/serving': 'serving-a',
    });
    expect(pod.spec.containers[0].ports).toEqual([{ name: 'function-port', containerPort: 8080, protocol: 'TCP' }]);
    expect(engineOf(serving).refer(makeInput(serving)).resourceRef['Async/workload']).toBe(workload.metadata.name);
    expect(engineOf(serving).refer(makeInput(serving)).service).toBeUndefined();
  });

  it('scales by what the user says, in the fields of KEDA, and leaves the replicas to it', () => {
    const scaledObject = { pollingInterval: 15, cooldownPeriod: 30, fallback: { failureThreshold: 3, replicas: 2 } };
    const scaleOptions = { minReplicas: 0, maxReplicas: 10, keda: { scaledObject, triggers: TRIGGERS } };
    const serving = event({ scaleOptions }, { state: 'Running' });
    const made = make(serving);
    const workload = the(made, 'Deployment');
    expect(workload['spec']).not.toHaveProperty('replicas');
    expect(the(made, 'ScaledObject')['spec']).toEqual({
      scaleTargetRef: { kind: 'Deployment', name: workload.metadata.name, envSourceContainerName: 'function' },
      minReplicaCount: 0,
      maxReplicaCount: 10,
      ...scaledObject,
      triggers: TRIGGERS,
    });
  });

  it('keeps one replica where only its own load scales it, as KEDA refuses none', () => {
    const cpu = { type: 'cpu', metricType: 'Utilization', metadata: { value: '60' } };
    const fewest = (minReplicas: number, triggers: ScaleTrigger[]) =>
      the(make(event({ scaleOptions: { minReplicas, keda: { triggers } } }, { state: 'Running' })), 'ScaledObject')[
        'spec'
      ].minReplicaCount;
    expect(fewest(0, [cpu])).toBe(1);
    expect(fewest(4, [cpu])).toBe(4);
    expect(fewest(0, [cpu, ...TRIGGERS])).toBe(0);
  });

  it('has at least one replica where nothing scales it, and as many as are asked for (Q27)', () => {
    const replicas = (minReplicas: number) =>
      the(make(event({ scaleOptions: { minReplicas } })), 'Deployment')['spec'].replicas;
    expect([0, 1, 3].map(replicas)).toEqual([1, 1, 3]);
  });

  it.each<[string, object, number | undefined]>([
    ['keeps those that we have set', { manager: 'openfunction-serving-controller', operation: 'Apply' }, 5],
    ['keeps those that the Go operator has set', { manager: 'manager', operation: 'Update' }, 5],
    ['leaves them alone when the scaler has set others', { fieldsV1: { 'f:spec': { 'f:template': {} } } }, undefined],
  ])('that gets a scaler while it runs %s', (_which, entry, replicas) => {
    const minReplicas = 5;
    const fixed = asStored(the(make(event({ scaleOptions: { minReplicas } })), 'Deployment'), ({ metadata }) => {
      metadata.managedFields = [{ fieldsV1: { 'f:spec': { 'f:replicas': {} } }, ...entry }];
    });
    const scaled = event({ scaleOptions: { minReplicas, maxReplicas: 9, keda: { triggers: TRIGGERS } } });
    expect(the(make(scaled, { owned: [fixed] }), 'Deployment')['spec'].replicas).toBe(replicas);
    const none = event({ scaleOptions: { minReplicas: 2 } });
    expect(the(make(none, { owned: [fixed] }), 'Deployment')['spec'].replicas).toBe(2);
  });

  it('starts Jobs by the ScaledJob alone where there are triggers (Q34), and ends none when the scaler changes', () => {
    expect(kinds({ workloadType: 'Job' })).toEqual(['Job']);
    const scaledJob = { pollingInterval: 5, successfulJobsHistoryLimit: 1, scalingStrategy: { strategy: 'accurate' } };
    const serving = event({
      workloadType: 'Job',
      scaleOptions: { maxReplicas: 7, keda: { scaledJob, triggers: TRIGGERS } },
    });
    const made = make(serving);
    expect(made.map(({ kind }) => kind)).toEqual(['Component', 'ScaledJob']);
    expect(made[1]?.['spec']).toEqual({
      jobTargetRef: {
        template: expect.objectContaining({ spec: expect.objectContaining({ restartPolicy: 'OnFailure' }) }),
      },
      envSourceContainerName: 'function',
      maxReplicaCount: 7,
      ...scaledJob,
      rollout: { strategy: 'gradual' },
      triggers: TRIGGERS,
    });
    expect(
      engineOf(serving)
        .needs(serving)
        .map(({ kind }) => kind),
    ).toEqual(['Job', 'ScaledJob', 'Component']);
    expect(engineOf(serving).refer(makeInput(serving)).resourceRef).not.toHaveProperty('Async/workload');
  });

  it.each([
    ['50%', '0.5'],
    ['12.5 %', '0.125'],
    ['0.5', '0.5'],
  ])('tells KEDA the share of running Jobs as a decimal: %s', (customScalingRunningJobPercentage, said) => {
    const strategy = { strategy: 'custom', customScalingQueueLengthDeduction: 1 };
    const scaledJob = { scalingStrategy: { ...strategy, customScalingRunningJobPercentage } };
    const made = make(event({ workloadType: 'Job', scaleOptions: { keda: { scaledJob, triggers: TRIGGERS } } }));
    expect(the(made, 'ScaledJob')['spec'].scalingStrategy).toEqual({
      ...strategy,
      customScalingRunningJobPercentage: said,
    });
  });

  it('keeps a Job that runs as it is: nobody can change it', () => {
    const job = asStored(the(make(event({ workloadType: 'Job' })), 'Job'), ({ spec }) => {
      spec.template.metadata.labels['batch.kubernetes.io/controller-uid'] = 'u';
    });
    const scaleOptions = { keda: { triggers: TRIGGERS } };
    const made = make(event({ workloadType: 'Job', labels: { team: 'a' }, scaleOptions }), { owned: [job] });
    expect(made.map(({ kind }) => kind)).toEqual(['Component', 'Job', 'ScaledJob']);
    expect(made[1]?.['spec']).toEqual({ template: job['spec'].template });
  });

  it.each([
    ['Never', 'Never'],
    ['OnFailure', 'OnFailure'],
    ['Always', 'OnFailure'],
    ['', 'OnFailure'],
  ])('restarts the pods of a Job as asked, but never always: %s', (restartPolicy, wanted) => {
    const template = { restartPolicy: 'Always', containers: [] };
    const scaleOptions = { keda: { scaledJob: { restartPolicy } } };
    const job = the(make(event({ workloadType: 'Job', template, scaleOptions })), 'Job');
    expect(job['spec'].template.spec.restartPolicy).toBe(wanted);
  });

  it('names a StatefulSet so that its pods can bear the name in a label', () => {
    const name = the(
      make(event({ workloadType: 'StatefulSet', version: 'a-very-long-version-of-a-function-1.0.0' })),
      'StatefulSet',
    ).metadata.name;
    expect(name.length).toBeLessThanOrEqual(52);
  });

  it('carries labels and annotations that change in place to the pods', () => {
    const annotations = { ...SIDECAR.annotations, note: 'x' };
    const { metadata } = the(make(event({ labels: { team: 'a' }, annotations })), 'Deployment')['spec'].template;
    expect(metadata).toMatchObject({ labels: { team: 'a' }, annotations: { note: 'x', 'dapr.io/enabled': 'true' } });
  });

  it('wants nothing anew that the API only says in other words', () => {
    const template = { containers: [{ name: 'function', resources: { limits: { cpu: '1000m' } } }] };
    const serving = event({ template, params: { EMPTY: '' } });
    const live = asStored(the(make(serving), 'Deployment'), ({ spec }) => {
      const [container] = spec.template.spec.containers;
      container.resources = { limits: { cpu: '1' } };
      container.terminationMessagePath = '/dev/termination-log';
      for (const variable of container.env) if (variable.value === '') delete variable.value;
    });
    const again = the(make(serving, { owned: [live] }), 'Deployment')['spec'].template.spec.containers[0];
    const { terminationMessagePath: _default, ...said } = live['spec'].template.spec.containers[0];
    expect(again).toEqual(said);
  });

  it('calls Dapr in the pod in sidecar mode, and the proxy by its Service in standalone mode', () => {
    const host = (annotations: Record<string, string>) =>
      envOf(the(make(event({ annotations })), 'Deployment', 'serving-a-deployment')['spec'].template.spec)['DAPR_HOST'];
    expect(host(SIDECAR.annotations)).toBeUndefined();
    const { metadata } = the(make(event({ annotations: {} })), 'Service', 'proxy-service');
    expect(host({})).toBe(`${metadata.name}.ns.svc.cluster.local`);
    expect(host({ 'dapr.io/app-id': 'mine' })).toBe(host({}));
  });
});
