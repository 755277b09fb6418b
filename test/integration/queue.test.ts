import { afterAll, beforeAll } from 'vitest';
import { describeQueue } from '../../libs/queue/src/suite.ts';
import { OwnRedis, Replicas } from './queue-redis.ts';

let redis: OwnRedis;

beforeAll(async () => {
  redis = await OwnRedis.start();
});
afterAll(() => redis.stop());

describeQueue('BullMQ queue', async () => {
  const replicas = new Replicas(redis);
  return { replica: () => replicas.open(), dispose: () => replicas.close() };
});
