import * as z from 'zod';
import { ATOMIC_LIST, int32, textMap } from '../schema.ts';

/** One KEDA trigger: an event source that scales the function. */
export const ScaleTrigger = z.object({
  type: z.string().describe('Scaler type, e.g. kafka or cron.'),
  metadata: textMap().describe('Settings of the scaler.'),
  name: z.string().optional().describe('Name of this trigger.'),
  useCachedMetrics: z.boolean().optional().describe('Reads the metric once for each polling interval.'),
  authenticationRef: z
    .object({
      name: z.string().describe('Name of the authentication object.'),
      kind: z.string().optional().describe('TriggerAuthentication or ClusterTriggerAuthentication.'),
    })
    .optional()
    .describe('Credentials of the scaler.'),
  metricType: z.string().optional().describe('AverageValue, Value or Utilization.'),
});
export type ScaleTrigger = z.input<typeof ScaleTrigger>;

const ScalingPolicy = z.object({
  type: z.string().describe('Pods or Percent.'),
  value: int32().describe('How much may change within the period.'),
  periodSeconds: int32().describe('Length of the period in seconds.'),
});

const ScalingRules = z.object({
  stabilizationWindowSeconds: int32().optional().describe('Seconds of past recommendations to consider.'),
  selectPolicy: z.string().optional().describe('Max, Min or Disabled.'),
  policies: z.array(ScalingPolicy).meta(ATOMIC_LIST).optional().describe('Limits on the speed of scaling.'),
});

export const AdvancedConfig = z.object({
  restoreToOriginalReplicaCount: z
    .boolean()
    .optional()
    .describe('Restores the replica count when the scaler is deleted.'),
  horizontalPodAutoscalerConfig: z
    .object({
      name: z.string().optional().describe('Name of the HorizontalPodAutoscaler.'),
      behavior: z
        .object({
          scaleUp: ScalingRules.optional().describe('How to scale up.'),
          scaleDown: ScalingRules.optional().describe('How to scale down.'),
        })
        .optional()
        .describe('Speed of scaling in each direction.'),
    })
    .optional()
    .describe('Settings of the HorizontalPodAutoscaler that KEDA makes.'),
});

const HttpScaledObject = z.object({
  targetPendingRequests: int32().optional().describe('Pending requests for each replica. Unset: 100.'),
  cooldownPeriod: int32().optional().describe('Seconds without requests before scaling to zero. Unset: 300.'),
});

export const ScaledObject = z.object({
  pollingInterval: int32().optional().describe("Seconds between two looks at the triggers. Unset: KEDA's default."),
  cooldownPeriod: int32().optional().describe("Seconds of quiet before scaling to zero. Unset: KEDA's default."),
  advanced: AdvancedConfig.optional().describe('Advanced settings of the scaler.'),
  fallback: z
    .object({
      failureThreshold: int32().describe('Failed looks in a row before the fallback applies.'),
      replicas: int32().describe('Replicas while the fallback applies.'),
    })
    .optional()
    .describe('What to do while the triggers cannot be read.'),
});

const ScalingStrategy = z.object({
  strategy: z.string().optional().describe('default, custom or accurate.'),
  customScalingQueueLengthDeduction: int32().optional().describe('Strategy custom: jobs taken off the queue length.'),
  customScalingRunningJobPercentage: z
    .string()
    .optional()
    .describe('Strategy custom: weight of running jobs, e.g. "0.5".'),
  pendingPodConditions: z.array(z.string()).optional().describe('Conditions a pod must meet to count as not pending.'),
  multipleScalersCalculation: z.string().optional().describe('How several triggers combine: max, min, avg or sum.'),
});

export const ScaledJob = z.object({
  restartPolicy: z
    .string()
    .optional()
    .describe('Restart policy of the job pods: OnFailure or Never. Unset: OnFailure.'),
  pollingInterval: int32().optional().describe("Seconds between two looks at the triggers. Unset: KEDA's default."),
  successfulJobsHistoryLimit: int32().optional().describe("Successful jobs kept. Unset: KEDA's default."),
  failedJobsHistoryLimit: int32().optional().describe("Failed jobs kept. Unset: KEDA's default."),
  scalingStrategy: ScalingStrategy.optional().describe('How many jobs to start.'),
});

/** Scaling by KEDA: one of the three scalers, and the triggers that drive it. */
export const KedaScaleOptions = z.object({
  httpScaledObject: HttpScaledObject.optional().describe('Scales by pending HTTP requests (engine keda).'),
  scaledObject: ScaledObject.optional().describe('Scales a Deployment or StatefulSet by events.'),
  scaledJob: ScaledJob.optional().describe('Starts jobs by events.'),
  triggers: z
    .array(ScaleTrigger)
    .optional()
    .describe('Event sources that scale the function. None: no scaler is made.'),
});
export type KedaScaleOptions = z.input<typeof KedaScaleOptions>;
