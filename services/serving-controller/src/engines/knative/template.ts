import { KNATIVE_SERVICE, type KubeObject, LABEL, type PodSpec, RESOURCE_REF, type Serving } from '@openfunction/api';
import { podAnnotations, portOf } from '../../dapr/annotations.ts';
import { findOwned, nameChild, type Owner } from '../../resources/children.ts';
import { ENV_ORDER, makeEnv } from '../../resources/env.ts';
import { workloadLabels } from '../../resources/labels.ts';
import { makePodSpec } from '../../resources/pod.ts';
import type { EngineInput } from '../engine.ts';

/** The template of a Knative Service, from which Knative makes a Revision. */
export interface Template {
  metadata: {
    name?: string;
    namespace?: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
  };
  spec: PodSpec & { containerConcurrency?: number };
}

/** Name of the Knative Service. */
export function knativeServiceOf(owner: Owner): string {
  const recorded = owner.serving.status?.resourceRef?.[RESOURCE_REF.knativeService];
  return nameChild(owner, { kind: KNATIVE_SERVICE, what: 'ksvc', recorded });
}

/** That Knative Service as it is. */
export function liveService(owner: Owner): KubeObject | undefined {
  return findOwned(owner.owned, KNATIVE_SERVICE, knativeServiceOf(owner));
}

/** What the Revision is to be made from, but for its name. */
export function makeTemplate(input: EngineInput): Template {
  const { serving } = input;
  const { namespace } = serving.metadata;
  const under = { 'dapr.io/metrics-port': '19090' };
  const annotations = podAnnotations(serving, { under, over: scaleAnnotations(serving) });
  const concurrency = containerConcurrency(annotations);
  return {
    metadata: {
      ...(namespace !== undefined && { namespace }),
      labels: workloadLabels(serving, reservedLabels(serving)),
      annotations,
    },
    spec: {
      ...(concurrency !== undefined && { containerConcurrency: concurrency }),
      ...makePodSpec(servable(input), {
        port: { containerPort: portOf(serving) },
        isOnlyPort: true,
        env: (given) => makeEnv(given, ENV_ORDER.knative, input),
      }),
    },
  };
}

/** The Serving with as much of its template as Knative's definition declares: the API server refuses the rest. */
function servable({ serving, pruned }: EngineInput): Serving {
  return pruned === undefined ? serving : { ...serving, spec: { ...serving.spec, template: pruned.template } };
}

/** A Knative Service and its pods do not bear the label `managed`, as with the original. */
export function reservedLabels(serving: Serving): Record<string, string> {
  return { [LABEL.serving]: serving.metadata.name };
}

/** `minReplicas` and `maxReplicas` win over the annotations, as in the original; both spellings that Knative has known are set. */
function scaleAnnotations(serving: Serving): Record<string, string> {
  const { minReplicas, maxReplicas, knative = {} } = serving.spec.scaleOptions ?? {};
  return { ...knative, ...bound('max', maxReplicas), ...bound('min', minReplicas) };
}

function bound(which: 'min' | 'max', replicas: number | undefined): Record<string, string> {
  if (replicas === undefined) return {};
  const value = String(replicas);
  return { [`autoscaling.knative.dev/${which}-scale`]: value, [`autoscaling.knative.dev/${which}Scale`]: value };
}

function containerConcurrency(annotations: Record<string, string>): number | undefined {
  const text = annotations['autoscaling.knative.dev/container-concurrency'];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
