/**
 * Controllers killed with -9 right before and right after each API write of a Function's way to Ready: built and served, served by each
 * engine, and from one version to the next (crash-scenarios.ts). Whatever the moment, each object is made exactly once, the Function is
 * Ready in the end, and nothing is left behind. The points are those of recorded runs.
 * `CRASH_POINTS=all` takes all of them once, a number that many of each scenario for each number of replicas; `CRASH_SEED` repeats a
 * choice; `CRASH_ONLY` (a regular expression, e.g. `async after serving-controller .*status`) takes only those, again and again up to the
 * number.
 */
import { kindId } from '@openfunction/api';
import { hasControllerWorld } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CrashPoint, type Moment, nameOf } from './crash-plan.ts';
import { SCENARIOS, type Scenario } from './crash-scenarios.ts';
import { CrashWorld, nameIn, type ScenarioCase } from './crash-world.ts';
import { seeded, shuffled } from './seeded.ts';

const WANTED = process.env['CRASH_POINTS'] ?? '';
const IS_SELECTED = process.env['CRASH_ONLY'] !== undefined;
const ONLY = new RegExp(process.env['CRASH_ONLY'] ?? '');
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
/** How many cases of a scenario for one and for two replicas; they cost about 3 s and 10 s each, and 15 s in the end. */
const COUNT = { 1: WANTED === 'all' ? 1_000 : Number(WANTED || 3), 2: WANTED === 'all' ? 1_000 : Number(WANTED || 2) };
const RECORDING_MS = 300_000;
const FILE_MS = WANTED === '' ? 300_000 : 7_200_000;

describe.skipIf(!(await hasControllerWorld()))(`killed at each write (CRASH_SEED=${SEED})`, () => {
  const random = seeded(SEED);
  const points = new Map<string, CrashPoint[]>();
  let world: CrashWorld;

  beforeAll(async () => {
    world = await CrashWorld.start();
    await world.startReplicas(1);
  });

  afterAll(async () => {
    await world?.stop();
  });

  it.each(SCENARIOS)(
    '$name: finds the writes of all controllers that take part',
    { timeout: RECORDING_MS },
    async (scenario) => {
      const found = await world.recordPoints(scenario);
      points.set(scenario.name, found);
      const lines = found.map((point) => `  ${nameOf(point)}`).join('\n');
      console.log(`${scenario.name}: ${found.length} points, each before and after:\n${lines}`);
      expect([...new Set(found.map(({ service }) => service))].sort()).toEqual(scenario.services);
      const firsts = found.filter(({ nth }) => nth === 1).map(({ resource }) => resource);
      for (const { kind } of scenario.objects) expect(firsts).toContain(kindId(kind));
      expect(firsts).toContain('events.events.k8s.io');
    },
  );

  it('one replica of each, the next Function coming as soon as it is back', { timeout: FILE_MS }, async () => {
    const cases: ScenarioCase[] = [];
    for (const { scenario, point, moment } of choose(COUNT[1])) {
      const crash = await world.crashAt(scenario, point, moment);
      cases.push(crash);
      await world.revive(crash);
    }
    await judge(1, cases);
  });

  it('two replicas of each, the other one going on alone', { timeout: FILE_MS }, async () => {
    await world.startReplicas(2);
    const cases: ScenarioCase[] = [];
    for (const group of oneOfEachService(choose(COUNT[2]))) {
      const crashed: ScenarioCase[] = [];
      for (const { scenario, point, moment } of group) crashed.push(await world.crashAt(scenario, point, moment));
      await Promise.all(crashed.map((crash) => world.untilDone(crash)));
      for (const crash of crashed) await world.revive(crash);
      cases.push(...crashed);
    }
    await judge(2, cases);
  });

  /** As many of each scenario, in no order. */
  function choose(count: number): Choice[] {
    return shuffled(
      SCENARIOS.flatMap((scenario) => chooseOf(scenario, count)),
      random,
    );
  }

  function chooseOf(scenario: Scenario, count: number): Choice[] {
    // Two writes may pass in either order; what a seed chooses does not depend on that.
    const sorted = (points.get(scenario.name) ?? []).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    const both = sorted.flatMap((point): Choice[] => [
      { scenario, point, moment: 'before' },
      { scenario, point, moment: 'after' },
    ]);
    const some = both.filter(({ point, moment }) => ONLY.test(`${scenario.name} ${moment} ${nameOf(point)}`));
    const isRepeated = IS_SELECTED && WANTED !== 'all' && some.length > 0;
    const rounds = isRepeated ? Math.ceil(count / some.length) : 1;
    return Array.from({ length: rounds }, () => shuffled(some, random))
      .flat()
      .slice(0, count);
  }

  /** What must be so in the end, of all cases; each failure is told with its point. */
  async function judge(replicas: number, cases: ScenarioCase[]): Promise<void> {
    const wrong: string[] = [];
    for (const crash of cases) {
      await world.verify(crash).catch((error: Error) => wrong.push(`${nameIn(crash)}: ${error.message}`));
    }
    const missed = cases.filter(({ victim }) => victim === undefined).map(nameIn);
    console.log(JSON.stringify({ replicas, seed: SEED, cases: cases.map(nameIn), missed, wrong }, null, 2));
    expect(wrong).toEqual([]);
    // Only writes that fewer runs make than others may be missed: a second or third status of the same kind.
    expect(missed.filter((name) => !/\/status #[2-9]$/.test(name))).toEqual([]);
    expect(world.complaints).toEqual([]);
    await world.untilQueuesAreEmpty();
  }
});

/** Where to kill, in which scenario. */
interface Choice {
  scenario: Scenario;
  point: CrashPoint;
  moment: Moment;
}

/** Groups in which no service occurs twice, so that one replica of each is left. */
function oneOfEachService(cases: Choice[]): Choice[][] {
  const groups: Choice[][] = [];
  for (const each of cases) {
    const free = groups.find((group) => group.every(({ point }) => point.service !== each.point.service));
    if (free === undefined) groups.push([each]);
    else free.push(each);
  }
  return groups;
}
