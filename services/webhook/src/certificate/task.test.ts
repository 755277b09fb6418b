import { silentLogger } from '@openfunction/telemetry';
import { expect, it, vi } from 'vitest';
import { Task } from './task.ts';

it('runs again for a wake that comes while it runs, and never twice at once', async () => {
  let running = 0;
  let runs = 0;
  const task = new Task(
    'test',
    async () => {
      running += 1;
      expect(running).toBe(1);
      await Promise.resolve();
      if (runs === 0) task.wake();
      runs += 1;
      running -= 1;
    },
    silentLogger(),
  );
  task.wake();
  task.wake();
  await vi.waitFor(() => expect(runs).toBe(2), { timeout: 10_000 });
  task.wake();
  await vi.waitFor(() => expect(runs).toBe(3), { timeout: 10_000 });
  await task.stop();
});

it('tries again by itself after a failure', async () => {
  let runs = 0;
  const work = async () => {
    runs += 1;
    if (runs === 1) throw new Error('first');
  };
  const task = new Task('test', work, silentLogger());
  task.wake();
  await vi.waitFor(() => expect(runs).toBe(2), { timeout: 2_000 });
  await task.stop();
  task.wake();
  expect(runs).toBe(2);
});
