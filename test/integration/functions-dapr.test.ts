/** The functions runtime for TypeScript beside a real daprd: events of a topic, state, and what Dapr makes of failures. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type ManagedProcess } from '@openfunction/local';
import { waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FunctionContext, openFunction, type Served, serve } from '../../libs/functions/src/index.ts';
import { NO_DAPRD, startDaprd } from '../daprd.ts';

const TOPIC = 'orders/of today';
const CONTEXT = {
  name: 'on-order',
  triggers: { dapr: [{ name: 'bus', type: 'pubsub.in-memory', topic: TOPIC, inputName: 'orders' }] },
  outputs: {
    orders: { componentName: 'bus', componentType: 'pubsub.in-memory', topic: TOPIC },
    lost: { componentName: 'nobody', componentType: 'bindings.http', operation: 'post' },
  },
  states: { counts: { componentName: 'memory', componentType: 'state.in-memory' } },
};

describe.skipIf(NO_DAPRD !== '')(`a TypeScript function beside daprd${NO_DAPRD}`, () => {
  let folder: string;
  let served: Served;
  let daprd: ManagedProcess;
  let last: FunctionContext | undefined;
  const given: unknown[] = [];
  let failures = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'functions-dapr-'));
    const [http, grpc] = await Promise.all([freePort(), freePort()]);
    const env = { FUNC_CONTEXT_V1BETA2: JSON.stringify(CONTEXT), DAPR_HTTP_PORT: String(http) };
    const handler = openFunction(
      (context, data) => {
        last = context;
        given.push([context.input, data]);
        if (data === 'fail' && failures++ < 1) throw new Error('not this time');
      },
      { env, log: () => {} },
    );
    served = await serve(handler, { port: 0, host: '127.0.0.1' });
    const components = [component('bus', 'pubsub.in-memory'), component('memory', 'state.in-memory')];
    const app = { port: served.port, protocol: 'http' };
    daprd = await startDaprd({ name: 'on-order', folder, components, http, grpc, app });
    await publish(http, 'first');
  }, 600_000);

  afterAll(async () => {
    await daprd?.stop(2_000);
    await served?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('gets the data of an event, under the name of its input', () => {
    expect(given).toEqual([['orders', 'first']]);
    expect(last?.event).toMatchObject({ pubsubname: 'bus', topic: TOPIC, specversion: '1.0' });
  });

  it.each([{ data: { a: 1 } }, { data: 'text' }, { data: Buffer.from([0, 1, 255]) }])(
    'sends $data to a topic, from where it comes back as it was',
    async ({ data }) => {
      const before = given.length;
      await last?.send('orders', data);
      await waitFor('the event to come', () => given.length > before, 10_000);
      expect(given[before]).toEqual(['orders', data]);
    },
  );

  it('keeps state under any key', async () => {
    const state = last?.state();
    for (const key of ['plain', 'a/b', 'ä ?#%']) {
      expect(await state?.get(key)).toBeUndefined();
      await state?.save(key, { count: 1 });
      expect(await state?.get(key)).toEqual({ count: 1 });
      await state?.delete(key);
      expect(await state?.get(key)).toBeUndefined();
    }
  });

  it('is told by Dapr what it refuses', async () => {
    await expect(last?.send('lost', 1)).rejects.toMatchObject({
      code: 'dapr.failed',
      message: expect.stringMatching(/^output lost: Dapr refused it with [45]\d\d: .*nobody/),
    });
  });

  it('gets an event again at which it failed', async () => {
    const before = given.length;
    await last?.send('orders', 'fail');
    await waitFor('the event to come twice', () => given.length >= before + 2, 20_000);
    expect(given.slice(before)).toEqual([
      ['orders', 'fail'],
      ['orders', 'fail'],
    ]);
  });

  /** Until Dapr has taken up the subscription, which it asks for once it has started. */
  const publish = (port: number, text: string) =>
    waitFor(
      'the first event to come',
      async () => {
        const path = TOPIC.split('/').map(encodeURIComponent).join('/');
        if (given.length === 0)
          await fetch(`http://127.0.0.1:${port}/v1.0/publish/bus/${path}`, {
            method: 'POST',
            body: text,
            headers: { 'content-type': 'text/plain' },
          });
        return given.length > 0;
      },
      20_000,
    );
});

function component(name: string, type: string) {
  const spec = { type, version: 'v1', metadata: [] };
  return { apiVersion: 'dapr.io/v1alpha1', kind: 'Component', metadata: { name }, spec };
}
