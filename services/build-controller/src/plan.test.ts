import {
  type Builder,
  type BuilderSpec,
  type BuilderStatus,
  type KubeObject,
  SHIPWRIGHT_BUILD,
} from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { makeBuild, makeBuildRun, shipwrightNames } from './engines/shipwright/make.ts';
import type { Target } from './engines/shipwright/params.ts';
import type { DeclaredParams } from './engines/shipwright/strategy.ts';
import type { BuilderSeen } from './observe.ts';
import { planBuilder } from './plan.ts';

const CREATED = '2026-01-01T12:00:00Z';
const at = (seconds: number) => new Date(Date.parse(CREATED) + seconds * 1000);

function makeBuilder(spec: Partial<BuilderSpec> = {}, status?: BuilderStatus): Builder {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Builder',
    metadata: {
      name: 'builder-a',
      namespace: 'ns',
      uid: 'uid-b',
      generation: 1,
      creationTimestamp: CREATED,
      labels: { 'openfunction.io/function': 'fn' },
    },
    spec: {
      image: 'acme/fn:v1',
      builder: 'example.com/builder',
      srcRepo: { url: 'https://git.example.com/fn.git' },
      ...spec,
    },
    ...(status !== undefined && { status }),
  };
}

function makeRun(
  condition?: { status: string; reason?: string; message?: string },
  more: Record<string, unknown> = {},
): KubeObject {
  const ended = condition?.status === 'True' || condition?.status === 'False';
  const status = {
    ...(ended && { completionTime: '2026-01-01T12:01:30Z' }),
    ...(condition && { conditions: [{ type: 'Succeeded', ...condition }] }),
    ...more,
  };
  return { apiVersion: 'shipwright.io/v1beta1', kind: 'BuildRun', metadata: { name: 'run', namespace: 'ns' }, status };
}

/** What the strategy openfunction of deploy/strategies declares, as far as it matters. */
const DECLARED: DeclaredParams = new Map([
  ['builder-image', 'string'],
  ['env', 'array'],
]);
const ASSUMED: DeclaredParams = new Map([...DECLARED, ['dockerfile', 'string']]);
const TARGET: Target = { version: 'v1beta1', declared: undefined };

type Options = Partial<Omit<BuilderSeen, 'builder'>> & { after?: number };
const plan = (builder: Builder, { after = 10, ...seen }: Options = {}) =>
  planBuilder({ builder, run: undefined, shipwright: 'v1beta1', ...seen }, at(after));
const ACCEPTED = { registered: 'True', reason: 'Succeeded', message: 'all validations succeeded' };
/** Made so many seconds after the Builder, as the API server dates it and, where that was written, by the clock here. */
const builtFrom = (builder: Builder, status: Record<string, unknown>, madeAt = 0, byOurs?: number): KubeObject => {
  const build = makeBuild(builder, TARGET);
  const creationTimestamp = dateOf(madeAt);
  const annotations = byOurs !== undefined && { annotations: { 'openfunction.io/made-at': dateOf(byOurs) } };
  return { ...build, metadata: { ...build.metadata, uid: `uid-${madeAt}`, creationTimestamp, ...annotations }, status };
};
const dateOf = (seconds: number) => `${at(seconds).toISOString().slice(0, 19)}Z`;
const ready = (status: BuilderStatus | undefined) => status?.conditions?.find(({ type }) => type === 'Ready');
const building = {
  state: 'Building',
  phase: 'Build',
  resourceRef: { 'shipwright.io/build': 'b', 'shipwright.io/buildRun': 'r' },
};

