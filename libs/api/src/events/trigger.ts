import * as z from 'zod';
import type { TypedObject } from '../object.ts';
import { resource } from '../schema.ts';
import { EventStatus, LogLevel, Sink } from './shared.ts';

export const TriggerInput = z.object({
  namespace: z.string().optional().describe("Namespace of the EventSource. Unset: the Trigger's."),
  eventSource: z.string().describe('Name of the EventSource. It may be made later.'),
  event: z.string().describe('Name of the event: its key in the EventSource.'),
});
export type TriggerInput = z.input<typeof TriggerInput>;

export const Subscriber = z.object({
  condition: z.string().describe('Expression over the names of the inputs, e.g. "A && B".'),
  sink: Sink.optional().describe('Receives the event when the condition holds.'),
  deadLetterSink: Sink.optional().describe('Receives events that sink did not take.'),
  topic: z.string().optional().describe('Subject on the bus that receives the event when the condition holds.'),
  deadLetterTopic: z.string().optional().describe('Subject on the bus for events that could not be delivered.'),
});
export type Subscriber = z.input<typeof Subscriber>;

export const TriggerSpec = z.object({
  eventBus: z.string().describe('Name of an EventBus of the same namespace, else of a ClusterEventBus.'),
  inputs: z.record(z.string(), TriggerInput).describe('Events that the conditions speak about, by their names there.'),
  subscribers: z.array(Subscriber).describe('What happens when a condition holds.'),
  logLevel: LogLevel,
});
export type TriggerSpec = z.input<typeof TriggerSpec>;

/** events.openfunction.io/v1alpha1 Trigger. */
export const Trigger = resource(
  TriggerSpec.describe('What is wanted.'),
  EventStatus.describe('What is there; written by the event-controller.'),
).describe('Hands events of a bus on, as soon as a condition over them holds.');
export type Trigger = TypedObject<TriggerSpec, EventStatus>;
