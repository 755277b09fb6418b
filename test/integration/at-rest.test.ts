/**
 * Functions of every engine that are served and left alone: nothing is written, and nobody looks at them. `REST_FUNCTIONS` (of each
 * engine) and `REST_SECONDS` for the long form.
 */
import { FUNCTION, type Function } from '@openfunction/api';
import {
  applyFunction,
  type ControllerWorld,
  freshNamespace,
  hasControllerWorld,
  isOurs,
  isWrite,
  readAuditLog,
  requestOf,
  SERVINGS,
  type System,
  sketchFunction,
  startControllerWorld,
  untilQuiet,
  waitFor,
} from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countLooks, looksPerFunction } from '../bench/looks.ts';

const COUNT = Number(process.env['REST_FUNCTIONS'] ?? 5);
const SECONDS = Number(process.env['REST_SECONDS'] ?? 10);
const ENGINES = { knative: {}, ...SERVINGS };
const TIMEOUT_MS = 300_000;

describe.skipIf(!(await hasControllerWorld()))('Functions at rest', () => {
  let world: ControllerWorld;
  let system: System;

  beforeAll(async () => {
    world = await startControllerWorld({ podMs: 0, scalerMs: 0 });
    system = await world.startSystem({ replicas: 2 });
  });

  afterAll(async () => {
    await world?.stop();
  });

  const writes = async () => (await readAuditLog(world.cluster.auditLogFile)).filter(isOurs).filter(isWrite);

  it('cost no write and no look, whatever runs them', { timeout: TIMEOUT_MS }, async () => {
    const namespace = await freshNamespace(world.client);
    const sketches = Object.entries(ENGINES).flatMap(([engine, serving]) =>
      Array.from({ length: COUNT }, (_, index) => ({ name: `${engine.toLowerCase()}-${index}`, serving })),
    );
    for (const sketch of sketches) await applyFunction(world.client, sketchFunction({ namespace, ...sketch }));
    await waitFor('all are ready', async () => (await readyIn(world, namespace)) === sketches.length, TIMEOUT_MS);
    await untilQuiet(async () => (await writes()).length);
    const [before, looksBefore] = [(await writes()).length, await countLooks(system)];
    expect([...looksBefore.values()].reduce((sum, each) => sum + each, 0)).toBeGreaterThan(sketches.length); // looks are counted
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000)); // the time without writes is what is looked at
    const looks = looksPerFunction(looksBefore, await countLooks(system), sketches.length);
    console.log(`${sketches.length} Functions, ${SECONDS} s, looks for each: ${JSON.stringify(looks)}`);
    expect((await writes()).slice(before).map(requestOf)).toEqual([]);
    expect(Object.keys(looks).filter((outcome) => !outcome.endsWith(' unchanged'))).toEqual([]);
    // What is left is a timer here and there, set while a function started.
    expect(Object.values(looks).reduce((sum, each) => sum + each, 0)).toBeLessThan(2);
    expect(world.complaints).toEqual([]);
  });
});

async function readyIn({ client }: ControllerWorld, namespace: string): Promise<number> {
  const { items } = await client.list(FUNCTION, { namespace });
  return (items as Function[]).filter(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  ).length;
}