describe('a Builder', () => {
  it('that is new gets a Build, and says nothing for 2 s', () => {
    const { apply, status, wakeAt } = plan(makeBuilder(), { after: 1 });
    expect(apply.map(({ kind }) => kind)).toEqual(['Build']);
    expect([status, wakeAt]).toEqual([undefined, at(2)]);
  });

  it('is not quiet for as long as the clock here is behind that of the API server', () => {
    const { status, wakeAt } = plan(makeBuilder(), { after: -300 });
    expect([ready(status)?.reason, wakeAt]).toEqual(['Building', undefined]);
  });

  it('gets its one BuildRun when Shipwright has accepted the Build', () => {
    const builder = makeBuilder();
    const { apply, status } = plan(builder, { after: 1, build: builtFrom(builder, ACCEPTED) });
    expect(apply.map(({ kind }) => kind)).toEqual(['Build', 'BuildRun']);
    expect(status).toBeUndefined();
  });

  it('says that Shipwright does not look at its Build, and records no run that does not exist', () => {
    const builder = makeBuilder();
    const { apply, status } = plan(builder, { build: builtFrom(builder, {}) });
    expect(apply.map(({ kind }) => kind)).toEqual(['Build']);
    expect(status?.resourceRef).toEqual({ 'shipwright.io/build': shipwrightNames(builder).build });
    expect(ready(status)).toMatchObject({ status: 'Unknown', message: expect.stringContaining('not looked at Build') });
  });

  it.each([
    ['beside what it waits for', {}, ['Build'], /not looked at Build .* has\. The pod will not do\.$/],
    ['beside the stage', ACCEPTED, ['Build', 'BuildRun'], /: queued\. The pod will not do\.$/],
  ])('says at once what will go wrong, %s', (_case, status, kinds, message) => {
    const builder = makeBuilder();
    const planned = plan(builder, { after: 0, build: builtFrom(builder, status), foretold: 'The pod will not do.' });
    expect(planned.apply.map(({ kind }) => kind)).toEqual(kinds);
    expect(ready(planned.status)?.message).toMatch(message);
  });

  it('says Building afterwards, and names its objects', () => {
    const builder = makeBuilder();
    const { status } = plan(builder, { run: makeRun({ status: 'Unknown', reason: 'Running' }) });
    const names = shipwrightNames(builder);
    expect(status).toMatchObject({
      phase: 'Build',
      state: 'Building',
      resourceRef: { 'shipwright.io/build': names.build, 'shipwright.io/buildRun': names.run },
    });
    expect(ready(status)).toMatchObject({
      status: 'Unknown',
      message: expect.stringContaining(`${names.run}: running`),
    });
  });

  it('waits for Shipwright, and says that it is not installed', () => {
    const { apply, status } = plan(makeBuilder(), { shipwright: undefined });
    expect(apply).toEqual([]);
    expect(ready(status)).toMatchObject({
      status: 'Unknown',
      reason: 'DependencyMissing',
      message: expect.stringContaining('Shipwright'),
    });
  });

  it.each([
    ['Succeeded', { status: 'True', reason: 'Succeeded' }, 'Succeeded', 'True', 0],
    ['Failed', { status: 'False', reason: 'Failed', message: 'step-build exited with code 1' }, 'Failed', 'False', 1],
    [
      'an invalid Build',
      { status: 'False', reason: 'BuildRegistrationFailed', message: 'no strategy' },
      'Failed',
      'False',
      1,
    ],
    ['a timeout', { status: 'False', reason: 'BuildRunTimeout', message: 'too long' }, 'Timeout', 'False', 1],
    ['a cancel', { status: 'False', reason: 'BuildRunCanceled', message: 'stopped' }, 'Canceled', 'False', 0],
  ])('ends as its BuildRun does: %s', (_case, condition, state, status, warnings) => {
    const result = plan(makeBuilder({}, building), { run: makeRun(condition) });
    expect(result.status).toMatchObject({ state, phase: 'Build', buildDuration: '1m30s' });
    expect(ready(result.status)?.status).toBe(status);
    expect(result.events).toHaveLength(warnings);
    expect(result.apply).toEqual([]);
  });

  it('copies digest, size and source of what was built', () => {
    const more = {
      output: { digest: 'sha256:1', size: 7, other: true },
      source: { git: { commitSha: 'abc', branchName: 'main' } },
    };
    const { status } = plan(makeBuilder({}, building), { run: makeRun({ status: 'True' }, more) });
    expect(status?.output).toEqual({ digest: 'sha256:1', size: 7 });
    expect(status?.sources).toEqual([{ name: 'default', git: { commitSha: 'abc', branchName: 'main' } }]);
  });

  it('that is cancelled before it started is Canceled, and starts nothing (Q23)', () => {
    const { apply, status } = plan(makeBuilder({ state: 'Cancelled' }));
    expect([apply, status?.state]).toEqual([[], 'Canceled']);
  });

  it('that is cancelled while it runs stops its run', () => {
    const { apply, status } = plan(makeBuilder({ state: 'Cancelled' }, building), { run: makeRun() });
    expect(apply.map(({ kind, spec }) => [kind, spec.state])).toEqual([['BuildRun', 'BuildRunCanceled']]);
    expect(status?.state).toBe('Canceled');
  });

  it('looks again when its timeout is over, and then stops its run', () => {
    const builder = makeBuilder({ timeout: '5m' }, building);
    expect(plan(builder, { run: makeRun() }).wakeAt).toEqual(at(300));
    const late = plan(builder, { run: makeRun(), after: 301 });
    expect(late.apply.map(({ spec }) => spec.state)).toEqual(['BuildRunCanceled']);
    expect(late.status).toMatchObject({
      state: 'Timeout',
      buildDuration: '5m0s',
      message: expect.stringContaining('5m'),
    });
  });

  describe('whose run was cancelled at its time limit, and whose status was not written then,', () => {
    const cancelled = (completionTime: string) =>
      makeRun({ status: 'False', reason: 'BuildRunCanceled', message: 'cancelled' }, { completionTime });
    const late = cancelled('2026-01-01T12:05:02Z');

    it('is Timeout all the same', () => {
      const { status, events } = plan(makeBuilder({ timeout: '5m' }, building), { run: late, after: 310 });
      expect(status).toMatchObject({ state: 'Timeout', reason: 'Timeout', buildDuration: '5m0s' });
      expect(status?.message).toContain('did not end within its timeout of 5m');
      expect(events).toMatchObject([{ reason: 'Timeout' }]);
    });

    it.each([
      ['the user asked for it', makeBuilder({ timeout: '5m', state: 'Cancelled' }, building), late],
      ['it was before the limit', makeBuilder({ timeout: '5m' }, building), cancelled('2026-01-01T12:04:59Z')],
      ['there is no limit', makeBuilder({}, building), late],
    ])('unless %s', (_case, builder, run) => {
      expect(plan(builder, { run, after: 310 }).status?.state).toBe('Canceled');
    });
  });

  it('fails when its run is deleted while it goes on (Q16)', () => {
    expect(plan(makeBuilder({}, building)).status).toMatchObject({ state: 'Failed', reason: 'BuildRunDeleted' });
  });

  it.each([
    ['its time is over', makeBuilder({ timeout: '5m' }, building), { run: makeRun(), after: 301 }],
    ['it is cancelled', makeBuilder({ state: 'Cancelled' }, building), { run: makeRun() }],
    [
      'its run is cancelled',
      makeBuilder({}, building),
      { run: makeRun({ status: 'False', reason: 'BuildRunCanceled' }) },
    ],
    ['its run is deleted', makeBuilder({}, building), {}],
  ])('says how to build again when %s', (_case, builder, seen) => {
    expect(plan(builder, seen).status?.message).toMatch(
      / (?:then|To build again): kubectl annotate --overwrite fn -n ns fn openfunction\.io\/rebuild=builder-a(?:\. |$)/,
    );
  });

  it('that has ended is left alone', () => {
    const { apply, status, events, wakeAt } = plan(makeBuilder({}, { ...building, state: 'Failed' }), {
      run: makeRun({ status: 'True' }),
    });
    expect([apply, status, events, wakeAt]).toEqual([[], undefined, [], undefined]);
  });
});

