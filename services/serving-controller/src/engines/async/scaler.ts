import { isLoadTrigger, type KedaScaleOptions, type ScaleTrigger, type Serving } from '@openfunction/api';
import { fewestReplicas } from '../../resources/replicas.ts';
import type { ScalerSpec } from '../../resources/scaled-object.ts';

/** What `spec.scaleOptions` says about event-driven scaling, in the fields of KEDA (controllers.md §3.11). */

/** Whether there is anything to scale by. */
export function isScaled(serving: Serving): boolean {
  return triggersOf(serving).length > 0;
}

/** For a Deployment or StatefulSet; undefined when there are no triggers. */
export function scalerSpec(serving: Serving): ScalerSpec | undefined {
  if (!isScaled(serving)) return undefined;
  const { maxReplicas } = serving.spec.scaleOptions ?? {};
  const fewest = fewestReplicas(serving, minReplicasOf(serving));
  const { pollingInterval, cooldownPeriod, advanced, fallback } = kedaOf(serving).scaledObject ?? {};
  return {
    ...(fewest !== undefined && { minReplicaCount: fewest }),
    ...(maxReplicas !== undefined && { maxReplicaCount: maxReplicas }),
    ...given({ pollingInterval, cooldownPeriod, advanced, fallback }),
    triggers: triggersOf(serving),
  };
}

/** For a Job: everything beside the Job itself. Running Jobs are not ended when the scaler changes. */
export function jobScalerSpec(serving: Serving): object | undefined {
  if (!isScaled(serving)) return undefined;
  const { restartPolicy: _restartPolicy, scalingStrategy, ...options } = kedaOf(serving).scaledJob ?? {};
  const { maxReplicas } = serving.spec.scaleOptions ?? {};
  return {
    envSourceContainerName: 'function',
    ...(maxReplicas !== undefined && { maxReplicaCount: maxReplicas }),
    ...given({ ...options, scalingStrategy: inDecimals(scalingStrategy) }),
    rollout: { strategy: 'gradual' },
    triggers: triggersOf(serving),
  };
}

/** KEDA parses a decimal, and falls back to another strategy without a word when it cannot; the original asks for a `%` (Q14). */
function inDecimals(strategy: ScalingStrategy): ScalingStrategy {
  const text = strategy?.customScalingRunningJobPercentage;
  if (text?.endsWith('%') !== true) return strategy;
  return { ...strategy, customScalingRunningJobPercentage: String(Number.parseFloat(text) / 100) };
}

type ScalingStrategy = NonNullable<KedaScaleOptions['scaledJob']>['scalingStrategy'];

/**
 * What wakes the Dapr proxy, where the workload may go to zero; it looks as often as the workload's scaler does. How busy the function is
 * wakes nobody, and KEDA refuses such triggers for a container that does not say what it needs.
 */
export function proxyScalerSpec(serving: Serving): ScalerSpec | undefined {
  const isJob = serving.spec.workloadType === 'Job';
  const triggers = triggersOf(serving).filter((trigger) => !isLoadTrigger(trigger));
  if (triggers.length === 0 || ((minReplicasOf(serving) ?? 0) > 0 && !isJob)) return undefined;
  const { scaledObject, scaledJob } = kedaOf(serving);
  const { pollingInterval, cooldownPeriod } = isJob ? { ...scaledJob, cooldownPeriod: undefined } : { ...scaledObject };
  return { ...given({ pollingInterval, cooldownPeriod }), triggers };
}

/** `Always` is nothing that a Job can have (Q27). */
export function restartPolicyOf(serving: Serving): string {
  return kedaOf(serving).scaledJob?.restartPolicy === 'Never' ? 'Never' : 'OnFailure';
}

/** The user's minimum, but at least one where load alone scales: KEDA refuses zero then, as nothing would wake it. */
function minReplicasOf(serving: Serving): number | undefined {
  const { minReplicas } = serving.spec.scaleOptions ?? {};
  return triggersOf(serving).every(isLoadTrigger) ? Math.max(1, minReplicas ?? 0) : minReplicas;
}

function triggersOf(serving: Serving): ScaleTrigger[] {
  return kedaOf(serving).triggers ?? [];
}

function kedaOf({ spec }: Serving): KedaScaleOptions {
  return spec.scaleOptions?.keda ?? {};
}

/** Without the fields that are not given. */
function given<Fields extends object>(fields: Fields): { [Field in keyof Fields]?: NonNullable<Fields[Field]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as {
    [Field in keyof Fields]?: NonNullable<Fields[Field]>;
  };
}
