import * as z from 'zod';
import { DaprComponent, DaprComponents } from '../embedded/dapr.ts';
import { KedaScaleOptions } from '../embedded/keda.ts';
import { PodSpec } from '../embedded/pod-spec.ts';
import { duration, int32, textMap } from '../schema.ts';
import { Triggers } from './triggers.ts';

/** Data that the function sends to a Dapr component. */
export const DaprOutput = z.object({
  name: z.string().describe('Name of the Dapr component: a key of bindings, pubsub or states, or an existing one.'),
  type: z
    .string()
    .optional()
    .describe('Component type, e.g. bindings.kafka. Needed for a component not declared here.'),
  topic: z.string().optional().describe('Topic. Needed for pubsub.'),
  operation: z.string().optional().describe('Operation of the binding, e.g. create.'),
  metadata: textMap().optional().describe('Settings handed to Dapr with each call.'),
  outputName: z
    .string()
    .optional()
    .describe('Name of the output in the function. Unset: `name`. Needed where several outputs use one component.'),
});
export type DaprOutput = z.input<typeof DaprOutput>;

const OVER_KNATIVE = 'On Knative it wins over the annotations in `knative`.';

export const ScaleOptions = z.object({
  minReplicas: int32().optional().describe(`Fewest replicas. ${OVER_KNATIVE}`),
  maxReplicas: int32().optional().describe(`Most replicas. ${OVER_KNATIVE}`),
  knative: textMap().optional().describe('Autoscaling annotations of Knative.'),
  keda: KedaScaleOptions.optional().describe('Scaling by KEDA.'),
});
export type ScaleOptions = z.input<typeof ScaleOptions>;

export const Hooks = z.object({
  pre: z.array(z.string()).optional().describe('Hooks that run before the function.'),
  post: z.array(z.string()).optional().describe('Hooks that run after the function.'),
  policy: z
    .string()
    .optional()
    .describe(
      'Append: global pre hooks run before these and global post hooks after. Override: only these. Unset: Append.',
    ),
});
export type Hooks = z.input<typeof Hooks>;

const TracingProvider = z.object({
  name: z.string().describe('skywalking or opentelemetry.'),
  oapServer: z.string().optional().describe('Address of the SkyWalking collector.'),
  exporter: z
    .object({
      name: z.string().describe('otlp, jaeger or zipkin.'),
      endpoint: z.string().describe('Address that traces are sent to.'),
      headers: z.string().optional().describe('Headers sent along.'),
      compression: z.string().optional().describe('Compression of the data.'),
      timeout: z.string().optional().describe('Time limit of one transfer.'),
      protocol: z.string().optional().describe('Protocol of the transfer.'),
    })
    .optional()
    .describe('OpenTelemetry exporter.'),
});

export const Tracing = z.object({
  enabled: z.boolean().describe('Turns tracing on.'),
  provider: TracingProvider.describe('What receives the traces.'),
  tags: textMap().optional().describe('Tags of every span.'),
  baggage: textMap().optional().describe('Values carried along with the trace.'),
});
export type Tracing = z.input<typeof Tracing>;

/** How the image runs: `spec.serving` of a Function, and the same fields directly under `spec` of a Serving. */
export const ServeSpec = z.object({
  triggers: Triggers.optional().describe('How the function is invoked.'),
  outputs: z
    .array(z.object({ dapr: DaprOutput.optional().describe('Dapr component to send to.') }))
    .optional()
    .describe('Where the function sends data.'),
  bindings: DaprComponents.optional().describe('Dapr binding components to create, by name.'),
  pubsub: DaprComponents.optional().describe('Dapr pubsub components to create, by name.'),
  states: z
    .record(
      z.string(),
      z.object({
        spec: DaprComponent.optional().describe(
          'Component to create. Unset: an existing component of this name is used.',
        ),
      }),
    )
    .optional()
    .describe('Dapr state stores, by name.'),
  scaleOptions: ScaleOptions.optional().describe('How many replicas run, and when.'),
  workloadType: z
    .string()
    .optional()
    .describe('Workload of an event-driven function: Deployment, StatefulSet or Job. Unset: Deployment.'),
  params: textMap().optional().describe('Environment variables of the function.'),
  labels: textMap().optional().describe('Labels added to the workload.'),
  annotations: textMap().optional().describe('Annotations added to the workload.'),
  template: PodSpec.optional().describe(
    'Pod template. Its container "function" runs the function and is added when missing.',
  ),
  timeout: duration().optional().describe('Time allowed until the function runs, e.g. 5m. Unset: no limit.'),
  hooks: Hooks.optional().describe('Hooks that run around the function.'),
  tracing: Tracing.optional().describe('Tracing of the function.'),
});
export type ServeSpec = z.input<typeof ServeSpec>;
