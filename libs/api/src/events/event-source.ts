import * as z from 'zod';
import type { TypedObject } from '../object.ts';
import { resource } from '../schema.ts';
import { BuildSpecV1beta1 } from '../v1beta1/build.ts';
import { EventStatus, LogLevel, Sink } from './shared.ts';
import { CronSource, KafkaSource, MqttSource, RedisSource } from './sources.ts';

export const EventSourceSpec = z.object({
  eventBus: z
    .string()
    .optional()
    .describe('Name of an EventBus of the same namespace, else of a ClusterEventBus. Needed unless sink is set.'),
  sink: Sink.optional().describe('Receives each event directly. Needed unless eventBus is set.'),
  kafka: z.record(z.string(), KafkaSource).optional().describe('Kafka topics, by event name.'),
  cron: z.record(z.string(), CronSource).optional().describe('Schedules, by event name.'),
  mqtt: z.record(z.string(), MqttSource).optional().describe('MQTT topics, by event name.'),
  redis: z.record(z.string(), RedisSource).optional().describe('Redis servers, by event name.'),
  logLevel: LogLevel,
  build: BuildSpecV1beta1.optional().describe('Without effect: the handler is a ready-made image.'),
});
export type EventSourceSpec = z.input<typeof EventSourceSpec>;

/** events.openfunction.io/v1alpha1 EventSource. */
export const EventSource = resource(
  EventSourceSpec.describe('What is wanted.'),
  EventStatus.describe('What is there; written by the event-controller.'),
).describe('Takes events from outside and puts them on a bus, or hands them to a sink.');
export type EventSource = TypedObject<EventSourceSpec, EventStatus>;
