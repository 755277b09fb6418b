import { setTimeout as pause } from 'node:timers/promises';
import { isCoded } from '@openfunction/errors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Key, openQueue, type WorkQueue } from '../../libs/queue/src/index.ts';
import { eventually, newKey } from '../../libs/queue/src/suite.ts';
import { keepingLogger, type LogLine, OwnRedis, Replicas } from './queue-redis.ts';

const PASSWORD = 'must-never-be-logged';

let redis: OwnRedis;
let replicas: Replicas;
let lines: LogLine[];
let queue: WorkQueue;
let changes: Map<string, number>;
let seen: Map<string, number>;

beforeEach(async () => {
  redis = await OwnRedis.start(PASSWORD);
  replicas = new Replicas(redis);
  const kept = keepingLogger();
  lines = kept.lines;
  queue = replicas.open({ logger: kept.logger });
  changes = new Map();
  seen = new Map();
  await eventually(() => expect(queue.ready()).toBe(true));
});
afterEach(async () => {
  await replicas.close();
  await redis.stop();
  expect(JSON.stringify(lines)).not.toContain(PASSWORD);
});

function work(on: WorkQueue): void {
  on.work(async ({ key }) => void seen.set(key.name, changes.get(key.name) ?? 0), { concurrency: 4 });
}

function change(key: Key): Promise<void> {
  changes.set(key.name, (changes.get(key.name) ?? 0) + 1);
  return queue.add(key);
}

function count(message: string): number {
  return lines.filter((line) => line.message === message).length;
}

async function allSeen(timeout: number): Promise<void> {
  await eventually(() => expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(changes)), timeout);
}

const keys = Array.from({ length: 5 }, (_, i) => newKey(`fn-${i}`));

