import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { nextTime, parseCron, wallClock } from './cron-schedule.ts';
import { decide, type ScaleSeen } from './decide.ts';
import type { Job } from './keda-objects.ts';
import { askRedis, parseReply } from './redis-command.ts';
import { scaledConditions } from './scaled-conditions.ts';
import { jobsToMake } from './scaled-job-reconciler.ts';
import { makeTrigger, type Reading, type TriggerSpec } from './trigger.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

describe('a cron expression', () => {
  test.each([
    ['every minute', '* * * * *', '2026-03-01T10:00:30', '2026-03-01T10:01:00'],
    ['a time of the day, today', '30 8 * * *', '2026-03-01T08:29:59', '2026-03-01T08:30:00'],
    ['a time of the day, tomorrow', '30 8 * * *', '2026-03-01T08:30:00', '2026-03-02T08:30:00'],
    ['steps', '*/20 * * * *', '2026-03-01T10:41:00', '2026-03-01T11:00:00'],
    ['ranges and lists', '0 9-11,17 * * *', '2026-03-01T11:30:00', '2026-03-01T17:00:00'],
    ['a weekday by name', '0 8 * * Mon', '2026-03-03T08:00:00', '2026-03-09T08:00:00'],
    ['a month by name', '0 0 1 jan *', '2026-03-03T08:00:00', '2027-01-01T00:00:00'],
    ['day or weekday, when both are given', '0 0 15 * Fri', '2026-03-07T00:00:00', '2026-03-13T00:00:00'],
    ['a leap day', '0 0 29 2 *', '2026-03-03T08:00:00', '2028-02-29T00:00:00'],
    ['a word for it', '@hourly', '2026-03-01T10:00:30', '2026-03-01T11:00:00'],
  ])('names the next time: %s', (_sentence, expression, now, next) => {
    expect(nextTime(parseCron(expression), new Date(`${now}Z`))).toEqual(new Date(`${next}Z`));
  });

  test('may never come true', () => {
    expect(nextTime(parseCron('0 0 31 2 *'), new Date(0))).toBeUndefined();
  });

  test.each(['* * * *', '61 * * * *', 'x * * * *', '5-1 * * * *', '*/0 * * * *', '* 24 * * *'])(
    'is refused: %s',
    (expression) => expect(() => parseCron(expression)).toThrow(/cron expression/),
  );

  test('is about the wall clock of its time zone', () => {
    const summer = new Date('2026-07-01T22:30:00Z');
    expect(wallClock(summer, 'Europe/Berlin')).toEqual(new Date('2026-07-02T00:30:00Z'));
    expect(() => wallClock(summer, 'Nowhere/Land')).toThrow();
  });
});

describe('a cron trigger', () => {
  const trigger = (start: string, end: string) =>
    makeTrigger({ type: 'cron', metadata: { timezone: 'Asia/Tokyo', start, end, desiredReplicas: '4' } }, {});

  test.each([
    ['wants its instances between start and end', '2026-07-01T01:00:00Z', 4],
    ['wants none before its start', '2026-06-30T22:59:00Z', 0],
    ['wants none after its end', '2026-07-01T09:00:00Z', 0],
  ])('%s', async (_sentence, now, value) => {
    // 8 to 18 o'clock in Tokyo is 23 to 9 o'clock of universal time.
    expect(await trigger('0 8 * * *', '0 18 * * *')(new Date(now))).toEqual({ value, target: 1, active: value > 0 });
  });

  test('may last over midnight', async () => {
    expect((await trigger('0 22 * * *', '0 6 * * *')(new Date('2026-07-01T18:00:00Z'))).active).toBe(true);
  });
});

