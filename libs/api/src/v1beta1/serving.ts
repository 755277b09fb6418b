import * as z from 'zod';
import { DaprComponents } from '../embedded/dapr.ts';
import { ScaleOptions, ServeSpec } from '../function/serving.ts';
import type { TypedObject } from '../object.ts';
import { int32, resource, textMap } from '../schema.ts';
import { ServingSpec, ServingStatus } from '../serving/serving.ts';
import { KedaScaleOptionsV1beta1, ScaleTriggerV1beta1 } from './keda.ts';

/** Data that the function gets from a Dapr component, or sends to one. */
export const DaprIO = z.object({
  name: z.string().describe('Name of this input or output in the function.'),
  component: z
    .string()
    .describe('Name of the Dapr component: a key of bindings, pubsub or states, or an existing one.'),
  topic: z.string().optional().describe('Topic. Needed for pubsub.'),
  operation: z.string().optional().describe('Operation of the binding, e.g. create.'),
  params: textMap()
    .optional()
    .describe('Settings handed to Dapr with each call. In v1beta2 only outputs have them, as dapr.metadata.'),
});
export type DaprIO = z.input<typeof DaprIO>;

export const ScaleOptionsV1beta1 = ScaleOptions.extend({
  keda: KedaScaleOptionsV1beta1.optional().describe('Scaling by KEDA.'),
});
export type ScaleOptionsV1beta1 = z.input<typeof ScaleOptionsV1beta1>;

/** What v1beta1 says about running an image and v1beta2 says in another way. */
const differences = {
  runtime: z
    .enum(['knative', 'async'])
    .describe('knative: called by HTTP. async: called for each event of the inputs. In v1beta2: the kind of trigger.'),
  triggers: z
    .array(ScaleTriggerV1beta1)
    .optional()
    .describe('Event sources that scale the function. In v1beta2: scaleOptions.keda.triggers.'),
  inputs: z.array(DaprIO).optional().describe('Where the function gets data from. In v1beta2: triggers.dapr.'),
  outputs: z.array(DaprIO).optional().describe('Where the function sends data.'),
  states: DaprComponents.optional().describe('Dapr state stores to create, by name.'),
  scaleOptions: ScaleOptionsV1beta1.optional().describe('How many replicas run, and when.'),
};

/** `spec.serving` of a v1beta1 Function. Hooks and tracing are annotations there. */
export const ServeSpecV1beta1 = ServeSpec.omit({ hooks: true, tracing: true, workloadType: true }).extend(differences);
export type ServeSpecV1beta1 = z.input<typeof ServeSpecV1beta1>;

export const ServingSpecV1beta1 = ServingSpec.omit({ hooks: true, tracing: true, workloadType: true }).extend({
  ...differences,
  port: int32().optional().describe('Port that the function listens on. In v1beta2: triggers.http.port.'),
});
export type ServingSpecV1beta1 = z.input<typeof ServingSpecV1beta1>;

/** core.openfunction.io/v1beta1 Serving. Its status is that of v1beta2, so that nothing is lost between the two. */
export const ServingV1beta1 = resource(
  ServingSpecV1beta1.describe('What is wanted; written by the function-controller.'),
  ServingStatus.describe('What is there; written by the serving-controller.'),
).describe('One version of a Function that runs. Made and deleted with its Function.');
export type ServingV1beta1 = TypedObject<ServingSpecV1beta1, ServingStatus>;
