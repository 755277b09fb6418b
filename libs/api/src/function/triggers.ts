import * as z from 'zod';
import { GatewayReference, Hostname, RouteRule } from '../embedded/gateway-api.ts';
import { int32 } from '../schema.ts';

/** How requests from outside reach an HTTP function. */
export const Route = z.object({
  gatewayRef: GatewayReference.optional().describe(
    'Gateway (networking.openfunction.io) that carries the route. Admission sets openfunction/openfunction.',
  ),
  hostnames: z
    .array(Hostname)
    .max(16)
    .optional()
    .describe("Hosts of the function. Unset: one host made by the Gateway's hostTemplate."),
  rules: z.array(RouteRule).max(16).optional().describe('Rules of the route. Unset: every path of the hosts.'),
});
export type Route = z.input<typeof Route>;

/** The function is called by HTTP. */
export const HttpTrigger = z.object({
  port: int32().optional().describe('Port that the function listens on. Admission sets 8080.'),
  engine: z.string().optional().describe('What runs and scales the function: knative or keda. Unset: knative.'),
  route: Route.optional().describe('How requests from outside reach the function.'),
});
export type HttpTrigger = z.input<typeof HttpTrigger>;

const daprSource = {
  name: z.string().describe('Name of the Dapr component: a key of bindings, pubsub or states, or an existing one.'),
  type: z
    .string()
    .optional()
    .describe('Component type, e.g. bindings.kafka. Needed for a component not declared here.'),
  topic: z.string().optional().describe('Topic. Needed for pubsub.'),
};

/** The function is called for each event of a Dapr component. */
export const DaprTrigger = z.object({
  ...daprSource,
  inputName: z
    .string()
    .optional()
    .describe('Name of the input in the function. Unset: `name`. Needed where several inputs use one component.'),
});
export type DaprTrigger = z.input<typeof DaprTrigger>;

/** How a function is invoked. */
export const Triggers = z.object({
  http: HttpTrigger.optional().describe('Called by HTTP. Admission sets it when no other trigger is given.'),
  dapr: z.array(DaprTrigger).optional().describe('Called for each event of these Dapr components.'),
  inputs: z
    .array(z.object({ dapr: z.object(daprSource).optional().describe('Dapr component to read from.') }))
    .optional()
    .describe('Further data sources, such as state stores.'),
});
export type Triggers = z.input<typeof Triggers>;
