import type * as z from 'zod';
import { FunctionSpec } from '../function/function.ts';
import { FunctionStatus } from '../function/status.ts';
import { Route } from '../function/triggers.ts';
import type { TypedObject } from '../object.ts';
import { int32, resource } from '../schema.ts';
import { BuildSpecV1beta1 } from './build.ts';
import { ServeSpecV1beta1 } from './serving.ts';

export const FunctionSpecV1beta1 = FunctionSpec.extend({
  port: int32().optional().describe('Port that the function listens on. In v1beta2: serving.triggers.http.port.'),
  route: Route.optional().describe(
    'How requests from outside reach the function. In v1beta2: serving.triggers.http.route.',
  ),
  build: BuildSpecV1beta1.optional().describe('How to make the image from source. Unset: nothing is built.'),
  serving: ServeSpecV1beta1.optional().describe('How to run the image. Unset: nothing is run.'),
});
export type FunctionSpecV1beta1 = z.input<typeof FunctionSpecV1beta1>;

/** core.openfunction.io/v1beta1 Function. Its status is that of v1beta2, so that nothing is lost between the two. */
export const FunctionV1beta1 = resource(
  FunctionSpecV1beta1.describe('What is wanted.'),
  FunctionStatus.describe('What is there; written by the function-controller.'),
).describe('A function: built from source into an image, run, and scaled from zero.');
export type FunctionV1beta1 = TypedObject<FunctionSpecV1beta1, FunctionStatus>;
