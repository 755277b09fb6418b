import * as z from 'zod';
import { ATOMIC_MAP, int64, listMap } from '../schema.ts';

/** Reference to a Secret of the same namespace (core/v1 LocalObjectReference; `{}` is legal, as in the original). */
export const LocalObjectReference = z
  .object({ name: z.string().optional().describe('Name of the Secret, in the same namespace.') })
  .meta(ATOMIC_MAP);
export type LocalObjectReference = z.input<typeof LocalObjectReference>;

const CONDITION_TYPE =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/;

/** meta/v1 Condition. */
export const ConditionSchema = z.object({
  lastTransitionTime: z.string().meta({ format: 'date-time' }).describe('When the status last changed.'),
  message: z.string().max(32768).describe('One sentence for people.'),
  observedGeneration: int64().min(0).optional().describe('The metadata.generation this condition speaks about.'),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .describe('Why the condition has its status, in one CamelCase word.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('True, False or Unknown.'),
  type: z.string().max(316).regex(CONDITION_TYPE).describe('What the condition is about.'),
});

/** The conditions of our own status objects, one for each type. */
export const Conditions = z
  .array(ConditionSchema)
  .meta(listMap('type'))
  .optional()
  .describe('What is known about this object, one entry for each condition type.');

/** The generation a status speaks about. */
export const ObservedGeneration = int64()
  .optional()
  .describe('The metadata.generation that this status was computed from.');
