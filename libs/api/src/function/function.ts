import * as z from 'zod';
import { LocalObjectReference } from '../embedded/meta.ts';
import type { TypedObject } from '../object.ts';
import { resource } from '../schema.ts';
import { BuildSpec } from './build.ts';
import { ServeSpec } from './serving.ts';
import { FunctionStatus } from './status.ts';

export const FunctionSpec = z.object({
  image: z.string().describe('Image that the build writes and the serving runs.'),
  version: z.string().optional().describe('Version of the function. Admission sets latest.'),
  workloadRuntime: z.string().default('OCIContainer').describe('What runs the image: OCIContainer or WasmEdge.'),
  imageCredentials: LocalObjectReference.optional().describe('Secret with the credentials of the image.'),
  build: BuildSpec.optional().describe('How to make the image from source. Unset: nothing is built.'),
  serving: ServeSpec.optional().describe('How to run the image. Unset: nothing is run.'),
});
export type FunctionSpec = z.input<typeof FunctionSpec>;

/** core.openfunction.io/v1beta2 Function. */
export const Function = resource(
  FunctionSpec.describe('What is wanted.'),
  FunctionStatus.describe('What is there; written by the function-controller.'),
).describe('A function: built from source into an image, run, and scaled from zero.');
export type Function = TypedObject<FunctionSpec, FunctionStatus>;
