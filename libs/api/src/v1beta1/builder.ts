import type * as z from 'zod';
import { BuilderSpec, BuilderStatus } from '../builder/builder.ts';
import type { TypedObject } from '../object.ts';
import { int32, resource } from '../schema.ts';
import { BuildSpecV1beta1 } from './build.ts';

const { params, shipwright } = BuildSpecV1beta1.shape;

export const BuilderSpecV1beta1 = BuilderSpec.omit({
  builderMaxAge: true,
  failedBuildsHistoryLimit: true,
  successfulBuildsHistoryLimit: true,
}).extend({
  params,
  shipwright,
  port: int32().optional().describe('Port of the Function. Without effect on the build.'),
});
export type BuilderSpecV1beta1 = z.input<typeof BuilderSpecV1beta1>;

/** core.openfunction.io/v1beta1 Builder. Its status is that of v1beta2, so that nothing is lost between the two. */
export const BuilderV1beta1 = resource(
  BuilderSpecV1beta1.describe('What is wanted; written by the function-controller.'),
  BuilderStatus.describe('What is there; written by the build-controller.'),
).describe('One build of a Function. Made and deleted with its Function.');
export type BuilderV1beta1 = TypedObject<BuilderSpecV1beta1, BuilderStatus>;