describe('a trigger', () => {
  test.each<[string, TriggerSpec, RegExp]>([
    ['of a type that is not played here', { type: 'kafka', metadata: {} }, /"kafka" needs a cluster/],
    [
      'with an authentication of its own',
      { type: 'redis', metadata: {}, authenticationRef: { name: 'a' } },
      /TriggerAuthentication "a".*needs a cluster/,
    ],
    ['without its list', { type: 'redis', metadata: { address: 'h:1' } }, /no listName/],
    ['without a Redis', { type: 'redis', metadata: { listName: 'l' } }, /names no Redis/],
    [
      'with a length that is none',
      { type: 'redis', metadata: { listName: 'l', address: 'h:1', listLength: '0' } },
      /listLength/,
    ],
    [
      'with a lag that is none',
      { type: 'redis-streams', metadata: { stream: 's', consumerGroup: 'g', address: 'h:1', lagCount: 'x' } },
      /lagCount is no number above 0/,
    ],
    [
      'without a start',
      { type: 'cron', metadata: { end: '* * * * *', timezone: 'UTC', desiredReplicas: '1' } },
      /no start/,
    ],
  ])('%s is refused in one sentence', (_sentence, spec, message) => {
    expect(() => makeTrigger(spec, {})).toThrow(message);
  });

  test('reads a list of Redis, with credentials from variables of the container', async () => {
    const commands: string[] = [];
    const port = await redis((text) => {
      commands.push(text);
      return '+OK\r\n+OK\r\n:7\r\n';
    });
    const metadata = {
      address: `127.0.0.1:${port}`,
      listName: 'jobs',
      listLength: '3',
      databaseIndex: '2',
      passwordFromEnv: 'WORD',
    };
    expect(await makeTrigger({ type: 'redis', metadata }, { WORD: 'secret' })(new Date())).toEqual({
      value: 7,
      target: 3,
      active: true,
    });
    expect(
      commands
        .join('')
        .replaceAll(/[*$]\d+\r\n/g, '')
        .split('\r\n'),
    ).toEqual(['AUTH', 'secret', 'SELECT', '2', 'LLEN', 'jobs', '']);
  });

  test.each([
    ['the lag that Redis counts', '$3\r\nlag\r\n:4\r\n', { value: 4, target: 2, active: true }],
    ['no lag where Redis cannot tell it', '$3\r\nlag\r\n$-1\r\n', { value: 0, target: 2, active: false }],
  ])('reads %s of a group', async (_sentence, lag, reading) => {
    const group = (name: string, more: string) => `*4\r\n$4\r\nname\r\n$1\r\n${name}\r\n${more}`;
    const port = await redis(() => `*2\r\n${group('f', '$3\r\nlag\r\n:9\r\n')}${group('g', lag)}`);
    const metadata = { address: `127.0.0.1:${port}`, stream: 's', consumerGroup: 'g', lagCount: '2' };
    expect(await makeTrigger({ type: 'redis-streams', metadata }, {})(new Date())).toEqual(reading);
  });

  test('says that an old Redis does not count the lag', async () => {
    const port = await redis(() => '*1\r\n*2\r\n$4\r\nname\r\n$1\r\ng\r\n');
    const metadata = { address: `127.0.0.1:${port}`, stream: 's', consumerGroup: 'g', lagCount: '2' };
    await expect(makeTrigger({ type: 'redis-streams', metadata }, {})(new Date())).rejects.toThrow(/needs Redis 7/);
  });
});

describe('Redis', () => {
  test.each([
    ['text', '+OK\r\n', 'OK'],
    ['a number', ':12\r\n', 12],
    ['bytes', '$5\r\nä1\r\n\r\n', 'ä1\r\n'],
    ['nothing', '$-1\r\n', null],
    ['a list', '*3\r\n:2\r\n$1\r\na\r\n*0\r\n', [2, 'a', []]],
  ])('answers %s', (_sentence, bytes, reply) => {
    const data = Buffer.from(bytes);
    expect(parseReply(data, 0)).toEqual({ reply, end: data.length });
    expect(parseReply(data.subarray(0, -1), 0)).toBeUndefined();
  });

  test('is named, and the password is not, when it refuses or is not there', async () => {
    const port = await redis(() => '-WRONGPASS no\r\n-NOAUTH no\r\n');
    const address = { host: '127.0.0.1', port, password: 'secret', database: 0 };
    await expect(askRedis(address, ['LLEN', 'x'])).rejects.toThrow(`Redis 127.0.0.1:${port} answers WRONGPASS no`);
    await expect(askRedis({ ...address, port: 1 }, ['PING'])).rejects.toThrow(
      'Redis 127.0.0.1:1 cannot be reached: ECONNREFUSED',
    );
  });
});

