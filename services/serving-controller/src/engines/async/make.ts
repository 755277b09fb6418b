import {
  apiVersionOf,
  childMeta,
  DEPLOYMENT,
  FUNCTION_CONTAINER,
  FUNCTION_PORT,
  FUNCTION_PORT_NAME,
  JOB,
  type Kind,
  type KubeObject,
  MAX_STATEFUL_SET_NAME,
  type PodSpec,
  RESOURCE_REF,
  SCALED_JOB,
  SCALED_OBJECT,
  type Serving,
  STATEFUL_SET,
} from '@openfunction/api';
import { podAnnotations } from '../../dapr/annotations.ts';
import { makeComponents, neededByDapr, refsOfDapr } from '../../dapr/components.ts';
import { makeProxy, proxyRef } from '../../dapr/proxy.ts';
import { makeProxyServices } from '../../dapr/proxy-service.ts';
import { findOwned, nameChild, type Owner } from '../../resources/children.ts';
import { ENV_ORDER, makeEnv } from '../../resources/env.ts';
import { managedLabels, plainVersion, traceAnnotations, workloadLabels } from '../../resources/labels.ts';
import { makePodSpec } from '../../resources/pod.ts';
import { makeScaledObject } from '../../resources/scaled-object.ts';
import { makeWorkload, type PodTemplate } from '../../resources/workload.ts';
import type { Engine, EngineInput } from '../engine.ts';
import { isScaled, jobScalerSpec, proxyScalerSpec, restartPolicyOf, scalerSpec } from './scaler.ts';

/**
 * Event-driven functions (controllers.md §3.11): a Deployment, StatefulSet or Job that Dapr calls, and KEDA where there is something to
 * scale by. A Job with triggers is started by its ScaledJob alone (Q34).
 */
export const asyncEngine: Engine = {
  name: 'async',
  needs,
  make: (input) => [
    ...makeComponents(input),
    ...makeProxyServices(input),
    ...(workloadKind(input.serving) === JOB ? makeJobs(input) : makeScaledWorkload(input)),
    ...makeProxy(input, proxyScalerSpec(input.serving)),
  ],
  refer: (input) => {
    const { serving } = input;
    const isStarted = isScaled(serving) && workloadKind(serving) === JOB;
    return {
      resourceRef: {
        ...(!isStarted && { [RESOURCE_REF.asyncWorkload]: workloadOf(input) }),
        ...(isScaled(serving) && { [RESOURCE_REF.asyncScaler]: scalerOf(input) }),
        ...refsOfDapr(input),
        ...proxyRef(input),
      },
    };
  },
};

function needs(serving: Serving): Kind[] {
  const kind = workloadKind(serving);
  const scaler = kind === JOB ? SCALED_JOB : SCALED_OBJECT;
  return [kind, ...(isScaled(serving) ? [scaler] : []), ...neededByDapr(serving.spec)];
}

/** Anything but the two others is a Deployment, as with the original. */
function workloadKind({ spec }: Serving): Kind {
  return { StatefulSet: STATEFUL_SET, Job: JOB }[spec.workloadType ?? ''] ?? DEPLOYMENT;
}

function workloadOf(owner: Owner): string {
  const { serving } = owner;
  const kind = workloadKind(serving);
  const recorded = serving.status?.resourceRef?.[RESOURCE_REF.asyncWorkload];
  const key = kind.kind.toLowerCase();
  const most = kind === STATEFUL_SET ? { most: MAX_STATEFUL_SET_NAME } : {};
  return nameChild(owner, { kind, what: `${key}-${plainVersion(serving)}`, key, recorded, ...most });
}

function scalerOf(owner: Owner): string {
  const kind = workloadKind(owner.serving) === JOB ? SCALED_JOB : SCALED_OBJECT;
  const recorded = owner.serving.status?.resourceRef?.[RESOURCE_REF.asyncScaler];
  return nameChild(owner, { kind, what: 'scaler', recorded });
}

/** A Deployment or StatefulSet, and its scaler when there are triggers: that decides about the replicas then. */
function makeScaledWorkload(input: EngineInput): KubeObject[] {
  const { serving, owned } = input;
  const kind = workloadKind(serving);
  const name = workloadOf(input);
  const scaler = scalerSpec(serving);
  const { minReplicas = 0 } = serving.spec.scaleOptions ?? {};
  const workload = makeWorkload(serving, owned, {
    kind,
    name,
    key: kind.kind.toLowerCase(),
    selector: managedLabels(serving),
    template: makeTemplate(input),
    replicas: scaler === undefined ? Math.max(1, minReplicas) : undefined,
  });
  if (scaler === undefined) return [workload];
  const scaleTargetRef = { kind: kind.kind, name, envSourceContainerName: FUNCTION_CONTAINER };
  return [workload, makeScaledObject(serving, scalerOf(input), { scaleTargetRef, ...scaler })];
}

/** With triggers the ScaledJob alone starts Jobs (Q34); one that the Go operator has started beside it may end in peace. */
function makeJobs(input: EngineInput): KubeObject[] {
  const { serving, owned } = input;
  const scaler = jobScalerSpec(serving);
  const live = findOwned(owned, JOB, workloadOf(input));
  const pod = makeTemplate(input);
  const template = { ...pod, spec: { ...pod.spec, restartPolicy: restartPolicyOf(serving) } };
  return [
    ...(scaler === undefined || live !== undefined ? [makeJob(input, live, template)] : []),
    ...(scaler === undefined ? [] : [makeScaledJob(input, { jobTargetRef: { template }, ...scaler })]),
  ];
}

/** Nobody can change the template of a Job. */
function makeJob(input: EngineInput, live: KubeObject | undefined, template: PodTemplate): KubeObject {
  const { serving } = input;
  const metadata = childMeta(serving, workloadOf(input), {
    labels: template.metadata.labels,
    annotations: traceAnnotations(serving),
  });
  const spec = { template: live === undefined ? template : live['spec'].template };
  return { apiVersion: apiVersionOf(JOB), kind: JOB.kind, metadata, spec };
}

function makeScaledJob(input: EngineInput, spec: object): KubeObject {
  const { serving } = input;
  const metadata = childMeta(serving, scalerOf(input), {
    labels: managedLabels(serving),
    annotations: traceAnnotations(serving),
  });
  return { apiVersion: apiVersionOf(SCALED_JOB), kind: SCALED_JOB.kind, metadata, spec };
}

/** The port is always the same: nobody but Dapr calls an event-driven function. */
function makeTemplate(input: EngineInput): PodTemplate {
  const { serving } = input;
  const labels = workloadLabels(serving, managedLabels(serving));
  const spec: PodSpec = makePodSpec(serving, {
    port: { name: FUNCTION_PORT_NAME, containerPort: FUNCTION_PORT, protocol: 'TCP' },
    env: (given) => makeEnv(given, ENV_ORDER.async, input),
  });
  return { metadata: { labels, annotations: podAnnotations(serving) }, spec };
}
