import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Key, WorkQueue } from '../../libs/queue/src/index.ts';
import type { RedisQueue } from '../../libs/queue/src/redis-queue.ts';
import { eventually, newKey } from '../../libs/queue/src/suite.ts';
import { everything, keepingLogger, OwnRedis, Replicas } from './queue-redis.ts';

let redis: OwnRedis;

beforeAll(async () => {
  redis = await OwnRedis.start();
});
afterAll(() => redis.stop());

/** Runs a test with replicas of its own, so that tests can run beside one another. */
async function withReplicas(body: (replicas: Replicas) => Promise<void>): Promise<void> {
  const replicas = new Replicas(redis);
  try {
    await body(replicas);
  } finally {
    await replicas.close();
  }
}

function namesOf(queue: WorkQueue): string[] {
  const names: string[] = [];
  queue.work(async ({ key }) => void names.push(key.name), { concurrency: 4 });
  return names;
}

describe.concurrent('what is lost on the way is found again', () => {
  test('a worker that is killed: its key runs elsewhere within 20 s, and the change that came meanwhile too', () =>
    withReplicas(async (replicas) => {
      const queue = replicas.open();
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'queue-worker.ts'), redis.url, replicas.prefix],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      try {
        const key = newKey('orphaned');
        await queue.add(key);
        expect(String(await once(child.stdout, 'data'))).toContain('took orphaned');
        await queue.add(key);
        const names = namesOf(queue);
        await pause(500);
        expect(names).toEqual([]);
        child.kill('SIGKILL');
        const killed = Date.now();
        await eventually(() => expect(names).toEqual(['orphaned', 'orphaned']), 20_000);
        console.log(`the key of a killed worker ran again after ${((Date.now() - killed) / 1_000).toFixed(1)} s`);
      } finally {
        child.kill('SIGKILL');
      }
    }));

  test('a job that is in no list holds its key back no longer than the sweeper takes', () =>
    withReplicas(async (replicas) => {
      const queue = replicas.open();
      const key = newKey('stuck');
      await queue.add(key, { traceparent: 'kept' });
      expect(await redis.client.del(`${replicas.prefix}:function:wait`)).toBe(1);
      await queue.add(key);
      expect((await queue.stats()).waiting, 'the add is held back').toBe(0);
      const names = namesOf(queue);
      await eventually(() => expect(names).toContain('stuck'), 22_000);
    }));

  test('a job that lost its data too is removed, and everything is queued again', () =>
    withReplicas(async (replicas) => {
      const queue = replicas.open();
      const key = newKey('nameless');
      await queue.add(key);
      const base = `${replicas.prefix}:function:`;
      const [id] = await redis.client.lrange(`${base}wait`, 0, -1);
      await redis.client.del(`${base}wait`);
      await redis.client.hdel(`${base}${id}`, 'data');
      queue.onResync(() => queue.add(key, { priority: 'low' }));
      const names = namesOf(queue);
      await eventually(() => expect(names).toContain('nameless'), 22_000);
    }));

  test('a timer whose replica died fires in another one', () =>
    withReplicas(async (replicas) => {
      const dying = replicas.open();
      await dying.addAt(newKey('timed'), new Date(Date.now() + 1_500));
      await dying.close();
      const names = namesOf(replicas.open());
      await eventually(() => expect(names).toEqual(['timed']), 5_000);
    }));

  test('a worker that never wakes up is replaced', () =>
    withReplicas(async (replicas) => {
      const { logger, lines } = keepingLogger();
      const queue = replicas.open({ logger });
      const names = namesOf(queue);
      const asleep = (queue as RedisQueue).crew?.worker;
      await asleep?.pause(true);
      await queue.add(newKey('unattended'));
      await eventually(() => expect(names).toEqual(['unattended']), 25_000);
      expect(lines.map((line) => line.message)).toContain('the worker did not wake up; another takes its place');
    }));

  test('when the object is forgotten, no key and no value of Redis names it', () =>
    withReplicas(async (replicas) => {
      const queue = replicas.open();
      const key = newKey('vanished', 'secret-place');
      const gone = Promise.withResolvers<void>();
      let runs = 0;
      queue.work(
        async (job) => {
          runs += 1;
          if (runs === 1) await Promise.all([queue.add(key), queue.add(key), queue.add(key, { priority: 'low' })]);
          if (runs === 2) {
            await queue.forget(job.key);
            gone.resolve();
          }
        },
        { concurrency: 2 },
      );
      await queue.addAt(key, new Date(Date.now() + 100_000));
      await queue.raiseFloor(key, { 'Function/secret-place/vanished': '5' });
      await queue.recordFailure(key, 1);
      expect(await everything(redis.client)).toContain('vanished');
      await queue.add(key, { floor: { 'Service/secret-place/vanished': '6' } });
      await queue.markSeen(key.uid, '7');
      await gone.promise;
      await eventually(async () => {
        const text = await everything(redis.client);
        expect(text).not.toContain('vanished');
        expect(text).not.toContain('secret-place');
      }, 10_000);
    }));
});

describe('Redis loses its memory', () => {
  let replicas: Replicas;

  beforeEach(() => {
    replicas = new Replicas(redis);
  });
  afterEach(() => replicas.close());

  test('FLUSHALL at random moments: noticed within 5 s, and no change is lost', async () => {
    const seed = Math.floor(Math.random() * 1e9);
    console.log(`seed ${seed}`);
    const random = mulberry32(seed);
    const keys = Array.from({ length: 20 }, (_, i) => newKey(`fn-${i}`));
    const wanted = new Map(keys.map((key) => [key.name, 0]));
    const done = new Map<string, number>();
    let resyncs: number[] = [];
    const queues = [replicas.open(), replicas.open()];
    for (const queue of queues) {
      queue.onResync(async () => {
        resyncs.push(Date.now());
        await Promise.all(keys.map((key) => queue.add(key, { priority: 'low' })));
      });
      queue.work(
        async ({ key }) => {
          const now = wanted.get(key.name) ?? 0;
          await pause(random() * 20);
          done.set(key.name, Math.max(now, done.get(key.name) ?? 0));
        },
        { concurrency: 4 },
      );
    }
    await eventually(() => expect(queues.every((queue) => queue.ready())).toBe(true));
    await pause(1_200);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    for (let round = 0; round < 5; round += 1) {
      await change(200 + random() * 800);
      resyncs = [];
      const flushed = Date.now();
      await redis.client.flushall();
      await change(50 + random() * 300);
      await eventually(() => expect(resyncs.length).toBeGreaterThanOrEqual(queues.length), 5_000);
      expect(Math.max(...resyncs) - flushed).toBeLessThan(5_000);
    }
    await eventually(() => expect(Object.fromEntries(done)).toEqual(Object.fromEntries(wanted)), 15_000);

    async function change(milliseconds: number): Promise<void> {
      for (const until = Date.now() + milliseconds; Date.now() < until; await pause(2)) {
        const key: Key = pick(keys);
        wanted.set(key.name, (wanted.get(key.name) ?? 0) + 1);
        void pick(queues).add(key);
      }
    }
  });

  test('everything is queued again from time to time', async () => {
    const queue = replicas.open({ resyncMs: 200 });
    let calls = 0;
    queue.onResync(() => {
      calls += 1;
    });
    await eventually(() => expect(calls).toBeGreaterThanOrEqual(2), 2_000);
  });
});

/** Random numbers that a seed repeats. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
