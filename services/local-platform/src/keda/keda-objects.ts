import type { TypedObject } from '@openfunction/api';
import type { Container, ForeignCondition, PodSpec } from '../objects.ts';
import type { TriggerSpec } from './trigger.ts';

/** Objects of KEDA, as far as the local platform plays them (keda.sh/v1alpha1). */
export interface ScaledObjectSpec {
  scaleTargetRef: { apiVersion?: string; kind?: string; name: string; envSourceContainerName?: string };
  minReplicaCount?: number;
  maxReplicaCount?: number;
  idleReplicaCount?: number;
  pollingInterval?: number;
  cooldownPeriod?: number;
  fallback?: { failureThreshold: number; replicas: number };
  advanced?: {
    horizontalPodAutoscalerConfig?: { behavior?: { scaleDown?: { stabilizationWindowSeconds?: number } } };
  };
  triggers: TriggerSpec[];
}

export interface ScaledStatus {
  conditions?: ForeignCondition[];
  lastActiveTime?: string;
  scaleTargetKind?: string;
  originalReplicaCount?: number;
  triggersTypes?: string;
}

export type ScaledObject = TypedObject<ScaledObjectSpec, ScaledStatus>;

export interface JobSpec {
  template: { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }; spec: PodSpec };
  [field: string]: unknown;
}

export interface ScaledJobSpec {
  jobTargetRef: JobSpec;
  envSourceContainerName?: string;
  minReplicaCount?: number;
  maxReplicaCount?: number;
  pollingInterval?: number;
  successfulJobsHistoryLimit?: number;
  failedJobsHistoryLimit?: number;
  scalingStrategy?: { strategy?: string };
  triggers: TriggerSpec[];
}

export type ScaledJob = TypedObject<ScaledJobSpec, ScaledStatus>;

export type Job = TypedObject<JobSpec, { conditions?: ForeignCondition[]; active?: number; ready?: number }>;

/** KEDA's defaults. */
export const POLLING_SECONDS = 30;
export const COOLDOWN_SECONDS = 300;
export const STABILIZATION_SECONDS = 300;
export const MOST_REPLICAS = 100;

/** The literal variables of the container that triggers may read: the named one, else the first. */
export function variablesOf(spec: PodSpec | undefined, container: string | undefined): Record<string, string> {
  const containers: Container[] = spec?.containers ?? [];
  const source = containers.find(({ name }) => name === container) ?? containers[0];
  const literal = (source?.env ?? []).filter(({ valueFrom }) => valueFrom === undefined);
  return Object.fromEntries(literal.map(({ name, value }) => [name, value ?? '']));
}