describe('a Build that Shipwright refuses', () => {
  const secret = {
    registered: 'False',
    reason: 'SpecSourceSecretRefNotFound',
    message: 'referenced secret git not found',
  };
  const strategy = {
    registered: 'False',
    reason: 'ClusterBuildStrategyNotFound',
    message: 'clusterBuildStrategy openfunction does not exist',
  };
  const builder = makeBuilder({ srcRepo: { url: 'https://git.example.com/fn.git', credentials: { name: 'git' } } });

  it('for want of a Secret starts no run, and says at once which', () => {
    const { apply, remove, status, wakeAt } = plan(builder, { build: builtFrom(builder, secret), after: 1 });
    expect([apply.map(({ kind }) => kind), remove]).toEqual([['Build'], []]);
    expect(status?.state).toBe('Building');
    expect(status?.resourceRef).toEqual({ 'shipwright.io/build': shipwrightNames(builder).build });
    expect(ready(status)).toMatchObject({
      status: 'Unknown',
      reason: 'DependencyMissing',
      message: expect.stringContaining('Secret ns/git (spec.build.srcRepo.credentials) not found'),
    });
    expect(wakeAt).toEqual(at(6));
  });

  it.each([
    ['after 5 s for the first time', 0, 4, 5],
    ['then after as long as it has been waited for', 5, 9, 10],
    ['so less and less often', 320, 639, 640],
    ['but never after more than 10 minutes', 100_000, 100_599, 100_600],
  ])('for want of a Secret is made anew %s', (_case, made, before, then) => {
    const build = builtFrom(builder, secret, made, made);
    expect(plan(builder, { build, after: before })).toMatchObject({ remove: [], wakeAt: at(then) });
    expect(plan(builder, { build, after: then })).toMatchObject({ apply: [], remove: [build] });
  });

  it.each([
    ['an hour behind', -3_600],
    ['right', 0],
    ['6 s ahead', 6],
    ['30 s ahead', 30],
    ['an hour ahead', 3_600],
  ])('for want of a Secret is made anew as seldom where the clock here is %s', (_case, skew) => {
    // 70 s by the API server's clock; Shipwright judges each Build at once.
    const made: number[] = [];
    let [seconds, waiting, build] = [1, builder, undefined as KubeObject | undefined];
    while (seconds < 70 && made.length < 20) {
      const { apply, remove, status, wakeAt } = plan(waiting, { build, declared: DECLARED, after: seconds + skew });
      const wanted = apply.find(({ kind }) => kind === 'Build');
      if (status !== undefined) waiting = { ...waiting, status };
      if (remove.length > 0) build = undefined;
      else if (build === undefined && wanted !== undefined) {
        made.push(seconds);
        build = { ...wanted, metadata: { ...wanted.metadata, creationTimestamp: dateOf(seconds) }, status: secret };
      } else if (build !== undefined) {
        expect(wanted?.metadata.annotations).toEqual(build.metadata.annotations);
        seconds = ((wakeAt ?? at(100 + skew)).getTime() - at(skew).getTime()) / 1_000;
      }
    }
    expect(made).toEqual([1, 6, 12, 24, 48]);
  });

  it('is dated only where something has been said: most are accepted at once', () => {
    expect(plan(builder).apply[0]?.metadata.annotations).toBeUndefined();
    const waiting = { ...builder, status: plan(builder).status as BuilderStatus };
    const annotations = { 'openfunction.io/made-at': dateOf(10) };
    expect(plan(waiting).apply[0]?.metadata.annotations).toEqual(annotations);
    expect(plan(waiting, { build: builtFrom(builder, {}) }).apply[0]?.metadata.annotations).toBeUndefined();
  });

  it.each([
    ['was set back by years', 100_000_000],
    ['wrote no date', Number.NaN],
  ])('is not waited with for ever when a clock that dated it %s', (_case, ours) => {
    const build = builtFrom(builder, secret, 5);
    const date = Number.isNaN(ours) ? 'nonsense' : dateOf(ours);
    build.metadata.annotations = { 'openfunction.io/made-at': date };
    expect(plan(builder, { build, after: 9 })).toMatchObject({ remove: [], wakeAt: at(10) });
    expect(plan(builder, { build, after: 10 }).remove).toEqual([build]);
  });

  it('and is made anew keeps what was said of it until Shipwright has looked', () => {
    const waiting = {
      ...builder,
      status: plan(builder, { build: builtFrom(builder, secret) }).status as BuilderStatus,
    };
    const fresh = plan(waiting, { build: undefined, after: 20 });
    expect([fresh.apply.map(({ kind }) => kind), fresh.status]).toEqual([['Build'], undefined]);
    const accepted = plan(waiting, { build: builtFrom(builder, ACCEPTED, 20), after: 21 });
    expect(accepted.apply.map(({ kind }) => kind)).toEqual(['Build', 'BuildRun']);
    expect(ready(accepted.status)?.reason).toBe('Building');
    expect(plan(waiting, { build: builtFrom(builder, {}, 20, 20), after: 24 }).status).toBeUndefined();
    expect(ready(plan(waiting, { build: builtFrom(builder, {}, 20, 20), after: 26 }).status)?.message).toContain(
      'not looked',
    );
  });

  it('for want of a strategy waits for it without a timer, and is made anew when it is there', () => {
    const build = builtFrom(builder, strategy);
    const waiting = plan(builder, { build, declared: undefined });
    expect([waiting.remove, waiting.wakeAt]).toEqual([[], undefined]);
    expect(ready(waiting.status)?.message).toContain('ClusterBuildStrategy openfunction not found');
    const told = { ...builder, status: waiting.status as BuilderStatus };
    expect(plan(told, { build, declared: DECLARED, after: 12 }).remove).toEqual([build]);
  });

  it('for want of a strategy that is there gives Shipwright 2 s to see it', () => {
    const { remove, wakeAt } = plan(builder, { build: builtFrom(builder, strategy), declared: DECLARED });
    expect([remove, wakeAt]).toEqual([[], at(12)]);
  });

  it('for what only a change of the Function mends ends the build, with no run', () => {
    const message = 'The following parameters are not defined in the build strategy: nonsense';
    const build = builtFrom(builder, { registered: 'False', reason: 'UndefinedParameter', message });
    const { apply, status } = plan(builder, { build, declared: ASSUMED });
    expect([apply, status?.state, status?.reason]).toEqual([[], 'Failed', 'UndefinedParameter']);
    expect(status?.message).toContain('ClusterBuildStrategy openfunction has no such parameters: nonsense');
  });

  it('for parameters that were chosen before the strategy was known is made anew, and does not fail', () => {
    const status = { registered: 'False', reason: 'UndefinedParameter', message: 'not defined: builder-image' };
    const build = builtFrom(builder, status);
    const unknown = plan(builder, { build });
    expect([unknown.status?.state, unknown.remove]).toEqual(['Building', []]);
    const known = plan(builder, { build, declared: new Map() });
    expect([known.status?.state, known.remove, known.apply]).toEqual(['Building', [build], []]);
  });

  it('because only a cluster can build it ends the build, with no run', () => {
    const build = builtFrom(builder, {
      registered: 'False',
      reason: 'NeedsCluster',
      message: 'kaniko needs a cluster',
    });
    const { apply, status } = plan(builder, { build });
    expect([apply, status?.state, status?.reason]).toEqual([[], 'Failed', 'NeedsCluster']);
    expect(status?.message).toContain('needs a cluster. Apply the Function to a cluster with Shipwright.');
  });

  it('says at its time limit what it was waiting for', () => {
    const limited = { ...builder, spec: { ...builder.spec, timeout: '5m' } };
    const build = builtFrom(limited, secret);
    const waiting = { ...limited, status: plan(limited, { build }).status as BuilderStatus };
    const { status } = plan(waiting, { build, after: 301 });
    expect(status?.state).toBe('Timeout');
    expect(status?.message).toMatch(
      /timeout of 5m; last seen: Secret ns\/git .* not found\. .* More: kubectl describe builds.shipwright.io -n ns /,
    );
  });
});

