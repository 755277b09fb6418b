/**
 * Controllers killed with -9 right before and right after each API write of one build-and-serve: whatever the moment, exactly one
 * BuildRun, the Function is Ready in the end, and nothing is left behind. The points are those of a recorded run.
 * `CRASH_POINTS=all` takes all of them, a number that many for each number of replicas; `CRASH_SEED` repeats a choice; `CRASH_ONLY`
 * (a regular expression, e.g. `after build-controller .*status`) takes only those, again and again up to that number.
 */
import {
  BUILDER,
  FUNCTION,
  type Function,
  HTTP_ROUTE,
  type Kind,
  KNATIVE_SERVICE,
  kindId,
  SERVICE,
  SERVING,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import {
  type ApiProxy,
  applyFunction,
  type ControllerWorld,
  freshNamespace,
  hasControllerWorld,
  readAuditLog,
  type System,
  sketchFunction,
  startApiProxy,
  startControllerWorld,
  untilCondition,
  waitFor,
} from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CrashCase, CrashPlan, type CrashPoint, type Moment, nameOf } from './crash-plan.ts';
import { QueuedKeys } from './queued-keys.ts';
import { seeded, shuffled } from './seeded.ts';

const WANTED = process.env['CRASH_POINTS'] ?? '';
const ONLY = new RegExp(process.env['CRASH_ONLY'] ?? '');
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
/** How many cases for one and for two replicas; they cost about 2 s and 6 s each. */
const COUNT = { 1: WANTED === 'all' ? 1_000 : Number(WANTED || 8), 2: WANTED === 'all' ? 1_000 : Number(WANTED || 4) };
/** Neighbours that take a moment: each stage is a write of its own, and so a point of its own. */
const NEIGHBOURS = { buildMs: 300, readyMs: 200 };
const NAME = 'crashed';
const RECORDED_RUNS = 3;
const REACHED_WITHIN_MS = 30_000;
/** A key whose worker died is free after its lock (10 s) and the next look for such keys (5 s); others may be hit by a later kill. */
const READY_WITHIN_MS = 60_000;
const FILE_MS = WANTED === '' ? 300_000 : 3_600_000;
const MADE_ONCE = [BUILDER, SERVING, SHIPWRIGHT_BUILD, SHIPWRIGHT_BUILD_RUN, KNATIVE_SERVICE, HTTP_ROUTE, SERVICE];

