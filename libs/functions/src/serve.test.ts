import { expect, test } from 'vitest';
import { openFunction, serve } from './index.ts';

test('a request under way ends before the server does', async () => {
  const entered = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const handler = openFunction(
    async () => {
      entered.resolve();
      await go.promise;
      return 'done';
    },
    { env: {} },
  );
  const { port, close } = await serve(handler, { port: 0, host: '127.0.0.1' });
  const asking = fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
  await entered.promise;
  const closing = close();
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  go.resolve();
  expect(await asking).toBe('done');
  await closing;
});

test('a request that never ends does not hold the end up beyond its grace', async () => {
  const entered = Promise.withResolvers<void>();
  const handler = openFunction(
    async () => {
      entered.resolve();
      await new Promise(() => {});
    },
    { env: {} },
  );
  const { port, close } = await serve(handler, { port: 0, host: '127.0.0.1', graceMs: 100 });
  const asking = fetch(`http://127.0.0.1:${port}/`).catch((error: Error) => error.message);
  await entered.promise;
  await close();
  expect(await asking).toBe('fetch failed');
});

test('SIGTERM ends it, and nothing of it stays behind', async () => {
  const before = process.listenerCount('SIGTERM');
  const { close } = await serve(
    openFunction(() => 'x', { env: {} }),
    { port: 0, host: '127.0.0.1' },
  );
  expect(process.listenerCount('SIGTERM')).toBe(before + 1);
  await close();
  expect(process.listenerCount('SIGTERM')).toBe(before);
});
