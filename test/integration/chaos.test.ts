/**
 * Replicas killed with -9, and Redis emptied, at random moments of a build-and-serve: it is Ready within 30 s, from exactly one
 * BuildRun. `CHAOS_MOMENTS` says how many kills (default 4 for each number of replicas), `CHAOS_SEED` repeats a run.
 */
import {
  applyFunction,
  type ControllerWorld,
  freshNamespace,
  hasControllerWorld,
  readAuditLog,
  sketchFunction,
  startControllerWorld,
  untilCondition,
} from '@openfunction/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeded } from './seeded.ts';

const MOMENTS = Number(process.env['CHAOS_MOMENTS'] ?? 4);
const FLUSHES = Math.max(2, Math.round(MOMENTS / 4));
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const BUILD_MS = 300;
const READY_MS = 200;
const READY_WITHIN_MS = 30_000;

describe.skipIf(!(await hasControllerWorld()))(`disturbed at random moments (CHAOS_SEED=${SEED})`, () => {
  const random = seeded(SEED);
  let world: ControllerWorld;
  /** How long an undisturbed build-and-serve takes: the moments lie within it. */
  let spanMs = 0;

  beforeAll(async () => {
    world = await startControllerWorld({ buildMs: BUILD_MS, readyMs: READY_MS });
    await world.startSystem({ replicas: 1 });
    for (let warmUp = 0; warmUp < 3; warmUp += 1) {
      const startedAt = Date.now();
      await untilCondition(world.client, await applyOne(), 'Ready', 'True');
      spanMs = Date.now() - startedAt;
    }
  });

  afterAll(async () => {
    await world?.stop();
  });

  const applyOne = async () => {
    const namespace = await freshNamespace(world.client, 'chaos');
    return await applyFunction(world.client, sketchFunction({ namespace, name: 'disturbed', build: true }));
  };

  const disturbedBuild = async (disturb: () => Promise<void>) => {
    const moment = Math.round(random() * spanMs);
    const fn = await applyOne();
    await new Promise((resolve) => setTimeout(resolve, moment)); // the random moment itself
    const disturbedAt = Date.now();
    const restored = disturb();
    await untilCondition(world.client, fn, 'Ready', 'True', READY_WITHIN_MS).catch((error: Error) => {
      throw new Error(`disturbed after ${moment} of ${spanMs} ms: ${error.message}`);
    });
    const took = Date.now() - disturbedAt;
    await restored;
    expect(await buildRunsMade(world, fn.metadata.namespace), `BuildRuns, disturbed after ${moment} ms`).toBe(1);
    return { moment, took };
  };

  it.each([1, 2])('by kill -9, with %i replicas', { timeout: MOMENTS * 45_000 + 60_000 }, async (replicas) => {
    const system = await world.startSystem({ replicas });
    const results: unknown[] = [];
    for (let count = 0; count < MOMENTS; count += 1) {
      const names = [...system.replicas.keys()];
      const victim = names[Math.floor(random() * names.length)] ?? '';
      results.push({ victim, ...(await disturbedBuild(() => system.kill(victim))) });
    }
    console.log(JSON.stringify({ disturbance: 'kill -9', seed: SEED, spanMs, replicas, results }));
  });

  it('by FLUSHALL', { timeout: FLUSHES * 45_000 + 60_000 }, async () => {
    await world.startSystem({ replicas: 2 });
    const redis = new Redis(world.cluster.redisUrl);
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
    console.log(JSON.stringify({ disturbance: 'FLUSHALL', seed: SEED, spanMs, replicas: 2, results }));
  });
});

/** Objects that came into being, not requests: an apply of what exists answers 200, not 201. */
async function buildRunsMade(world: ControllerWorld, namespace: string | undefined): Promise<number> {
  const events = await readAuditLog(world.cluster.auditLogFile);
  const made = events.filter(
    ({ objectRef, responseStatus }) =>
      objectRef?.namespace === namespace && objectRef?.resource === 'buildruns' && responseStatus?.code === 201,
  );
  return new Set(made.map(({ objectRef }) => objectRef?.name)).size;
}
