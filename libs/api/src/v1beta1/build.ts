import type * as z from 'zod';
import { ShipwrightEngine } from '../embedded/shipwright.ts';
import { BuildSpec } from '../function/build.ts';
import { textMap } from '../schema.ts';

/** `spec.build` of a v1beta1 Function. An EventSource has it too. */
export const BuildSpecV1beta1 = BuildSpec.extend({
  shipwright: ShipwrightEngine.omit({ params: true }).optional().describe('Settings of the Shipwright build.'),
  params: textMap().optional().describe('Parameters handed to the build strategy. In v1beta2: shipwright.params.'),
});
export type BuildSpecV1beta1 = z.input<typeof BuildSpecV1beta1>;
