import * as z from 'zod';
import type { TypedObject } from '../object.ts';
import { int64, resource } from '../schema.ts';
import { genericScaleOption } from './shared.ts';

const NatsStreamingScaleOption = z.object({
  ...genericScaleOption,
  natsServerMonitoringEndpoint: z.string().describe('Address where the NATS server tells its figures, as host:port.'),
  lagThreshold: z.string().describe('Waiting messages for each replica, e.g. "10".'),
  queueGroup: z.string().optional().describe('Without effect: the queue group follows from the Trigger.'),
  durableName: z.string().optional().describe('Without effect: durableSubscriptionName is used.'),
  subject: z.string().optional().describe('Without effect: the subject follows from the input.'),
});

/** A NATS Streaming server and how to subscribe to it (Dapr pubsub.natsstreaming). */
export const NatsStreaming = z.object({
  natsURL: z.string().describe('Address of the server, e.g. nats://nats.default:4222.'),
  natsStreamingClusterID: z.string().describe('Cluster ID of the server.'),
  subscriptionType: z.string().describe('queue or topic.'),
  durableSubscriptionName: z.string().describe('Name under which the server remembers the subscription.'),
  ackWaitTime: z.string().optional().describe('Time allowed for an acknowledgement, e.g. 30s.'),
  maxInFlight: int64().optional().describe('Most messages that wait for an acknowledgement.'),
  deliverNew: z.boolean().optional().describe('Starts with the next message.'),
  startAtSequence: int64().optional().describe('Starts with the message of this number.'),
  startWithLastReceived: z.boolean().optional().describe('Starts with the last message received.'),
  deliverAll: z.boolean().optional().describe('Starts with the oldest message.'),
  startAtTimeDelta: z.string().optional().describe('Starts with the messages of this last span of time, e.g. 1h.'),
  startAtTime: z.string().optional().describe('Starts with the messages since this time.'),
  startAtTimeFormat: z.string().optional().describe('Layout of startAtTime, in the notation of Go.'),
  consumerID: z.string().optional().describe('Without effect: the consumer ID follows from the subscriber.'),
  scaleOption: NatsStreamingScaleOption.optional().describe('Scales Triggers by the messages that wait.'),
});
export type NatsStreaming = z.input<typeof NatsStreaming>;

/** The same for EventBus and ClusterEventBus. */
export const EventBusSpec = z.object({
  topic: z.string().optional().describe('Without effect: subjects follow from the events.'),
  natsStreaming: NatsStreaming.optional().describe('The broker: a NATS Streaming server.'),
});
export type EventBusSpec = z.input<typeof EventBusSpec>;

const { apiVersion, kind, metadata, spec } = resource(EventBusSpec.describe('What is wanted.'), z.object({})).shape;
/** A bus is a template that others read: it has no status. */
const bus = z.object({ apiVersion, kind, metadata, spec });

/** events.openfunction.io/v1alpha1 EventBus. */
export const EventBus = bus.describe('A broker that carries the events of one namespace.');
export type EventBus = TypedObject<EventBusSpec, never>;

/** events.openfunction.io/v1alpha1 ClusterEventBus. */
export const ClusterEventBus = bus.describe(
  'A broker that carries the events of every namespace without an EventBus of this name.',
);
export type ClusterEventBus = TypedObject<EventBusSpec, never>;
