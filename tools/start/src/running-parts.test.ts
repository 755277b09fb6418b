import { expect, test } from 'vitest';
import { RunningParts } from './running-parts.ts';

test('stops in the reverse order, and goes on after one that cannot be stopped', async () => {
  const events: string[] = [];
  const parts = new RunningParts((line) => events.push(line));
  for (const name of ['first', 'second', 'third']) {
    await parts.add(name, async () => {
      if (name === 'second') throw new Error('it hangs');
      events.push(name);
    });
  }
  await parts.stop();
  expect(events).toEqual(['third', 'second could not be stopped: it hangs', 'first']);
});

test('a part that comes while everything is being stopped is stopped at once', async () => {
  const parts = new RunningParts(() => {});
  await parts.stop();
  let stopped = false;
  await parts.add('late', async () => {
    stopped = true;
  });
  expect(stopped).toBe(true);
});
