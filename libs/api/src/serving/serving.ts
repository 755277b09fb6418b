import * as z from 'zod';
import { Conditions, LocalObjectReference, ObservedGeneration } from '../embedded/meta.ts';
import { ServeSpec } from '../function/serving.ts';
import type { TypedObject } from '../object.ts';
import { resource, textMap } from '../schema.ts';

export const ServingSpec = z.object({
  image: z.string().describe('Image to run.'),
  version: z.string().optional().describe('Version of the function.'),
  imageCredentials: LocalObjectReference.optional().describe('Secret with the credentials of the image.'),
  ...ServeSpec.shape,
});
export type ServingSpec = z.input<typeof ServingSpec>;

export const ServingStatus = z.object({
  observedGeneration: ObservedGeneration,
  conditions: Conditions,
  phase: z.string().optional().describe('Serving, once the workload has been made.'),
  state: z.string().optional().describe('Starting, Running, Failed or Timeout.'),
  reason: z.string().optional().describe('Why it is in this state, in one word.'),
  message: z.string().optional().describe('Why it is in this state, in one sentence.'),
  readyTime: z
    .string()
    .meta({ format: 'date-time' })
    .optional()
    .describe('When it first ran. From then on spec.timeout bounds nothing.'),
  resourceRef: textMap()
    .optional()
    .describe('Names of the objects made, by kind, e.g. under serving.knative.dev/service.'),
  service: z.string().optional().describe('Name of the Service that carries the traffic.'),
  url: z.string().optional().describe('The same name as service, under the key that v1.2 used. Not a URL.'),
});
export type ServingStatus = z.input<typeof ServingStatus>;

/** core.openfunction.io/v1beta2 Serving. */
export const Serving = resource(
  ServingSpec.describe('What is wanted; written by the function-controller.'),
  ServingStatus.describe('What is there; written by the serving-controller.'),
).describe('One version of a Function that runs. Made and deleted with its Function.');
export type Serving = TypedObject<ServingSpec, ServingStatus>;