describe('a build that goes on', () => {
  const run = makeRun({
    status: 'Unknown',
    reason: 'Running',
    message: 'Not all Steps in the Task have finished executing',
  });
  const step = (name: string, state: object) => ({ name, state });
  const pod = (...containerStatuses: object[]): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'run-pod', namespace: 'ns' },
    spec: { containers: [{ name: 'step-source-default' }, { name: 'step-create' }] },
    status: { phase: 'Running', containerStatuses },
  });
  const running = { running: { startedAt: '2026-01-01T12:00:05Z' } };
  const done = { terminated: { exitCode: 0, finishedAt: '2026-01-01T12:00:20Z' } };
  const cloning = pod(step('step-create', running), step('step-source-default', running));
  const creating = pod(step('step-create', running), step('step-source-default', done));

  it('says its stage and since when, and not how long: that would be a write each second', () => {
    const texts = [30, 40].map(
      (after) => ready(plan(makeBuilder({}, building), { run, pod: cloning, after }).status)?.message,
    );
    expect(texts[0]).toBe('BuildRun ns/r: cloning since 2026-01-01T12:00:05Z (pod run-pod, step-source-default).');
    expect(texts[1]).toBe(texts[0]);
  });

  it('says a stage only when it has lasted 2 s', () => {
    const early = plan(makeBuilder({}, building), { run, pod: creating, after: 21 });
    expect([early.status, early.wakeAt]).toEqual([undefined, at(22)]);
    const later = plan(makeBuilder({}, building), { run, pod: creating, after: 22 });
    expect(ready(later.status)?.message).toContain('building since 2026-01-01T12:00:20Z');
  });

  it('says at once that a quota holds it up, and still goes on', () => {
    const message =
      'TaskRun Pod exceeded available resources: pods "run-pod" is forbidden: exceeded quota: compute, requested: limits.cpu=2, used: limits.cpu=3, limited: limits.cpu=4';
    const held = makeRun({ status: 'Unknown', reason: 'ExceededResourceQuota', message });
    const { status } = plan(makeBuilder(), { run: held, after: 1 });
    expect(status?.state).toBe('Building');
    expect(ready(status)).toMatchObject({ status: 'Unknown', reason: 'QuotaExceeded' });
  });
});

