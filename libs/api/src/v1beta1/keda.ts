import * as z from 'zod';
import { ScaledJob, ScaledObject, ScaleTrigger } from '../embedded/keda.ts';
import { int32 } from '../schema.ts';

/** One KEDA trigger, with the scaler that it drives. */
export const ScaleTriggerV1beta1 = ScaleTrigger.extend({
  targetKind: z
    .enum(['object', 'job'])
    .optional()
    .describe('Scaler that the trigger drives: scaledObject (object) or scaledJob (job).'),
});
export type ScaleTriggerV1beta1 = z.input<typeof ScaleTriggerV1beta1>;

const ScaledObjectV1beta1 = ScaledObject.omit({ fallback: true }).extend({
  workloadType: z.string().optional().describe('Deployment or StatefulSet. In v1beta2: serving.workloadType.'),
  minReplicaCount: int32().optional().describe('Fewest replicas. In v1beta2: scaleOptions.minReplicas.'),
  maxReplicaCount: int32().optional().describe('Most replicas. In v1beta2: scaleOptions.maxReplicas.'),
});

const ScaledJobV1beta1 = ScaledJob.extend({
  maxReplicaCount: int32().optional().describe('Most jobs at once. In v1beta2: scaleOptions.maxReplicas.'),
});

/** Scaling by KEDA; its triggers stand in `serving.triggers`. */
export const KedaScaleOptionsV1beta1 = z.object({
  scaledObject: ScaledObjectV1beta1.optional().describe('Scales a Deployment or StatefulSet by events.'),
  scaledJob: ScaledJobV1beta1.optional().describe('Starts jobs by events.'),
});
export type KedaScaleOptionsV1beta1 = z.input<typeof KedaScaleOptionsV1beta1>;
