import {
  apiVersionOf,
  childMeta,
  type KubeObject,
  SCALED_OBJECT,
  type ScaleTrigger,
  type Serving,
} from '@openfunction/api';
import { managedLabels } from './labels.ts';

/** The fields of a KEDA ScaledObject that we set; those of the user's scale options under KEDA's names. */
export interface ScalerSpec {
  minReplicaCount?: number;
  maxReplicaCount?: number;
  pollingInterval?: number;
  cooldownPeriod?: number;
  advanced?: object;
  fallback?: object;
  triggers: ScaleTrigger[];
}

/** What is scaled, and the container whose variables the triggers may name. */
interface ScaleTarget {
  scaleTargetRef: { kind: string; name: string; envSourceContainerName: string };
}

/** A ScaledObject of KEDA (controllers.md §3.11). */
export function makeScaledObject(serving: Serving, name: string, spec: ScaleTarget & ScalerSpec): KubeObject {
  return {
    apiVersion: apiVersionOf(SCALED_OBJECT),
    kind: SCALED_OBJECT.kind,
    metadata: childMeta(serving, name, { labels: managedLabels(serving) }),
    spec,
  };
}
