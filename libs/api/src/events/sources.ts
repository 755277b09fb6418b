import * as z from 'zod';
import { int64 } from '../schema.ts';
import { genericScaleOption } from './shared.ts';

/** The four kinds of sources; each field goes under the same name to the Dapr binding of that kind. */

const KafkaScaleOption = z.object({
  ...genericScaleOption,
  lagThreshold: z.string().describe('Waiting messages for each replica, e.g. "10".'),
  consumerGroup: z.string().optional().describe('Without effect: the group follows from the EventSource.'),
  topic: z.string().optional().describe('Without effect: the topic of the source is used.'),
});

export const KafkaSource = z.object({
  brokers: z.string().describe('Addresses of the brokers, as host:port, separated by commas.'),
  authRequired: z.boolean().describe('Whether the brokers ask for user and password.'),
  topic: z.string().optional().describe('Topic to read.'),
  saslUsername: z.string().optional().describe('User. Needed when authRequired is true.'),
  saslPassword: z.string().optional().describe('Password. Needed when authRequired is true.'),
  maxMessageBytes: int64().optional().describe('Greatest size of a message in bytes.'),
  scaleOption: KafkaScaleOption.optional().describe('Scales by the messages that wait.'),
});
export type KafkaSource = z.input<typeof KafkaSource>;

export const CronSource = z.object({
  schedule: z.string().describe('When an event is made, e.g. "@every 15m" or a cron line of six fields.'),
});
export type CronSource = z.input<typeof CronSource>;

export const MqttSource = z.object({
  url: z.string().describe('Address of the broker, e.g. tcp://broker:1883.'),
  topic: z.string().describe('Topic to read.'),
  consumerID: z.string().optional().describe('Without effect: the consumer ID follows from the EventSource.'),
  qos: int64().optional().describe('Quality of service: 0, 1 or 2.'),
  retain: z.boolean().optional().describe('Whether the broker keeps the last message.'),
  cleanSession: z.boolean().optional().describe('Whether each connection begins without memory of the last one.'),
  caCert: z.string().optional().describe('Certificate of the authority, in PEM.'),
  clientCert: z.string().optional().describe('Certificate of the client, in PEM.'),
  clientKey: z.string().optional().describe('Key of the client, in PEM.'),
});
export type MqttSource = z.input<typeof MqttSource>;

const time = (what: string) => z.string().optional().describe(`${what}, e.g. 5s.`);

export const RedisSource = z.object({
  redisHost: z.string().describe('Address of the server, as host:port.'),
  redisPassword: z.string().describe('Password; may be empty.'),
  enableTLS: z.boolean().optional().describe('Whether to connect by TLS.'),
  failover: z.boolean().optional().describe('Whether sentinels watch over the server.'),
  sentinelMasterName: z.string().optional().describe('Name of the master that the sentinels know.'),
  redeliverInterval: time('Time between two looks for messages that were not acknowledged'),
  processingTimeout: time('Time after which a message counts as not acknowledged'),
  redisType: z.string().optional().describe('node or cluster.'),
  redisDB: int64().optional().describe('Number of the database.'),
  redisMaxRetries: int64().optional().describe('Most attempts of one command.'),
  redisMinRetryInterval: time('Shortest pause between two attempts'),
  redisMaxRetryInterval: time('Longest pause between two attempts'),
  dialTimeout: time('Time allowed to connect'),
  readTimeout: time('Time allowed to read'),
  writeTimeout: time('Time allowed to write'),
  poolSize: int64().optional().describe('Most connections.'),
  poolTimeout: time('Time allowed to wait for a free connection'),
  maxConnAge: time('Age at which a connection is closed'),
  minIdleConns: int64().optional().describe('Fewest idle connections.'),
  idleCheckFrequency: time('Time between two looks for idle connections'),
  idleTimeout: time('Idle time after which a connection is closed'),
});
export type RedisSource = z.input<typeof RedisSource>;
