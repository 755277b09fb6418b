import { expect, test } from 'vitest';
import { BuildStopped } from './build-failure.ts';
import { RunQueue } from './run-queue.ts';

const CANCELED = new BuildStopped('BuildRunCanceled', 'cancelled');

/** A queue whose work ends when the test says so, or when it is stopped. */
function makeQueue(concurrency: number) {
  const begun: string[] = [];
  const ended: string[] = [];
  const finish = new Map<string, () => void>();
  const queue = new RunQueue<string>(concurrency, async (item, signal) => {
    begun.push(item);
    await new Promise<void>((resolve) => {
      finish.set(item, resolve);
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve());
    });
    ended.push(signal.aborted ? `${item}: ${(signal.reason as BuildStopped).reason}` : item);
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const finishItem = async (item: string) => {
    finish.get(item)?.();
    await settle();
  };
  return { queue, begun, ended, settle, finish: finishItem };
}

test('so many run at once, the others in order', async () => {
  const { queue, begun, finish } = makeQueue(2);
  for (const id of ['a', 'b', 'c', 'd']) queue.offer(id, id);
  expect(begun).toEqual(['a', 'b']);
  await finish('b');
  expect(begun).toEqual(['a', 'b', 'c']);
  await queue.close();
});

test('late news of an item starts it no second time, neither while it runs nor when it is done', async () => {
  const { queue, begun, finish } = makeQueue(2);
  queue.offer('a', 'a');
  queue.offer('a', 'a again');
  await finish('a');
  queue.offer('a', 'a late');
  expect(begun).toEqual(['a']);
  await queue.close();
});

test('an item that waits is run as it was last offered', async () => {
  const { queue, begun, finish } = makeQueue(1);
  queue.offer('a', 'a');
  queue.offer('b', 'b');
  queue.offer('b', 'b newer');
  await finish('a');
  expect(begun).toEqual(['a', 'b newer']);
  await queue.close();
});

test('a cancelled item ends at once, though others still run', async () => {
  const { queue, ended, settle } = makeQueue(1);
  queue.offer('a', 'a');
  queue.offer('b', 'b');
  queue.stop('b', CANCELED);
  await settle();
  expect(ended).toEqual(['b: BuildRunCanceled']);
  await queue.close();
});

test('a deleted item is ended, or never begun, and its id may come again', async () => {
  const { queue, begun, ended, settle } = makeQueue(1);
  queue.offer('a', 'a');
  queue.offer('b', 'b');
  queue.forget('b');
  queue.forget('a');
  await settle();
  expect(ended).toEqual(['a: Interrupted']);
  queue.offer('a', 'a anew');
  expect(begun).toEqual(['a', 'a anew']);
  await queue.close();
});

test('closing ends everything and begins nothing', async () => {
  const { queue, begun, ended } = makeQueue(1);
  queue.offer('a', 'a');
  queue.offer('b', 'b');
  await queue.close();
  expect(begun).toEqual(['a']);
  expect(ended).toEqual(['a: Interrupted']);
});
