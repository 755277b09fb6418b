import { expect, test } from 'vitest';
import { memoryQueue } from './memory.ts';
import { describeQueue } from './suite.ts';

describeQueue('memory queue', async () => {
  const queue = memoryQueue();
  return { replica: () => queue, dispose: () => queue.close() };
});

test('resync calls the callback', async () => {
  const queue = memoryQueue();
  let calls = 0;
  queue.onResync(() => {
    calls += 1;
  });
  await queue.resync();
  expect(calls).toBe(1);
});
