import { CodedError } from '@openfunction/errors';
import { silentLogger } from '@openfunction/telemetry';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WorkLoop } from './work-loop.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function loopOf(run: (key: string) => Promise<void>, concurrency = 16): WorkLoop {
  const loop = new WorkLoop({ name: 'test', run, logger: silentLogger(), concurrency });
  loop.start();
  return loop;
}

describe('a work loop', () => {
  test('waits until it is started', async () => {
    const seen: string[] = [];
    const loop = new WorkLoop({ name: 'test', run: async (key) => void seen.push(key), logger: silentLogger() });
    loop.add('a');
    await vi.advanceTimersByTimeAsync(10);
    expect(seen).toEqual([]);
    loop.start();
    expect(seen).toEqual(['a']);
  });

  test('runs a key once more when it is added while it runs, however often', async () => {
    let runs = 0;
    let release = () => {};
    const loop = loopOf(() => {
      runs += 1;
      return new Promise((resolve) => {
        release = resolve;
      });
    });
    loop.add('a');
    for (let add = 0; add < 5; add += 1) loop.add('a');
    expect(runs).toBe(1);
    release();
    await vi.advanceTimersByTimeAsync(0);
    expect(runs).toBe(2);
  });

  test('tries again later after an error, with growing pauses', async () => {
    const at: number[] = [];
    const loop = loopOf(async () => {
      at.push(Date.now());
      if (at.length < 4) throw new CodedError('api.unavailable', 'away');
    });
    loop.add('a');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(at.map((time) => time - (at[0] ?? 0))).toEqual([0, 100, 300, 700]);
  });

  test('takes a new change before the retry is due', async () => {
    let runs = 0;
    const loop = loopOf(async () => {
      runs += 1;
      if (runs === 1) throw new CodedError('api.conflict', 'changed');
    });
    loop.add('a');
    await vi.advanceTimersByTimeAsync(1);
    loop.add('a');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(runs).toBe(2);
  });

  test('runs no more keys at once than it may', async () => {
    const releases: (() => void)[] = [];
    const loop = loopOf(() => new Promise((resolve) => releases.push(resolve)), 2);
    for (const key of ['a', 'b', 'c']) loop.add(key);
    expect(releases).toHaveLength(2);
    releases[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(releases).toHaveLength(3);
  });
});
