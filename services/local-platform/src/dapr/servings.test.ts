import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Serving } from './servings.ts';
import type { Sidecar } from './sidecar.ts';

let serving: Serving;
const closing: (() => void)[] = [];

beforeEach(() => {
  serving = new Serving(new Set());
  serving.use();
});

afterEach(() => {
  serving.leave();
  for (const close of closing.splice(0)) close();
});

/** A sidecar whose two ports say who it is. */
async function sidecar(name: string, ready = true): Promise<Sidecar> {
  const [http, grpc] = [await speaker(`${name} http`), await speaker(`${name} grpc`)];
  const trouble = { reason: 'DaprFailed', message: `${name} failed` };
  return { ready, trouble, ports: Promise.resolve({ http, grpc }) } as unknown as Sidecar;
}

async function speaker(text: string): Promise<number> {
  const server = createServer((socket) => socket.end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return (server.address() as { port: number }).port;
}

function hear(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (data) => {
      text += data;
    });
    socket.once('error', () => resolve('refused'));
    socket.once('close', () => resolve(text));
  });
}

describe('a Serving in standalone mode', () => {
  test('is reached on the same ports whatever proxy there is', async () => {
    const ports = await serving.ports();
    await serving.setProxy('1', await sidecar('first'));
    expect([await hear(ports.http), await hear(ports.grpc)]).toEqual(['first http', 'first grpc']);
    serving.removeProxy('1');
    const held = hear(ports.grpc);
    await serving.setProxy('2', await sidecar('second'));
    expect(await held).toBe('second grpc');
    expect(await serving.ports()).toEqual(ports);
  });

  test('says why no proxy answers', async () => {
    expect(serving.trouble()?.reason).toBe('DaprProxyMissing');
    await serving.setProxy('1', await sidecar('first', false));
    expect(serving.trouble()).toEqual({ reason: 'DaprFailed', message: 'first failed' });
    await serving.setProxy('1', await sidecar('first'));
    expect(serving.trouble()).toBeUndefined();
  });

  test('closes its ports when nobody needs them any more', async () => {
    const taken = new Set<number>();
    const other = new Serving(taken);
    other.use();
    const { http } = await other.ports();
    expect(taken.size).toBe(2);
    other.leave();
    await expect.poll(() => hear(http)).toBe('refused');
    expect([other.unused, taken.size]).toEqual([true, 0]);
  });
});
