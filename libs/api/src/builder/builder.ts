import * as z from 'zod';
import { Conditions, LocalObjectReference, ObservedGeneration } from '../embedded/meta.ts';
import { BuildSpec, SourceResult } from '../function/build.ts';
import type { TypedObject } from '../object.ts';
import { duration, int64, resource, textMap } from '../schema.ts';

export const BuilderSpec = z.object({
  image: z.string().describe('Image that the build writes.'),
  imageCredentials: LocalObjectReference.optional().describe('Secret with the credentials of the image.'),
  state: z.string().optional().describe('Cancelled stops the build.'),
  ...BuildSpec.shape,
});
export type BuilderSpec = z.input<typeof BuilderSpec>;

export const BuilderStatus = z.object({
  observedGeneration: ObservedGeneration,
  conditions: Conditions,
  phase: z.string().optional().describe('Build, once the build has begun.'),
  state: z.string().optional().describe('Building, Succeeded, Failed, Timeout or Canceled.'),
  reason: z.string().optional().describe('Why it is in this state, in one word.'),
  message: z.string().optional().describe('Why it is in this state, in one sentence.'),
  buildDuration: duration().optional().describe('How long the build took.'),
  resourceRef: textMap()
    .optional()
    .describe('Names of the objects made, under shipwright.io/build and shipwright.io/buildRun.'),
  output: z
    .object({
      digest: z.string().optional().describe('Digest of the image.'),
      size: int64().optional().describe('Size of the image in bytes.'),
    })
    .optional()
    .describe('The image that was built.'),
  sources: z.array(SourceResult).optional().describe('Sources of the image.'),
});
export type BuilderStatus = z.input<typeof BuilderStatus>;

/** core.openfunction.io/v1beta2 Builder. */
export const Builder = resource(
  BuilderSpec.describe('What is wanted; written by the function-controller.'),
  BuilderStatus.describe('What is there; written by the build-controller.'),
).describe('One build of a Function. Made and deleted with its Function.');
export type Builder = TypedObject<BuilderSpec, BuilderStatus>;