describe('a strategy that cannot take spec.build.env', () => {
  const builder = makeBuilder({ env: { GREETING: 'a#b' } });
  const OLD: DeclaredParams = new Map([
    ['builder-image', 'string'],
    ['ENV_VARS', 'string'],
  ]);

  it('holds the build up before anything is made, and says what helps', () => {
    const { apply, remove, status, wakeAt } = plan(builder, { declared: OLD, after: 1 });
    expect([apply, remove, wakeAt]).toEqual([[], [], undefined]);
    expect(status?.state).toBe('Building');
    expect(ready(status)).toMatchObject({
      status: 'Unknown',
      reason: 'UnsupportedEnv',
      message: expect.stringMatching(
        /GREETING .* "#".* ClusterBuildStrategy openfunction .*\. Write the value without it/,
      ),
    });
  });

  it('is waited for within the time limit, and the build starts when it can', () => {
    const limited = makeBuilder({ env: { GREETING: 'a#b' }, timeout: '5m' });
    const waiting = { ...limited, status: plan(limited, { declared: OLD }).status as BuilderStatus };
    expect(plan(waiting, { declared: OLD, after: 20 }).wakeAt).toEqual(at(300));
    expect(plan(waiting, { declared: OLD, after: 301 }).status?.state).toBe('Timeout');
    expect(plan(waiting, { declared: DECLARED }).apply.map(({ kind }) => kind)).toEqual(['Build']);
  });

  it('changes nothing for a run that goes on', () => {
    const { apply, status } = plan(makeBuilder({ env: { GREETING: 'a#b' } }, building), {
      run: makeRun({ status: 'Unknown', reason: 'Running' }),
      build: builtFrom(builder, ACCEPTED),
      declared: OLD,
    });
    expect(apply.map(({ kind }) => kind)).toEqual(['BuildRun']);
    expect(ready(status)?.reason).toBe('Building');
  });
});

