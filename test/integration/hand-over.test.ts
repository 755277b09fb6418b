/** Hand-over and watches each carry a Function to Ready alone (design: the watch is the safety net of the hand-over). */
import { KubeClient } from '@openfunction/kube';
import {
  applyFunction,
  defaultGateway,
  foreignCrds,
  freshNamespace,
  NEEDS_GO,
  type Neighbours,
  type StartedCluster,
  type System,
  sketchFunction,
  startNeighbours,
  startSystem,
  startTestCluster,
  untilCondition,
} from '@openfunction/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const crds = await foreignCrds();
if (crds === undefined) console.warn(NEEDS_GO);

describe.skipIf(crds === undefined)('a Function gets to Ready', () => {
  let cluster: StartedCluster;
  let client: KubeClient;
  let neighbours: Neighbours;
  let system: System | undefined;

  beforeAll(async () => {
    cluster = await startTestCluster({ roles: true, manifests: [...(crds ?? []), defaultGateway()] });
    client = KubeClient.of(cluster.admin);
    neighbours = await startNeighbours({ client, readyMs: 200 });
  });

  afterEach(async () => {
    await system?.stop();
    system = undefined;
  });

  afterAll(async () => {
    await neighbours?.stop();
    await client?.close();
    await cluster?.stop();
  });

  it('at most 1 s after its Knative Service is ready when watches between our services are 10 s late', async () => {
    const namespace = await freshNamespace(client);
    system = await startSystem({ cluster, client, replicas: 2, env: { WATCH_DELAY_MS: '10000' } });
    const fn = await applyFunction(client, sketchFunction({ namespace, name: 'handed' }));
    const { status } = await untilCondition(client, fn, 'Ready', 'True', 25_000);
    const readyAt = neighbours.readyAt.get(`${namespace}/${status?.serving?.service}`) ?? 0;
    const delay = Date.now() - readyAt;
    console.log(JSON.stringify({ watchDelayMs: 10_000, readyAfterKnativeMs: delay }));
    expect(readyAt).toBeGreaterThan(0);
    expect(delay).toBeLessThanOrEqual(1_000);
  });

  it('by watches alone, every one of 20', async () => {
    const namespace = await freshNamespace(client);
    system = await startSystem({ cluster, client, replicas: 2, env: { HAND_OVER: 'off' } });
    const names = Array.from({ length: 20 }, (_, index) => `watched-${index}`);
    const functions = await Promise.all(
      names.map((name, index) => applyFunction(client, sketchFunction({ namespace, name, build: index % 2 === 1 }))),
    );
    await Promise.all(functions.map((fn) => untilCondition(client, fn, 'Ready', 'True', 20_000)));
  });
});
