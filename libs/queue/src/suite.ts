import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Job, Key, WorkQueue } from './contract.ts';

/** One queue to test. */
export interface Bench {
  /** One more replica of the queue, or the same object where replicas share it. */
  replica(): WorkQueue;
  /** Closes every replica and forgets all of it. */
  dispose(): Promise<void>;
}

let uids = 0;

/** A key with a uid that no other has. */
export function newKey(name = 'hello', namespace = 'demo'): Key {
  uids += 1;
  return { namespace, name, uid: `uid-${process.pid}-${uids}` };
}

/** Waits until the assertion holds. */
export function eventually(assertion: () => void | Promise<void>, timeout = 10_000): Promise<void> {
  return vi.waitFor(assertion, { timeout, interval: 20 });
}

/** The promises of every work queue, whatever it is made of. */
export function describeQueue(title: string, open: () => Promise<Bench>): void {
  describe(title, () => {
    let bench: Bench;
    let queue: WorkQueue;

    beforeEach(async () => {
      bench = await open();
      queue = bench.replica();
      await eventually(() => expect(queue.ready()).toBe(true));
    });
    afterEach(() => bench.dispose());

    /** Works with a handler that keeps its jobs. */
    function collect(concurrency = 4): Job[] {
      const jobs: Job[] = [];
      queue.work(async (job) => void jobs.push(job), { concurrency });
      return jobs;
    }

    /** A handler that waits inside until it is let go. */
    function hold(on: WorkQueue = queue): { runs: Job[]; letGo: () => void } {
      const gate = Promise.withResolvers<void>();
      const runs: Job[] = [];
      on.work(
        async (job) => {
          runs.push(job);
          await gate.promise;
        },
        { concurrency: 1 },
      );
      return { runs, letGo: gate.resolve };
    }

    test('a key comes with its uid, floor and trace context', async () => {
      const jobs = collect();
      const key = newKey();
      const before = Date.now();
      await queue.add(key, { floor: { 'Serving/demo/s': '12' }, traceparent: '00-aa-bb-01' });
      await eventually(() => expect(jobs).toHaveLength(1));
      expect(jobs[0]).toMatchObject({ key, floor: { 'Serving/demo/s': '12' }, traceparent: '00-aa-bb-01' });
      expect(jobs[0]?.queuedAt).toBeGreaterThanOrEqual(before - 1);
      expect(jobs[0]?.queuedAt).toBeLessThanOrEqual(Date.now());
    });

    test('2,000 adds of one key are few runs, and the last change is seen', async () => {
      let change = 0;
      const seen: number[] = [];
      queue.work(
        async () => {
          seen.push(change);
          await pause(1);
        },
        { concurrency: 4 },
      );
      const key = newKey();
      const adds: Promise<void>[] = [];
      for (let i = 0; i < 2_000; i += 1) {
        change += 1;
        adds.push(queue.add(key));
        if (i % 200 === 0) await pause(1);
      }
      await Promise.all(adds);
      await eventually(() => expect(seen.at(-1)).toBe(2_000));
      expect(seen.length).toBeLessThanOrEqual(25);
    });

    test('a change that comes while the key is at work leads to one more run', async () => {
      const { runs, letGo } = hold();
      const key = newKey();
      await queue.add(key);
      await eventually(() => expect(runs).toHaveLength(1));
      await Promise.all([queue.add(key), queue.add(key), queue.add(key, { traceparent: 'newest' })]);
      await pause(100);
      expect(runs, 'the key must not run twice at once').toHaveLength(1);
      letGo();
      await eventually(() => expect(runs).toHaveLength(2));
      expect(runs[1]?.traceparent).toBe('newest');
      await pause(100);
      expect(runs).toHaveLength(2);
    });

    test('two replicas never work on one key at once, and share the keys', async () => {
      const busy = new Set<string>();
      const ran = new Map<string, number>();
      let clashes = 0;
      for (const replica of [queue, bench.replica()]) {
        replica.work(
          async ({ key }) => {
            if (busy.has(key.name)) clashes += 1;
            busy.add(key.name);
            await pause(2);
            busy.delete(key.name);
            ran.set(key.name, (ran.get(key.name) ?? 0) + 1);
          },
          { concurrency: 8 },
        );
      }
      const keys = Array.from({ length: 10 }, (_, i) => newKey(`fn-${i}`));
      const other = bench.replica();
      for (let round = 0; round < 20; round += 1) {
        await Promise.all(keys.flatMap((key) => [queue.add(key), other.add(key)]));
      }
      await eventually(async () => expect(await queue.stats()).toMatchObject({ waiting: 0, active: 0 }));
      expect(clashes).toBe(0);
      expect(ran.size).toBe(10);
    });

    test('a waiting key runs with the newest uid and trace context', async () => {
      const old = newKey();
      const fresh = newKey();
      await queue.add(old, { traceparent: 'first' });
      await queue.add(fresh, { traceparent: 'second', floor: { 'Function/demo/hello': '7' } });
      await queue.add(fresh);
      const jobs = collect();
      await eventually(() => expect(jobs).toHaveLength(1));
      expect(jobs[0]).toMatchObject({ key: fresh, traceparent: 'second', floor: { 'Function/demo/hello': '7' } });
    });

    test('the floor is the highest version of each object, compared as integers', async () => {
      const key = newKey();
      await queue.raiseFloor(key, { a: '9', b: '100', c: '90071992547409930' });
      await queue.add(key, { floor: { a: '10', b: '99', c: '90071992547409929' } });
      await queue.add(key, { floor: { d: '1' } });
      const jobs = collect();
      await eventually(() => expect(jobs).toHaveLength(1));
      expect(jobs[0]?.floor).toEqual({ a: '10', b: '100', c: '90071992547409930', d: '1' });
    });

    test('a timer queues its key when it is due, once', async () => {
      const jobs = collect();
      const key = newKey();
      const due = Date.now() + 300;
      await queue.addAt(key, new Date(due));
      expect((await queue.stats()).delayed).toBe(1);
      await eventually(() => expect(jobs).toHaveLength(1));
      const late = Date.now() - due;
      expect(late).toBeGreaterThanOrEqual(-5);
      expect(late).toBeLessThan(250);
      await eventually(async () => expect((await queue.stats()).delayed).toBe(0));
      await pause(100);
      expect(jobs).toHaveLength(1);
    });

    test('a timer takes the place of the earlier one of its key, and can be cancelled', async () => {
      const jobs = collect();
      const [moved, cancelled] = [newKey('moved'), newKey('cancelled')];
      await queue.addAt(moved, new Date(Date.now() + 100));
      await queue.addAt(moved, new Date(Date.now() + 500));
      await queue.addAt(cancelled, new Date(Date.now() + 200));
      await queue.cancelTimer(cancelled);
      await pause(350);
      expect(jobs).toHaveLength(0);
      await eventually(() => expect(jobs.map((job) => job.key.name)).toEqual(['moved']));
    });

    test('a timer set inside the handler swallows no change and delays none', async () => {
      const key = newKey();
      const runs: number[] = [];
      const gate = Promise.withResolvers<void>();
      queue.work(
        async (job) => {
          runs.push(Date.now());
          if (runs.length > 1) return;
          await queue.add(key);
          await queue.addAt(job.key, new Date(Date.now() + 2_000));
          await gate.promise;
        },
        { concurrency: 2 },
      );
      await queue.add(key);
      await eventually(() => expect(runs).toHaveLength(1));
      gate.resolve();
      const letGo = Date.now();
      await eventually(() => expect(runs).toHaveLength(2), 1_500);
      expect((runs[1] ?? 0) - letGo).toBeLessThan(1_000);
      await eventually(() => expect(runs, 'the timer still fires').toHaveLength(3));
    });

    test('failures are counted for one generation, and reset by a child', async () => {
      const key = newKey();
      expect(await queue.failures(key, 1)).toBe(0);
      expect(await queue.recordFailure(key, 1)).toBe(1);
      expect(await queue.recordFailure(key, 1)).toBe(2);
      expect(await queue.failures(key, 1)).toBe(2);
      expect(await queue.failures(key, 2), 'a new generation begins at nothing').toBe(0);
      expect(await queue.recordFailure(key, 2)).toBe(1);
      await queue.add(key, { failureReset: true });
      expect(await queue.failures(key, 2)).toBe(0);
      await queue.recordFailure(key, 2);
      await queue.clearFailures(key);
      expect(await queue.failures(key, 2)).toBe(0);
    });

    test('an event is seen by all replicas once it is marked', async () => {
      const { uid } = newKey();
      expect(await queue.isSeen(uid, '5')).toBe(false);
      await queue.markSeen(uid, '5');
      expect(await bench.replica().isSeen(uid, '5')).toBe(true);
      expect(await queue.isSeen(uid, '6')).toBe(false);
    });

    test('low priority runs last, until somebody asks for the key without it', async () => {
      const keys = ['low-1', 'low-2', 'low-3'].map((name) => newKey(name));
      for (const key of keys) await queue.add(key, { priority: 'low' });
      await queue.add(newKey('normal'));
      const promoted = keys[2] as Key;
      await queue.add(promoted);
      await queue.add(promoted, { priority: 'low' });
      expect((await queue.stats()).waiting).toBe(4);
      const jobs = collect(1);
      await eventually(() => expect(jobs).toHaveLength(4));
      expect(jobs.map((job) => job.key.name)).toEqual(['normal', 'low-3', 'low-1', 'low-2']);
    });

    test('forgetting drops the timer, the floor and the failures', async () => {
      const key = newKey();
      await queue.addAt(key, new Date(Date.now() + 60_000));
      await queue.raiseFloor(key, { a: '1' });
      await queue.recordFailure(key, 1);
      await queue.forget(key);
      expect((await queue.stats()).delayed).toBe(0);
      expect(await queue.failures(key, 1)).toBe(0);
      const jobs = collect();
      await queue.add(key);
      await eventually(() => expect(jobs).toHaveLength(1));
      expect(jobs[0]?.floor).toEqual({});
    });

    test('the age of the oldest waiting key grows', async () => {
      expect(await queue.stats()).toEqual({ waiting: 0, active: 0, delayed: 0, oldestAgeSeconds: 0 });
      await queue.add(newKey('old'));
      await pause(300);
      await queue.add(newKey('new'));
      const { waiting, oldestAgeSeconds } = await queue.stats();
      expect(waiting).toBe(2);
      expect(oldestAgeSeconds).toBeGreaterThanOrEqual(0.25);
      expect(oldestAgeSeconds).toBeLessThan(5);
    });

    test('a handler that throws loses no key: it has a timer, and others run on', async () => {
      const ran: string[] = [];
      queue.work(
        async ({ key }) => {
          ran.push(key.name);
          if (key.name === 'broken') throw new Error('not a secret');
        },
        { concurrency: 1 },
      );
      await queue.add(newKey('broken'));
      await queue.add(newKey('fine'));
      await eventually(() => expect(ran).toEqual(['broken', 'fine']));
      await eventually(async () => expect((await queue.stats()).delayed).toBe(1));
    });

    test('closing waits for the handlers that run, and begins no other', async () => {
      const { runs, letGo } = hold();
      await queue.add(newKey('first'));
      await eventually(() => expect(runs).toHaveLength(1));
      await queue.add(newKey('second'));
      let closed = false;
      const closing = queue.close().then(() => {
        closed = true;
      });
      await pause(200);
      expect(closed).toBe(false);
      letGo();
      await closing;
      expect(runs).toHaveLength(1);
      expect(queue.ready()).toBe(false);
    });
  });
}