describe('what is recorded and said of a Builder that ends before there is anything', () => {
  const OLD: DeclaredParams = new Map([['ENV_VARS', 'string']]);
  const limited = makeBuilder({ timeout: '5m' });
  const unsupported = makeBuilder({ timeout: '5m', env: { GREETING: 'a#b' } });
  const waiting = { ...unsupported, status: plan(unsupported, { declared: OLD }).status as BuilderStatus };
  const uninstalled = { ...limited, status: plan(limited, { shipwright: undefined }).status as BuilderStatus };

  it.each([
    ['Shipwright is not installed', uninstalled, { shipwright: undefined }],
    ['the strategy cannot take the variables', waiting, { declared: OLD }],
    ['its Build was deleted', { ...limited, status: { state: 'Building' as const } }, {}],
  ])('is the Builder itself, when its time is over and %s', (_case, builder, seen) => {
    const { status } = plan(builder, { ...seen, after: 301 });
    expect([status?.state, status?.resourceRef]).toEqual(['Timeout', undefined]);
    expect(status?.message).toMatch(/^Builder ns\/builder-a: the build did not end within its timeout of 5m/);
    expect(status?.message).not.toContain('kubectl describe');
  });

  it('is nothing when it is cancelled', () => {
    expect(plan(makeBuilder({ state: 'Cancelled' })).status).not.toHaveProperty('resourceRef');
  });

  it('is its Build, and no run, where there is one', () => {
    const build = builtFrom(limited, {});
    const pending = { ...limited, status: { state: 'Building' as const } };
    const { status } = plan(pending, { build, after: 301 });
    expect(status?.resourceRef).toEqual({ 'shipwright.io/build': build.metadata.name });
    expect(status?.message).toMatch(/^Build ns\/\S+: .* More: kubectl describe builds\.shipwright\.io -n ns \S+$/);
  });

  it('is what was recorded, also when it is gone', () => {
    const { status } = plan(makeBuilder({ state: 'Cancelled' }, building));
    expect(status?.resourceRef).toEqual(building.resourceRef);
  });

  it('is a run that was made and not recorded', () => {
    const builder = makeBuilder({ state: 'Cancelled' });
    const names = shipwrightNames(builder);
    const { status } = plan(builder, { run: makeRun(), build: builtFrom(builder, ACCEPTED) });
    expect(status?.resourceRef).toEqual({ 'shipwright.io/build': names.build, 'shipwright.io/buildRun': names.run });
  });
});

describe('a clock that is far ahead of that of the API server', () => {
  const builder = makeBuilder({ timeout: '10m' });
  const AHEAD = 900;

  it('does not end a Builder at the first look', () => {
    const { apply, status, wakeAt } = plan(builder, { after: AHEAD });
    expect(apply.map(({ kind }) => kind)).toEqual(['Build']);
    expect([status?.state, wakeAt]).toEqual(['Building', at(AHEAD + 600)]);
  });

  it('gives it its time from then on', () => {
    const seen = { ...builder, status: plan(builder, { after: AHEAD }).status as BuilderStatus };
    const build = builtFrom(builder, ACCEPTED);
    expect(plan(seen, { build, after: AHEAD + 1 }).apply.map(({ kind }) => kind)).toEqual(['Build', 'BuildRun']);
    expect(plan(seen, { build, run: makeRun(), after: AHEAD + 599 }).wakeAt).toEqual(at(AHEAD + 600));
    expect(plan(seen, { build, run: makeRun(), after: AHEAD + 600 }).status?.state).toBe('Timeout');
  });

  it('changes nothing for one that was first looked at within its time', () => {
    const seen = { ...builder, status: plan(builder, { after: 599 }).status as BuilderStatus };
    expect(plan(seen, { after: 600 }).status?.state).toBe('Timeout');
  });

  it('does not keep one going that was begun by somebody else', () => {
    expect(plan(makeBuilder({ timeout: '10m' }, building), { run: makeRun(), after: AHEAD }).status?.state).toBe(
      'Timeout',
    );
  });

  it('holds where Shipwright is not installed', () => {
    const seen = { shipwright: undefined };
    const first = plan(builder, { ...seen, after: AHEAD });
    expect(first.wakeAt).toEqual(at(AHEAD + 600));
    const later = { ...builder, status: first.status as BuilderStatus };
    expect(plan(later, { ...seen, after: AHEAD + 600 }).status?.state).toBe('Timeout');
  });
});