describe('Redis is away for a while', () => {
  test.each([4, 16])('it is frozen for %i s: nothing is lost, and the workers go on', async (seconds) => {
    work(queue);
    work(replicas.open());
    await Promise.all(keys.map(change));
    await allSeen(5_000);
    redis.freeze();
    const frozen = Date.now();
    const adds: Promise<void>[] = [];
    await eventually(() => expect(queue.ready()).toBe(false), 4_500);
    while (Date.now() - frozen < seconds * 1_000) {
      for (const key of keys) adds.push(change(key));
      await pause(100);
    }
    expect(queue.ready()).toBe(false);
    expect(await queue.isSeen('uid', '1'), 'questions are answered meanwhile').toBe(false);
    expect(await queue.recordFailure(keys[0] as Key, 1)).toBe(1);
    redis.thaw();
    const thawed = Date.now();
    await Promise.all(adds);
    await allSeen(15_000);
    console.log(`frozen for ${seconds} s: all changes seen ${Date.now() - thawed} ms after`);
    await eventually(() => expect(queue.ready()).toBe(true));
    expect(count('Redis cannot be reached')).toBe(1);
    expect(count('Redis is back')).toBe(1);
    await workGoesOn();
  });

  test.each([2, 13])('it is killed, and starts empty on its port after %i s', async (seconds) => {
    let resyncs = 0;
    queue.onResync(async () => {
      resyncs += 1;
      await Promise.all(keys.map((key) => queue.add(key, { priority: 'low' })));
    });
    work(queue);
    work(replicas.open());
    await Promise.all(keys.map(change));
    await pause(1_100);
    const before = change(newKey('before'));
    await redis.kill();
    const killed = Date.now();
    await eventually(() => expect(queue.ready()).toBe(false), 1_000);
    const adds = [before];
    while (Date.now() - killed < seconds * 1_000) {
      for (const key of keys) adds.push(change(key));
      await pause(50);
    }
    const timer = queue.addAt(newKey('timer'), new Date());
    changes.set('timer', 0);
    await redis.start();
    const back = Date.now();
    await Promise.all([...adds, timer]);
    await allSeen(20_000);
    console.log(`killed for ${seconds} s: all changes seen ${Date.now() - back} ms after it was back`);
    await eventually(() => expect(resyncs).toBeGreaterThanOrEqual(1), 5_000);
    expect(count('Redis cannot be reached')).toBe(1);
    expect(count('Redis is back')).toBe(1);
    await workGoesOn();
  });

  /** Later changes are handled at once: no worker sleeps. */
  async function workGoesOn(): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(keys.map(change));
      await allSeen(2_000);
    }
  }

  test('it is killed while a handler runs: the handler ends, and its key can run again', async () => {
    const gate = Promise.withResolvers<void>();
    const key = newKey('long');
    let runs = 0;
    queue.work(
      async () => {
        runs += 1;
        await gate.promise;
      },
      { concurrency: 2 },
    );
    await queue.add(key);
    await eventually(() => expect(runs).toBe(1));
    await redis.kill();
    await redis.start();
    // In the empty Redis nothing stands for the running key; still it does not run twice at once here.
    await queue.add(key);
    await pause(1_500);
    expect(runs).toBe(1);
    gate.resolve();
    await eventually(() => expect(runs).toBe(2), 5_000);
  });

  test('it refuses to write (disk full): said once, no hot loop, and work goes on after', async () => {
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    queue.work(
      async ({ key }) => {
        begun += 1;
        await gate.promise;
        seen.set(key.name, changes.get(key.name) ?? 0);
      },
      { concurrency: 2 },
    );
    const backlog = Array.from({ length: 20 }, (_, i) => newKey(`backlog-${i}`));
    await Promise.all(backlog.map(change));
    await eventually(() => expect(begun).toBe(2));
    await redis.refuseWrites();
    gate.resolve();
    const adds = keys.map(change);
    await eventually(() => expect(count('Redis refused a command')).toBe(1));
    const asked = await commandsServed();
    await pause(3_000);
    expect((await commandsServed()) - asked, 'commands in 3 s').toBeLessThan(300);
    expect(count('Redis refused a command')).toBe(1);
    expect(seen.size).toBeLessThan(keys.length + backlog.length);
    await redis.acceptWrites();
    const accepted = Date.now();
    await Promise.all(adds);
    await allSeen(25_000);
    console.log(`all changes seen ${Date.now() - accepted} ms after writes were accepted again`);
  });

  async function commandsServed(): Promise<number> {
    const text = await redis.client.info('stats');
    return Number(/total_commands_processed:(\d+)/.exec(text)?.[1]);
  }

  test('closing without Redis ends soon, and says of each add that it did not get through', async () => {
    work(queue);
    await redis.kill();
    await eventually(() => expect(queue.ready()).toBe(false));
    const add = queue.add(newKey()).catch((error: unknown) => error);
    const begun = Date.now();
    await queue.close();
    expect(Date.now() - begun).toBeLessThan(6_000);
    expect(isCoded(await add, 'queue.unavailable')).toBe(true);
  });

  test('closing without Redis frees a handler that waits for it', async () => {
    const gate = Promise.withResolvers<void>();
    let outcome: unknown;
    queue.work(
      async () => {
        gate.resolve();
        await redis.kill();
        outcome = await queue.add(newKey('other')).catch((error: unknown) => error);
      },
      { concurrency: 1 },
    );
    await queue.add(newKey('waiting'));
    await gate.promise;
    const begun = Date.now();
    await queue.close();
    expect(Date.now() - begun).toBeLessThan(6_500);
    expect(isCoded(outcome, 'queue.unavailable')).toBe(true);
  });

  test('it comes up after the queue', async () => {
    await redis.kill();
    const { logger } = keepingLogger();
    const early = openQueue({ url: `${redis.url}/0`, name: 'function', prefix: 'early', logger });
    try {
      work(early);
      expect(early.ready()).toBe(false);
      const key = newKey('early');
      changes.set('early', 0);
      const add = early.add(key);
      await pause(500);
      await redis.start();
      await add;
      await allSeen(10_000);
      expect(early.ready()).toBe(true);
    } finally {
      await early.close();
    }
  });
});
