import type { Builder, BuilderSpec, BuilderStatus, KubeObject } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { makeBuild, makeBuildRun, shipwrightNames } from './engines/shipwright/make.ts';
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

const plan = (builder: Builder, options: { run?: KubeObject; installed?: boolean; after?: number } = {}) =>
  planBuilder({ builder, run: options.run, installed: options.installed ?? true }, at(options.after ?? 10));
const ready = (status: BuilderStatus | undefined) => status?.conditions?.find(({ type }) => type === 'Ready');
const building = {
  state: 'Building',
  phase: 'Build',
  resourceRef: { 'shipwright.io/build': 'b', 'shipwright.io/buildRun': 'r' },
};

describe('a Builder', () => {
  it('that is new gets a Build and one BuildRun, and says nothing for 2 s', () => {
    const { apply, status, wakeAt } = plan(makeBuilder(), { after: 1 });
    expect(apply.map(({ kind }) => kind)).toEqual(['Build', 'BuildRun']);
    expect([status, wakeAt]).toEqual([undefined, at(2)]);
  });

  it('says Building afterwards, and names its objects', () => {
    const builder = makeBuilder();
    const { status } = plan(builder, { run: makeRun({ status: 'Unknown', message: 'cloning' }) });
    const names = shipwrightNames(builder);
    expect(status).toMatchObject({
      phase: 'Build',
      state: 'Building',
      resourceRef: { 'shipwright.io/build': names.build, 'shipwright.io/buildRun': names.run },
    });
    expect(ready(status)).toMatchObject({ status: 'Unknown', message: expect.stringContaining('cloning') });
  });

  it('waits for Shipwright, and says that it is not installed', () => {
    const { apply, status } = plan(makeBuilder(), { installed: false });
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

  it.each([
    [
      'the words of Shipwright when they say more than the condition',
      'exit code 1',
      { message: 'no such module', location: { container: 'step-build' } },
      'BuildRun run: step-build: no such module',
    ],
    [
      'the condition when the details are log output',
      'go build failed',
      { message: 'line 1\nline 2' },
      'BuildRun run: go build failed',
    ],
    ['the condition on one line', 'first\n  second', {}, 'BuildRun run: first second'],
  ])('says why it failed in one sentence: %s', (_case, message, failureDetails, expected) => {
    const run = makeRun({ status: 'False', reason: 'Failed', message }, { failureDetails });
    expect(plan(makeBuilder({}, building), { run }).status?.message).toBe(expected);
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

  it('fails when its run is deleted while it goes on (Q16)', () => {
    expect(plan(makeBuilder({}, building)).status).toMatchObject({ state: 'Failed', reason: 'BuildRunDeleted' });
  });

  it('that has ended is left alone', () => {
    const { apply, status, events, wakeAt } = plan(makeBuilder({}, { ...building, state: 'Failed' }), {
      run: makeRun({ status: 'True' }),
    });
    expect([apply, status, events, wakeAt]).toEqual([[], undefined, [], undefined]);
  });
});

describe('the Build', () => {
  it('of a Git source with everything set (controllers.md §2.3)', () => {
    const builder = makeBuilder({
      srcRepo: {
        url: 'https://git.example.com/fn.git',
        revision: 'main',
        sourceSubPath: 'fn',
        credentials: { name: 'git' },
      },
      imageCredentials: { name: 'push' },
      dockerfile: 'Dockerfile',
      env: { B: '2', A: '1' },
      timeout: '10m',
      shipwright: { strategy: { name: 'mine', kind: 'BuildStrategy' }, params: [{ name: 'p', value: 'v' }] },
    });
    expect(makeBuild(builder)['spec']).toEqual({
      source: {
        type: 'Git',
        git: { url: 'https://git.example.com/fn.git', revision: 'main', cloneSecret: 'git' },
        contextDir: 'fn',
      },
      strategy: { name: 'mine', kind: 'BuildStrategy' },
      paramValues: [
        { name: 'builder-image', value: 'example.com/builder' },
        { name: 'dockerfile', value: 'Dockerfile' },
        { name: 'p', value: 'v' },
        { name: 'ENV_VARS', value: 'A=1#B=2#' },
      ],
      timeout: '10m',
      output: { image: 'acme/fn:v1', pushSecret: 'push' },
    });
  });

  it('of a bundle, which wins over a URL', () => {
    const builder = makeBuilder({
      srcRepo: { url: 'ignored', bundleContainer: { image: 'acme/source:v1' }, credentials: { name: 'pull' } },
    });
    expect(makeBuild(builder)['spec'].source).toEqual({
      type: 'OCI',
      ociArtifact: { image: 'acme/source:v1', pullSecret: 'pull' },
    });
  });

  it('has the default strategy when none is named', () => {
    expect(makeBuild(makeBuilder())['spec'].strategy).toEqual({ name: 'openfunction', kind: 'ClusterBuildStrategy' });
  });

  it('keeps its name when only limits change: or a second run would be made', () => {
    const limits = { timeout: '1m', failedBuildsHistoryLimit: 3, successfulBuildsHistoryLimit: 2, builderMaxAge: '1h' };
    expect(shipwrightNames(makeBuilder(limits))).toEqual(shipwrightNames(makeBuilder()));
    expect(shipwrightNames(makeBuilder({ env: { A: '1' } }))).not.toEqual(shipwrightNames(makeBuilder()));
  });

  it('and its run have labels of Function and Builder, and names that repeat', () => {
    const [build, run] = [
      makeBuild(makeBuilder()),
      makeBuildRun(makeBuilder({ state: 'Cancelled' }), { cancel: false }),
    ];
    for (const { metadata } of [build, run]) {
      expect(metadata.labels).toEqual({ 'openfunction.io/builder': 'builder-a', 'openfunction.io/function': 'fn' });
      expect(metadata.ownerReferences).toMatchObject([{ kind: 'Builder', uid: 'uid-b', controller: true }]);
    }
    expect(run['spec'].build.name).toBe(build.metadata.name);
    expect(makeBuild(makeBuilder()).metadata.name).toBe(build.metadata.name);
  });
});