describe('variables that are not packed while the strategy is not known', () => {
  const OLD: Target = { version: 'v1alpha1', declared: undefined };
  const builder = makeBuilder({ env: { GREETING: 'a#b' } });
  const build = { ...makeBuild(builder, OLD), status: ACCEPTED };
  const seen = { shipwright: 'v1alpha1', build, after: 10 } as const;

  it('keep the run from being made, though Shipwright has accepted the Build', () => {
    const { apply, status } = plan(builder, seen);
    expect(apply.map(({ kind }) => kind)).toEqual(['Build']);
    expect(status?.resourceRef).not.toHaveProperty(['shipwright.io/buildRun']);
    expect(ready(status)).toMatchObject({
      status: 'Unknown',
      reason: 'Building',
      message: expect.stringMatching(/^ClusterBuildStrategy openfunction .*spec\.build\.env.*: the BuildRun starts/),
    });
  });

  it('go with it as soon as the strategy is known', () => {
    const declared: DeclaredParams = new Map([['build-args', 'array']]);
    const { apply } = plan(builder, { ...seen, declared });
    expect(apply.map(({ kind }) => kind)).toEqual(['Build', 'BuildRun']);
    expect(apply[0]?.['spec'].paramValues).toEqual([{ name: 'build-args', values: [{ value: 'GREETING=a#b' }] }]);
  });

  it('are no matter where there are none, or they are packed', () => {
    for (const env of [undefined, { GREETING: 'ab' }]) {
      const other = makeBuilder(env && { env });
      const planned = plan(other, { ...seen, build: { ...makeBuild(other, OLD), status: ACCEPTED } });
      expect(planned.apply.map(({ kind }) => kind)).toEqual(['Build', 'BuildRun']);
    }
  });
});

describe('a namespace that asks for defaults of its containers', () => {
  const asking = (value: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'ns', annotations: { 'openfunction.io/build-limits': value } },
  });
  const range = (labels?: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'openfunction-build-defaults', namespace: 'ns', uid: 'uid-r', ...(labels && { labels }) },
  });
  const OURS = range({ 'openfunction.io/managed': 'true' });
  const builder = makeBuilder();
  const build = builtFrom(builder, ACCEPTED);

  it('gets a LimitRange before the BuildRun, and not while there is nothing to start', () => {
    const { apply } = plan(builder, { build, namespace: asking('cpu=1') });
    expect(apply.map(({ kind }) => kind)).toEqual(['Build', 'LimitRange', 'BuildRun']);
    expect(apply[1]).toMatchObject({ metadata: { namespace: 'ns' }, spec: { limits: [{ default: { cpu: '1' } }] } });
    expect(plan(builder, { namespace: asking('cpu=1') }).apply.map(({ kind }) => kind)).toEqual(['Build']);
  });

  it('no more has it removed, and only if it was made here', () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } };
    expect(plan(builder, { build, namespace, range: OURS }).remove).toEqual([OURS]);
    expect(plan(builder, { build, namespace, range: range() }).remove).toEqual([]);
    expect(plan(builder, { build, namespace: asking('cpu=1'), range: OURS }).remove).toEqual([]);
  });

  it.each([
    [
      'in words that say nothing',
      asking('cpu=lots'),
      undefined,
      /^Namespace ns: .*build-limits has no quantity .*\. Write e\.g\. /,
    ],
    [
      'where somebody else has that name',
      asking('cpu=1'),
      range(),
      /^LimitRange ns\/openfunction-build-defaults exists .*\. Delete or rename that LimitRange, or remove the annotations .*; the build then starts by itself\.$/,
    ],
  ])('%s is told so before anything is made', (_case, namespace, range, words) => {
    const { apply, status } = plan(builder, { build, namespace, range, after: 1 });
    expect(apply).toEqual([]);
    expect(ready(status)).toMatchObject({
      status: 'Unknown',
      reason: 'BadBuildDefaults',
      message: expect.stringMatching(words),
    });
  });
});

