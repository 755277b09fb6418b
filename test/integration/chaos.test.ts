/**
 * Replicas killed with -9, and Redis emptied, at random moments of a build-and-serve: it is Ready within 30 s, from exactly one
 * BuildRun. `CHAOS_MOMENTS` says how many kills (default 4 for each number of replicas), `CHAOS_SEED` repeats a run.
 */
import { KubeClient } from '@openfunction/kube';
import {
  applyFunction,
  defaultGateway,
  foreignCrds,
  freshNamespace,
  NEEDS_GO,
  type Neighbours,
  readAuditLog,
  type StartedCluster,
  type System,
  sketchFunction,
  startNeighbours,
  startSystem,
  startTestCluster,
  untilCondition,
} from '@openfunction/testing';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const MOMENTS = Number(process.env['CHAOS_MOMENTS'] ?? 4);
const FLUSHES = Math.max(2, Math.round(MOMENTS / 4));
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
/** A build-and-serve with these neighbours takes about this long undisturbed. */
const BUILD_MS = 300;
const READY_MS = 200;
const SPAN_MS = 1_200;
const READY_WITHIN_MS = 30_000;

const crds = await foreignCrds();
if (crds === undefined) console.warn(NEEDS_GO);

describe.skipIf(crds === undefined)(`disturbed at random moments (CHAOS_SEED=${SEED})`, () => {
  const random = generator(SEED);
  let cluster: StartedCluster;
  let client: KubeClient;
  let neighbours: Neighbours;
  let system: System;

  beforeAll(async () => {
    cluster = await startTestCluster({ roles: true, manifests: [...(crds ?? []), defaultGateway()] });
    client = KubeClient.of(cluster.admin);
    neighbours = await startNeighbours({ client, buildMs: BUILD_MS, readyMs: READY_MS });
  });

  afterEach(async () => {
    await system?.stop();
  });

  afterAll(async () => {
    await neighbours?.stop();
    await client?.close();
    await cluster?.stop();
  });

  const disturbedBuild = async (disturb: () => Promise<void>) => {
    const namespace = await freshNamespace(client, 'chaos');
    const moment = Math.round(random() * SPAN_MS);
    const fn = await applyFunction(client, sketchFunction({ namespace, name: 'disturbed', build: true }));
    await new Promise((resolve) => setTimeout(resolve, moment)); // the random moment itself
    const disturbedAt = Date.now();
    const restored = disturb();
    const left = READY_WITHIN_MS - (Date.now() - disturbedAt);
    await untilCondition(client, fn, 'Ready', 'True', left).catch((error: Error) => {
      throw new Error(`disturbed after ${moment} ms: ${error.message}`);
    });
    const took = Date.now() - disturbedAt;
    await restored;
    expect(await buildRunsMade(cluster, namespace), `BuildRuns, disturbed after ${moment} ms`).toBe(1);
    return { moment, took };
  };

  it.each([1, 2])('by kill -9, with %i replicas', { timeout: MOMENTS * 45_000 + 60_000 }, async (replicas) => {
    system = await startSystem({ cluster, client, replicas, env: { DRAIN_SECONDS: '1' } });
    const results: unknown[] = [];
    for (let count = 0; count < MOMENTS; count += 1) {
      const names = [...system.replicas.keys()];
      const victim = names[Math.floor(random() * names.length)] ?? '';
      results.push({ victim, ...(await disturbedBuild(() => system.kill(victim))) });
    }
    console.log(JSON.stringify({ disturbance: 'kill -9', replicas, results }));
  });

  it('by FLUSHALL', { timeout: FLUSHES * 45_000 + 60_000 }, async () => {
    system = await startSystem({ cluster, client, replicas: 2, env: { DRAIN_SECONDS: '1' } });
    const redis = new Redis(cluster.redisUrl);
    const results: unknown[] = [];
    try {
      for (let count = 0; count < FLUSHES; count += 1) {
        results.push(
          await disturbedBuild(async () => {
            await redis.flushall();
          }),
        );
      }
    } finally {
      redis.disconnect();
    }
    console.log(JSON.stringify({ disturbance: 'FLUSHALL', replicas: 2, results }));
  });
});

/** Objects that came into being, not requests: an apply of what exists answers 200, not 201. */
async function buildRunsMade(cluster: StartedCluster, namespace: string): Promise<number> {
  const events = await readAuditLog(cluster.auditLogFile);
  const made = events.filter(
    ({ objectRef, responseStatus }) =>
      objectRef?.namespace === namespace && objectRef.resource === 'buildruns' && responseStatus?.code === 201,
  );
  return new Set(made.map(({ objectRef }) => objectRef?.name)).size;
}

/** Mulberry32: a small seeded generator, so that a run can be repeated. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
