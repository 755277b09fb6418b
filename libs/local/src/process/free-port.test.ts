import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { canListen, freePort } from './free-port.ts';

test('gives a different port each time, outside the range of outgoing connections', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  expect(new Set(ports).size).toBe(50);
  for (const port of ports) expect(port).toSatisfy((value: number) => value >= 20_000 && value < 32_000);
});

test('tells a port that is in use from one that is free', async () => {
  const port = await freePort();
  expect(await canListen(port)).toBe(true);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect(await canListen(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});