describe('where Shipwright serves v1alpha1 only', () => {
  const old = { shipwright: 'v1alpha1', after: 1 } as const;

  it('Build and BuildRun are of that version', () => {
    const builder = makeBuilder();
    const build = { ...makeBuild(builder, { version: 'v1alpha1', declared: undefined }), status: ACCEPTED };
    const { apply } = plan(builder, { ...old, build });
    expect(apply.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
      'shipwright.io/v1alpha1 Build',
      'shipwright.io/v1alpha1 BuildRun',
    ]);
  });

  it('a run is cancelled, and its result read, in its words', () => {
    const cancelled = plan(makeBuilder({ state: 'Cancelled' }, building), { ...old, run: makeRun() });
    expect(cancelled.apply[0]).toMatchObject({
      apiVersion: 'shipwright.io/v1alpha1',
      spec: { buildRef: { name: 'b' }, state: 'BuildRunCanceled' },
    });
    const sources = [{ name: 'default', git: { commitSha: 'abc', commitAuthor: 'Ann' } }];
    const { status } = plan(makeBuilder({}, building), { ...old, run: makeRun({ status: 'True' }, { sources }) });
    expect([status?.state, status?.sources]).toEqual(['Succeeded', sources]);
  });
});

describe('where objects of Shipwright cannot be listed', () => {
  const unreadable = (why: string) => ({ shipwright: undefined, unreadable: { kind: SHIPWRIGHT_BUILD, why } });

  it.each([
    [
      'for its webhook',
      'GET /x: conversion webhook for shipwright.io/v1alpha1, Kind=Build failed',
      /its conversion web/,
    ],
    ['for want of a role', 'GET /x: builds.shipwright.io is forbidden: User "a" cannot list', /does not allow it/],
    [
      'for anything else',
      'GET /x: etcd is full',
      /answers with an error\. Mend what kubectl get builds\.shipwright\.io -A/,
    ],
  ])('that is said: %s', (_case, why, words) => {
    const { apply, remove, status, wakeAt } = plan(makeBuilder(), unreadable(why));
    expect([apply, remove, wakeAt, status?.state]).toEqual([[], [], undefined, undefined]);
    expect(ready(status)).toMatchObject({
      status: 'Unknown',
      reason: 'DependencyMissing',
      message: expect.stringMatching(words),
    });
  });

  it('a build is not ended, neither for its time nor on request: how it ended is not known', () => {
    const late = plan(makeBuilder({ timeout: '1m' }, building), { ...unreadable('x'), after: 100 });
    expect([late.status?.state, late.status?.resourceRef]).toEqual(['Building', building.resourceRef]);
    const cancelled = plan(makeBuilder({ state: 'Cancelled' }, building), unreadable('x'));
    expect(cancelled.status?.state).toBe('Building');
  });
});

it('a field that Shipwright has no place for is said to be without effect while it builds', () => {
  const builder = makeBuilder({ builderCredentials: { name: 'pull' }, dockerfile: 'Dockerfile' }, building);
  const run = makeRun({ status: 'Unknown', reason: 'Running' });
  const said = (seen: Options) => ready(plan(builder, { run, ...seen }).status)?.message;
  expect(said({ declared: DECLARED })).toContain(
    'Without effect: spec.build.builderCredentials (shipwright.io/v1beta1 has no place for it), ' +
      'spec.build.dockerfile (ClusterBuildStrategy openfunction has no parameter dockerfile).',
  );
  expect(said({ declared: ASSUMED, shipwright: 'v1alpha1' })).not.toContain('Without effect');
  const bare = { ...builder, spec: { ...builder.spec, builder: undefined } } as Builder;
  expect(ready(plan(bare, { run, declared: ASSUMED, shipwright: 'v1alpha1' }).status)?.message).toContain(
    'Without effect: spec.build.builderCredentials (there is no spec.build.builder that it would be for).',
  );
});

describe('the Build', () => {
  it('keeps its name when only limits change: or a second run would be made', () => {
    const limits = { timeout: '1m', failedBuildsHistoryLimit: 3, successfulBuildsHistoryLimit: 2, builderMaxAge: '1h' };
    expect(shipwrightNames(makeBuilder(limits))).toEqual(shipwrightNames(makeBuilder()));
    expect(shipwrightNames(makeBuilder({ env: { A: '1' } }))).not.toEqual(shipwrightNames(makeBuilder()));
  });

  it('and its run have labels of Function and Builder, and names that repeat', () => {
    const [build, run] = [
      makeBuild(makeBuilder(), TARGET),
      makeBuildRun(makeBuilder({ state: 'Cancelled' }), { version: 'v1beta1', cancel: false }),
    ];
    for (const { metadata } of [build, run]) {
      expect(metadata.labels).toEqual({ 'openfunction.io/builder': 'builder-a', 'openfunction.io/function': 'fn' });
      expect(metadata.ownerReferences).toMatchObject([{ kind: 'Builder', uid: 'uid-b', controller: true }]);
    }
    expect(run['spec'].build.name).toBe(build.metadata.name);
    expect(makeBuild(makeBuilder(), TARGET).metadata.name).toBe(build.metadata.name);
  });
});
