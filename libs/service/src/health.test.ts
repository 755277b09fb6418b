import { expect, it } from 'vitest';
import { Health, serveHealth } from './health.ts';

it('answers alive, ready with what it waits for, and metrics', async () => {
  const health = new Health();
  let redis: true | string = 'Redis cannot be reached';
  health.add('queue', () => redis);
  const server = await serveHealth({
    health,
    host: '127.0.0.1',
    port: 0,
    metrics: (_request, response) => response.end('m 1\n'),
  });
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return [answer.status, await answer.text()];
  };
  try {
    expect(await get('/healthz')).toEqual([200, 'ok\n']);
    expect(await get('/readyz')).toEqual([503, 'queue: Redis cannot be reached\n']);
    redis = true;
    expect(await get('/readyz')).toEqual([200, 'ok\n']);
    health.stopping();
    expect(await get('/readyz')).toEqual([503, 'stopping\n']);
    expect(await get('/metrics')).toEqual([200, 'm 1\n']);
    expect((await get('/other'))[0]).toBe(404);
  } finally {
    await server.close();
  }
});

it('says that its port is in use', async () => {
  const options = { health: new Health(), host: '127.0.0.1', metrics: () => undefined };
  const first = await serveHealth({ ...options, port: 0 });
  try {
    await expect(serveHealth({ ...options, port: first.port })).rejects.toThrow(/EADDRINUSE/);
  } finally {
    await first.close();
  }
});
