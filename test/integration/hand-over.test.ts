/** Hand-over and watches each carry a Function to Ready alone (design: the watch is the safety net of the hand-over). */
import {
  applyFunction,
  type ControllerWorld,
  freshNamespace,
  hasControllerWorld,
  sketchFunction,
  startControllerWorld,
  untilCondition,
} from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe.skipIf(!(await hasControllerWorld()))('a Function gets to Ready', () => {
  let world: ControllerWorld;

  beforeAll(async () => {
    world = await startControllerWorld({ readyMs: 200 });
  });

  afterAll(async () => {
    await world?.stop();
  });

  it('at most 1 s after its Knative Service is ready when watches between our services are 10 s late', async () => {
    const { client, neighbours } = world;
    const namespace = await freshNamespace(client);
    await world.startSystem({ replicas: 2, env: { WATCH_DELAY_MS: '10000' } });
    const fn = await applyFunction(client, sketchFunction({ namespace, name: 'handed' }));
    const { status } = await untilCondition(client, fn, 'Ready', 'True', 25_000);
    const readyAt = neighbours.readyAt.get(`${namespace}/${status?.serving?.service}`) ?? 0;
    const delay = Date.now() - readyAt;
    console.log(JSON.stringify({ watchDelayMs: 10_000, readyAfterKnativeMs: delay }));
    expect(readyAt).toBeGreaterThan(0);
    expect(delay).toBeLessThanOrEqual(1_000);
  });

  it('by watches alone, every one of 20', async () => {
    const { client } = world;
    const namespace = await freshNamespace(client);
    await world.startSystem({ replicas: 2, env: { HAND_OVER: 'off' } });
    const names = Array.from({ length: 20 }, (_, index) => `watched-${index}`);
    const functions = await Promise.all(
      names.map((name, index) => applyFunction(client, sketchFunction({ namespace, name, build: index % 2 === 1 }))),
    );
    await Promise.all(functions.map((fn) => untilCondition(client, fn, 'Ready', 'True', 20_000)));
  });
});
