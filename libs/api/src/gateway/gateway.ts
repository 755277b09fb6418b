import * as z from 'zod';
import { GatewayReference, NamespaceName, ObjectName, SectionName } from '../embedded/gateway-api.ts';
import type { TypedObject } from '../object.ts';
import { int32, listMap, resource } from '../schema.ts';
import { Listener, RouteGroupKind } from './listener.ts';

export const GatewaySpec = z.object({
  domain: z.string().describe('External domain; functions get hosts below it.'),
  clusterDomain: z.string().default('cluster.local').describe('DNS domain of the cluster.'),
  hostTemplate: z
    .string()
    .default('{{.Name}}.{{.Namespace}}.{{.Domain}}')
    .describe('Host of a function that sets no hostnames.'),
  pathTemplate: z
    .string()
    .default('{{.Namespace}}/{{.Name}}')
    .describe('Path prefix of a function that sets hostnames but no rules.'),
  httpRouteLabelKey: z
    .string()
    .default('app.kubernetes.io/managed-by')
    .describe('Label key put on each HTTPRoute; the value is <namespace>.<name> of this Gateway.'),
  gatewayRef: GatewayReference.optional().describe(
    'Existing Kubernetes Gateway to use. Exactly one of gatewayRef and gatewayDef.',
  ),
  gatewayDef: z
    .object({
      name: ObjectName.optional().describe("Name. Admission sets this Gateway's name."),
      namespace: NamespaceName.describe('Namespace.'),
      gatewayClassName: ObjectName.describe('GatewayClass.'),
    })
    .optional()
    .describe('Kubernetes Gateway to create. Exactly one of gatewayRef and gatewayDef.'),
  gatewaySpec: z
    .object({
      listeners: z.array(Listener).min(1).meta(listMap('name')).describe('Listeners that the Kubernetes Gateway gets.'),
    })
    .describe('What the Kubernetes Gateway gets.'),
});
export type GatewaySpec = z.input<typeof GatewaySpec>;

/** Without times, on purpose: a status that repeats itself must stay the same. */
const GatewayCondition = z.object({
  type: z.string().describe('What the condition is about.'),
  status: z.string().describe('True, False or Unknown.'),
  reason: z.string().describe('Why the condition has its status, in one word.'),
  message: z.string().describe('One sentence for people.'),
});

const INITIAL_CONDITION = {
  type: 'Scheduled',
  status: 'Unknown',
  reason: 'NotReconciled',
  message: 'Waiting for controller',
};

const ListenerStatus = z.object({
  name: SectionName.describe('Name of the listener.'),
  supportedKinds: z.array(RouteGroupKind).max(8).describe('Kinds of routes that may attach.'),
  attachedRoutes: int32().describe('Number of routes attached.'),
  conditions: z.array(GatewayCondition).max(8).meta(listMap('type')).describe('What is known about the listener.'),
});

export const GatewayStatus = z.object({
  addresses: z
    .array(
      z.object({
        type: z.enum(['IPAddress', 'Hostname', 'NamedAddress']).default('IPAddress').describe('Form of the address.'),
        value: z.string().min(1).max(253).describe('The address.'),
      }),
    )
    .max(16)
    .optional()
    .describe('Addresses of the Kubernetes Gateway.'),
  conditions: z
    .array(GatewayCondition)
    .max(8)
    .default([INITIAL_CONDITION])
    .meta(listMap('type'))
    .describe('What is known about the Gateway.'),
  listeners: z.array(ListenerStatus).max(64).meta(listMap('name')).optional().describe('State of each listener.'),
});
export type GatewayStatus = z.input<typeof GatewayStatus>;

/** networking.openfunction.io/v1alpha1 Gateway. */
export const Gateway = resource(
  GatewaySpec.describe('What is wanted.'),
  GatewayStatus.describe('What is there; written by the gateway-controller.'),
).describe('The entry point through which HTTP functions are reached, on top of a Kubernetes Gateway.');
export type Gateway = TypedObject<GatewaySpec, GatewayStatus>;