/** A server that gives one answer to whatever comes first. */
async function redis(answer: (text: string) => string): Promise<number> {
  const server = createServer((socket) => socket.once('data', (data) => socket.write(answer(data.toString()))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return (server.address() as { port: number }).port;
}

describe('the number of instances', () => {
  const NOW = 10_000_000;
  const LIMITS = { min: 0, max: 10, idle: undefined, cooldownMs: 300_000, stabilizationMs: 300_000 };
  const reading = (value: number, active = value > 0): Reading => ({ value, target: 5, active });
  const seen = (change: Partial<ScaleSeen>): ScaleSeen => ({
    limits: LIMITS,
    readings: [reading(0)],
    current: 0,
    lastActive: 0,
    wishes: [],
    now: NOW,
    ...change,
  });

  test.each<[string, Partial<ScaleSeen>, number]>([
    ['stays zero while nothing is active', {}, 0],
    ['is what the longest queue needs', { readings: [reading(11), reading(21)] }, 5],
    ['is at least one while a trigger is active', { readings: [reading(0, true)] }, 1],
    ['is at most the maximum', { readings: [reading(999)] }, 10],
    ['stays until the cooldown is over', { current: 3, lastActive: NOW - 299_999 }, 3],
    ['is zero when the cooldown is over', { current: 3, lastActive: NOW - 300_000 }, 0],
    ['is the minimum when there is one', { current: 3, limits: { ...LIMITS, min: 2 } }, 2],
    ['is the idle number when there is one', { current: 3, limits: { ...LIMITS, min: 2, idle: 0 } }, 0],
    [
      'falls only when fewer were wished for a while',
      { current: 4, readings: [reading(1)], wishes: [{ at: NOW - 1, replicas: 4 }] },
      4,
    ],
    ['falls after that while', { current: 4, readings: [reading(1)], wishes: [{ at: NOW - 300_000, replicas: 4 }] }, 1],
  ])('%s', (_sentence, change, replicas) => {
    expect(decide(seen(change)).replicas).toBe(replicas);
  });
});

describe('the Jobs of a ScaledJob', () => {
  const spec = { jobTargetRef: { template: { spec: { containers: [] } } }, maxReplicaCount: 4, triggers: [] };
  const job = (status: Job['status']): Job =>
    ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' }, spec: spec.jobTargetRef, status }) as Job;
  const readings = [{ value: 3, target: 1, active: true }];
  const running = job({ ready: 1 });
  const pending = job({ active: 1 });
  const complete = job({ conditions: [{ type: 'Complete', status: 'True' }] });

  test.each([
    ['one for each entry', 'default', [], 3],
    ['fewer when some run', 'default', [running, complete], 2],
    ['none beyond the limit', 'accurate', [running, running], 2],
    ['only those that nobody has taken up, if entries are taken at once', 'accurate', [pending], 2],
    ['ended ones do not count', 'default', [complete, complete, complete], 3],
  ])('are made: %s', (_sentence, strategy, jobs, count) => {
    expect(jobsToMake({ ...spec, scalingStrategy: { strategy } }, readings, jobs)).toBe(count);
  });
});

describe('the conditions of a ScaledObject', () => {
  const of = (state: Partial<Parameters<typeof scaledConditions>[0]>) =>
    Object.fromEntries(
      scaledConditions({ kind: 'ScaledObject', active: false, ...state }).map((one) => [one.type, one.reason]),
    );

  test.each([
    ['quiet', {}, { Ready: 'ScaledObjectReady', Active: 'ScalerNotActive' }],
    ['busy', { active: true }, { Ready: 'ScaledObjectReady', Active: 'ScalerActive' }],
    ['cooling down', { cooling: true }, { Active: 'ScalerCooldown' }],
    ['wrong', { fault: 'no such target' }, { Ready: 'ScaledObjectCheckFailed', Active: 'UnknownState' }],
    ['without an answer', { trouble: 'refused' }, { Ready: 'TriggerError' }],
    ['with one answer of two', { trouble: 'refused', active: true }, { Ready: 'PartialTriggerError' }],
    ['falling back', { trouble: 'refused', falling: true }, { Fallback: 'FallbackExists' }],
    ['paused', { paused: true }, { Paused: 'ScaledObjectPaused' }],
  ])('are those of KEDA: %s', (_sentence, state, reasons) => {
    expect(of(state)).toMatchObject(reasons);
  });
});
