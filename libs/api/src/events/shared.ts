import * as z from 'zod';
import { AdvancedConfig, ScaleTrigger } from '../embedded/keda.ts';
import { int32, textMap } from '../schema.ts';

/** An object whose address is looked up. */
export const Reference = z.object({
  apiVersion: z.string().describe('Group and version of the object, e.g. serving.knative.dev/v1.'),
  kind: z.string().describe('Kind of the object, e.g. Service.'),
  name: z.string().describe('Name of the object.'),
  namespace: z.string().optional().describe('Namespace of the object.'),
});
export type Reference = z.input<typeof Reference>;

/** What receives an event by HTTP. */
export const Sink = z.object({
  uri: z.string().optional().describe('URL that receives the event; wins over ref.'),
  ref: Reference.optional().describe('Object whose address receives the event. Needed unless uri is set.'),
});
export type Sink = z.input<typeof Sink>;

/** Scaling by KEDA, as far as it is the same for every source of events. */
export const genericScaleOption = {
  pollingInterval: int32().optional().describe("Seconds between two looks at the lag. Unset: KEDA's default."),
  cooldownPeriod: int32().optional().describe("Seconds of quiet before scaling to zero. Unset: KEDA's default."),
  minReplicaCount: int32().optional().describe("Fewest replicas. Unset: KEDA's default."),
  maxReplicaCount: int32().optional().describe("Most replicas. Unset: KEDA's default."),
  advanced: AdvancedConfig.optional().describe('Advanced settings of the scaler.'),
  metadata: textMap().optional().describe('Further settings of the KEDA trigger.'),
  authRef: ScaleTrigger.shape.authenticationRef,
};

/** The words of the original, all of which stored objects may hold. */
const CONDITION_TYPES = ['Created', 'Error', 'Pending', 'Unknown', 'Terminating', 'Terminated', 'Ready'] as const;
const CONDITION_REASONS = [
  'EventSourceFunctionCreated',
  'ErrorCreatingEventSource',
  'ErrorCreatingEventSourceFunction',
  'EventSourceIsReady',
  'ErrorConfiguration',
  'ErrorToFindExistEventBus',
  'ErrorGenerateComponent',
  'ErrorGenerateScaledObject',
  'PendingCreation',
  'ErrorToFindTriggerSubscribers',
  'ErrorCreatingTrigger',
  'TriggerIsReady',
  'ErrorCreatingTriggerFunction',
  'TriggerFunctionCreated',
] as const;

const EventCondition = z.object({
  timestamp: z.string().optional().describe('When it was seen, in RFC 3339.'),
  type: z.enum(CONDITION_TYPES).describe('What the condition is about.'),
  status: z.string().describe('True, False or Unknown.'),
  reason: z.enum(CONDITION_REASONS).optional().describe('Why the condition has its status, in one word.'),
  message: z.string().optional().describe('One sentence for people.'),
});

/** Status of an EventSource or a Trigger. The newest condition is the last one: `kubectl get` shows that. */
export const EventStatus = z.object({
  conditions: z.array(EventCondition).optional().describe('What has happened, the newest last.'),
});
export type EventStatus = z.input<typeof EventStatus>;

/** Verbosity of the handler that carries the events. */
export const LogLevel = z
  .string()
  .optional()
  .describe('Verbosity of the handler: the greater the number, the more. Unset: 1.');