describe.skipIf(!(await hasControllerWorld()))(`killed at each write (CRASH_SEED=${SEED})`, () => {
  const random = seeded(SEED);
  let world: ControllerWorld;
  let proxy: ApiProxy;
  let system: System;
  let queued: QueuedKeys;
  const plan = new CrashPlan((replica) => system.halt(replica));
  let points: CrashPoint[] = [];

  beforeAll(async () => {
    world = await startControllerWorld(NEIGHBOURS);
    queued = new QueuedKeys(world.cluster.redisUrl);
    proxy = await startApiProxy({
      behind: world.cluster,
      beforeWrite: (write) => plan.beforeWrite(write),
      afterWrite: (write) => plan.afterWrite(write),
    });
    await startReplicas(1);
    points = await recordPoints();
    console.log(
      `${points.length} points, each before and after:\n${points.map((point) => `  ${nameOf(point)}`).join('\n')}`,
    );
  });

  afterAll(async () => {
    await world?.stop();
    await proxy?.stop();
    queued?.close();
  });

  it('finds the writes of all three controllers', () => {
    const services = new Set(points.map(({ service }) => service));
    expect([...services].sort()).toEqual(['build-controller', 'function-controller', 'serving-controller']);
    const firsts = points.filter(({ nth }) => nth === 1).map(({ resource }) => resource);
    for (const kind of MADE_ONCE) expect(firsts).toContain(kindId(kind));
    expect(firsts).toContain('events.events.k8s.io');
  });

  it('one replica of each, the next Function coming as soon as it is back', { timeout: FILE_MS }, async () => {
    const cases: CrashCase[] = [];
    for (const [point, moment] of choose(COUNT[1])) {
      const crash = await crashAt(point, moment);
      cases.push(crash);
      if (crash.victim !== undefined) await system.revive(crash.victim);
    }
    await judge(1, cases);
  });

  it('two replicas of each, the other one going on alone', { timeout: FILE_MS }, async () => {
    await startReplicas(2);
    const cases: CrashCase[] = [];
    for (const group of oneOfEachService(choose(COUNT[2]))) {
      const crashed: CrashCase[] = [];
      for (const [point, moment] of group) crashed.push(await crashAt(point, moment));
      await Promise.all(crashed.map(untilReady));
      for (const { victim } of crashed) if (victim !== undefined) await system.revive(victim);
      cases.push(...crashed);
    }
    await judge(2, cases);
  });

  async function startReplicas(replicas: number): Promise<void> {
    system = await world.startSystem({ replicas, endpointOf: (name) => proxy.endpointOf(name) });
  }

  /** Every write that one of some undisturbed runs makes: how often a status is written depends on how soon news comes in. */
  async function recordPoints(): Promise<CrashPoint[]> {
    const found = new Map<string, CrashPoint>();
    for (let run = 0; run < RECORDED_RUNS; run += 1) {
      const namespace = await freshNamespace(world.client, 'recorded');
      await applyIn(namespace);
      await untilReady({ namespace });
      await untilClean(namespace);
      for (const point of plan.writesIn(namespace)) found.set(nameOf(point), point);
    }
    return [...found.values()];
  }

  function choose(count: number): [CrashPoint, Moment][] {
    // Two writes may pass in either order; what a seed chooses does not depend on that.
    const sorted = points.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    const both = sorted.flatMap((point): [CrashPoint, Moment][] => [
      [point, 'before'],
      [point, 'after'],
    ]);
    const some = both.filter(([point, moment]) => ONLY.test(`${moment} ${nameOf(point)}`));
    const rounds = ONLY.source === '(?:)' ? 1 : Math.ceil(count / some.length);
    return Array.from({ length: rounds }, () => shuffled(some, random))
      .flat()
      .slice(0, count);
  }

  /** Makes a Function and waits until a controller has died of it, or has come to rest without having made that write. */
  async function crashAt(point: CrashPoint, moment: Moment): Promise<CrashCase> {
    const namespace = await freshNamespace(world.client, 'crash');
    const crash: CrashCase = { namespace, point, moment };
    plan.set(crash);
    const fn = await applyIn(namespace);
    await waitFor(
      `${moment} ${nameOf(point)}`,
      async () => {
        if (crash.victim !== undefined || (await isAtRest(fn))) return true;
        throw new Error(`${namespace}: writes so far: ${plan.writesIn(namespace).map(nameOf).join(', ')}`);
      },
      REACHED_WITHIN_MS,
    );
    if (crash.victim === undefined && !plan.withdraw(crash)) await waitFor('the kill', () => crash.victim);
    return crash;
  }

  /** Ready, and the function-controller has let go of it: Events come after the status that they are about. */
  async function isAtRest(fn: Function): Promise<boolean> {
    const live = (await world.client.get(FUNCTION, fn.metadata)) as Function | undefined;
    return isReady(live) && !(await queued.has(system.queuePrefix, 'function', fn));
  }

  async function applyIn(namespace: string): Promise<Function> {
    return await applyFunction(world.client, sketchFunction({ namespace, name: NAME, build: true }));
  }

  async function untilReady({ namespace }: { namespace: string }): Promise<Function> {
    const metadata = { namespace, name: NAME };
    return await untilCondition(world.client, { metadata }, 'Ready', 'True', READY_WITHIN_MS);
  }

  /** What must be so in the end, of all cases; each failure is told with its point. */
  async function judge(replicas: number, cases: CrashCase[]): Promise<void> {
    const wrong: string[] = [];
    for (const crash of cases) {
      await verify(crash).catch((error: Error) => wrong.push(`${nameIn(crash)}: ${error.message}`));
    }
    const missed = cases.filter(({ victim }) => victim === undefined).map(nameIn);
    console.log(JSON.stringify({ replicas, seed: SEED, cases: cases.map(nameIn), missed, wrong }, null, 2));
    expect(wrong).toEqual([]);
    // Only writes that fewer runs make than others may be missed: a second or third status of the same kind.
    expect(missed.filter((name) => !/\/status #[2-9]$/.test(name))).toEqual([]);
    expect(world.complaints).toEqual([]);
    await waitFor(
      'the queues are empty',
      async () => (await queued.all(system.queuePrefix)).length === 0,
      READY_WITHIN_MS,
    );
  }

  async function verify(crash: CrashCase): Promise<void> {
    const { namespace } = crash;
    const { status } = await untilReady(crash);
    await untilClean(namespace);
    const made = await madeIn(world, namespace);
    const once = MADE_ONCE.map((kind) => kindId(kind)).sort();
    expect(made.sort().join(' '), 'what was made').toBe(once.join(' '));
    expect(await namesOf(SERVING, namespace)).toEqual([status?.serving?.resourceRef]);
    expect(await namesOf(KNATIVE_SERVICE, namespace)).toEqual([status?.serving?.service]);
    expect(await namesOf(HTTP_ROUTE, namespace)).toEqual([NAME]);
    expect(await namesOf(SERVICE, namespace)).toEqual([NAME]);
  }

  /** A Builder that has succeeded goes, and with it what it made: by default none is kept. */
  async function untilClean(namespace: string): Promise<void> {
    for (const kind of [BUILDER, SHIPWRIGHT_BUILD, SHIPWRIGHT_BUILD_RUN]) {
      await waitFor(
        `no ${kind.kind} is left`,
        async () => (await namesOf(kind, namespace)).length === 0,
        READY_WITHIN_MS,
      );
    }
  }

  async function namesOf(kind: Kind, namespace: string): Promise<string[]> {
    const { items } = await world.client.list(kind, { namespace });
    return items.map(({ metadata }) => metadata.name);
  }
});

function nameIn({ namespace, moment, point, victim }: CrashCase): string {
  return `${namespace} ${victim ?? 'nobody'} ${moment} ${nameOf(point)}`;
}

function isReady(fn: Function | undefined): boolean {
  return fn?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** Groups in which no service occurs twice, so that one replica of each is left. */
function oneOfEachService(cases: [CrashPoint, Moment][]): [CrashPoint, Moment][][] {
  const groups: [CrashPoint, Moment][][] = [];
  for (const each of cases) {
    const free = groups.find((group) => group.every(([{ service }]) => service !== each[0].service));
    if (free === undefined) groups.push([each]);
    else free.push(each);
  }
  return groups;
}

/** What came into being, by the API server's own account: the kind of each object. An apply of what exists answers 200. */
async function madeIn(world: ControllerWorld, namespace: string): Promise<string[]> {
  const events = await readAuditLog(world.cluster.auditLogFile);
  return events.flatMap(({ objectRef, responseStatus, user }) => {
    const ours = user.username.startsWith('system:serviceaccount:openfunction:') && objectRef?.namespace === namespace;
    if (!ours || responseStatus?.code !== 201 || objectRef.resource === 'events') return [];
    return [[objectRef.resource, objectRef.apiGroup].filter(Boolean).join('.')];
  });
}
