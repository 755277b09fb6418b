import { randomUUID } from 'node:crypto';
import { testCluster } from '@openfunction/testing';
import { beforeAll, expect, test } from 'vitest';
import { askRedis, type RedisAddress } from '../src/keda/redis-command.ts';
import { makeTrigger } from '../src/keda/trigger.ts';

let address: RedisAddress;

beforeAll(async () => {
  const { hostname, port, password } = new URL((await testCluster()).redisUrl);
  address = { host: hostname, port: Number(port || 6379), database: 0, ...(password !== '' && { password }) };
});

const ask = (...command: string[]) => askRedis(address, command);

/** What a trigger of KEDA says of this stream. */
function reading(stream: string, metadata: Record<string, string>) {
  const { host, port, password = '' } = address;
  const common = { address: `${host}:${port}`, stream, passwordFromEnv: 'WORD' };
  return makeTrigger({ type: 'redis-streams', metadata: { ...common, ...metadata } }, { WORD: password })(new Date());
}

test('the length, the pending entries and the lag of a stream are three numbers', async () => {
  const stream = `stream-${randomUUID()}`;
  const lag = { consumerGroup: 'readers', lagCount: '3' };
  await expect(reading(stream, lag)).rejects.toThrow(/no such key/);
  for (const value of ['1', '2', '3', '4', '5']) await ask('XADD', stream, '*', 'value', value);
  expect(await reading(stream, lag), 'before there is a group').toEqual({ value: 5, target: 3, active: true });
  await ask('XGROUP', 'CREATE', stream, 'others', '$');
  await ask('XGROUP', 'CREATE', stream, 'readers', '0');
  await ask('XREADGROUP', 'GROUP', 'readers', 'one', 'COUNT', '3', 'STREAMS', stream, '>');
  expect(await reading(stream, lag)).toEqual({ value: 2, target: 3, active: true });
  expect(await reading(stream, { ...lag, activationLagCount: '2' })).toMatchObject({ value: 2, active: false });
  expect(await reading(stream, { consumerGroup: 'readers' })).toEqual({ value: 3, target: 5, active: true });
  expect(await reading(stream, { streamLength: '10' })).toEqual({ value: 5, target: 10, active: true });
  await ask('XREADGROUP', 'GROUP', 'readers', 'one', 'STREAMS', stream, '>');
  expect(await reading(stream, lag), 'when all is delivered').toEqual({ value: 0, target: 3, active: false });
});
