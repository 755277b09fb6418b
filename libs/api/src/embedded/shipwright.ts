import * as z from 'zod';
import { duration } from '../schema.ts';

const ObjectKeyRef = z.object({
  name: z.string().describe('Name of the object, in the same namespace.'),
  key: z.string().describe('Key inside the object.'),
  format: z.string().optional().describe('Text that the value is put into, in the notation of Shipwright.'),
});

const singleValue = {
  value: z.string().optional().describe('The value itself.'),
  configMapValue: ObjectKeyRef.optional().describe('Takes the value from a ConfigMap.'),
  secretValue: ObjectKeyRef.optional().describe('Takes the value from a Secret.'),
};

/** One parameter of a build strategy: a single value, or a list in `values`. */
export const ParamValue = z.object({
  name: z.string().describe('Name of the strategy parameter.'),
  ...singleValue,
  values: z.array(z.object(singleValue)).optional().describe('Values of a list parameter.'),
});
export type ParamValue = z.input<typeof ParamValue>;

/** How Shipwright builds the function. */
export const ShipwrightEngine = z.object({
  strategy: z
    .object({
      name: z.string().describe('Name of the build strategy.'),
      kind: z.string().optional().describe('BuildStrategy or ClusterBuildStrategy.'),
    })
    .optional()
    .describe('Build strategy. Unset: the ClusterBuildStrategy "openfunction", or "kaniko" for a dockerfile alone.'),
  params: z.array(ParamValue).optional().describe('Parameters handed to the build strategy.'),
  timeout: duration()
    .meta({ format: 'duration' })
    .optional()
    .describe('Time limit of the Shipwright build, e.g. 10m. See also build.timeout.'),
});
export type ShipwrightEngine = z.input<typeof ShipwrightEngine>;
