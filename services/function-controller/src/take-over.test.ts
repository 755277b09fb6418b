import type { Function, Serving } from '@openfunction/api';
import { isApplied } from '@openfunction/kube';
import { describe, expect, it } from 'vitest';
import { goWorld, makeGoBuilder, makeGoFunction, makeGoServing } from './testdata/go-operator.ts';
import { BUILD, type World } from './testdata/world.ts';

const NAMES = { build: 'builder-x7k2p', serving: 'serving-q9z4m' };

/** The names that one plan writes into the status. */
function referred(world: World) {
  const { build, serving } = world.plan().status ?? {};
  return { build: build?.resourceRef, serving: serving?.resourceRef };
}

function annotated(fn: Function, annotations: Record<string, string>): Function {
  return { ...fn, metadata: { ...fn.metadata, annotations: { ...fn.metadata.annotations, ...annotations } } };
}

function withState(serving: Serving, state: string): Serving {
  return { ...serving, status: { ...serving.status, state } };
}

describe('what the Go operator left', () => {
  it('is taken over: no Builder, no Serving, both hashes rewritten in one status write', () => {
    const world = goWorld(makeGoFunction());
    const { apply, remove, status, events } = world.plan();
    const children = apply.filter(({ kind }) => kind === 'Builder' || kind === 'Serving');
    expect(children.map(({ metadata }) => metadata.name)).toEqual([NAMES.serving]);
    expect([remove, events]).toEqual([[], []]);
    expect(status?.build).toMatchObject({ state: 'Succeeded', resourceRef: NAMES.build });
    expect(status?.serving).toMatchObject({ state: 'Running', resourceRef: NAMES.serving });
    expect(status?.build?.resourceHash).toMatch(/^v1:/);
    expect(status?.serving?.resourceHash).toMatch(/^v1:/);
    expect(status?.revision).toEqual({ imageDigest: 'sha256:1' });
  });

  it('then stays as it is', () => {
    const world = goWorld(makeGoFunction());
    world.settle();
    expect(referred(world)).toEqual(NAMES);
    expect([[...world.servings.keys()], world.builders.size]).toEqual([[NAMES.serving], 0]);
    expect(world.serving().spec.image).toBe('acme/fn:v1@sha256:1');
  });

  it('goes on with the last of equal variables: none could be applied twice', () => {
    const env = (...values: string[]) => values.map((value) => ({ name: 'A', value }));
    const withEnv = (...values: string[]) => ({ containers: [{ name: 'function', env: env(...values) }] });
    const fn = makeGoFunction();
    const left = { ...fn, spec: { ...fn.spec, serving: { ...fn.spec.serving, template: withEnv('1', '2') } } };
    const world = goWorld(left, makeGoServing(left, { ...left.spec.serving }));
    world.settle();
    expect([[...world.servings.keys()], world.fn.status?.serving?.resourceRef]).toEqual([
      [NAMES.serving],
      NAMES.serving,
    ]);
    expect(world.serving().spec.template).toEqual(withEnv('2'));
  });

  it('is not even written when it is spelled alike', () => {
    const fn = makeGoFunction();
    const serving = makeGoServing(fn, { ...fn.spec.serving });
    const applied = goWorld(fn, serving)
      .plan()
      .apply.find(({ kind }) => kind === 'Serving');
    expect(applied && isApplied(applied, serving, 'openfunction-function-controller')).toBe(true);
  });
});

describe('a build of the Go operator', () => {
  it.each(['Failed', 'Timeout', 'Canceled'])('that is %s is not built again, its Builder there or not', (state) => {
    const fn = makeGoFunction();
    const failed = { ...fn, status: { ...fn.status, build: { ...fn.status?.build, state } } };
    expect(referred(goWorld(failed)).build).toBe(NAMES.build);
    expect(referred(goWorld(failed, makeGoServing(fn), makeGoBuilder(fn, state))).build).toBe(NAMES.build);
  });

  it('that goes on is followed, and not begun again', () => {
    const fn = makeGoFunction();
    const building = { ...fn, status: { ...fn.status, build: { ...fn.status?.build, state: 'Building' } } };
    const world = goWorld(building, makeGoServing(fn), makeGoBuilder(fn, 'Building'));
    expect(world.plan().status?.build).toMatchObject({
      state: 'Building',
      resourceRef: NAMES.build,
      resourceHash: expect.stringMatching(/^v1:/),
    });
    expect(referred(world).serving).toBe(NAMES.serving);
  });

  it('whose Builder is gone before its end is begun again (§1.4, 4)', () => {
    const fn = makeGoFunction();
    const building = { ...fn, status: { ...fn.status, build: { ...fn.status?.build, state: 'Building' } } };
    expect(referred(goWorld(building)).build).not.toBe(NAMES.build);
  });

  it.each<[string, Partial<Function['spec']>]>([
    ['the source', { build: { ...BUILD, srcRepo: { ...BUILD.srcRepo, revision: 'v2' } } }],
    ['the environment', { build: { ...BUILD, env: { A: '1' } } }],
    ['the credentials of the image', { imageCredentials: { name: 'push' } }],
  ])('of which %s has changed since is made anew, while the old version serves', (_what, change) => {
    const fn = makeGoFunction();
    const world = goWorld({ ...fn, spec: { ...fn.spec, ...change } });
    world.settle();
    expect(world.builders.size).toBe(1);
    expect(world.fn.status?.build).toMatchObject({
      state: 'Created',
      resourceRef: world.builder().metadata.name,
      resourceHash: expect.stringMatching(/^v1:/),
    });
    expect(world.servings.has(NAMES.serving)).toBe(true);
  });

  it.each<[string, Partial<NonNullable<Function['spec']['build']>>]>([
    ['a history limit', { failedBuildsHistoryLimit: 5 }],
    ['the timeout', { timeout: '1h' }],
  ])('is not made anew for %s', (_what, more) => {
    const fn = makeGoFunction();
    expect(referred(goWorld({ ...fn, spec: { ...fn.spec, build: { ...BUILD, ...more } } })).build).toBe(NAMES.build);
  });

  it('is made anew when a rebuild is asked for: that operator did not know the word', () => {
    const fn = annotated(makeGoFunction(), { 'openfunction.io/rebuild': 'now' });
    expect(referred(goWorld(fn)).build).not.toBe(NAMES.build);
  });

  it('is not mistaken for one of a later version of the hash', () => {
    const fn = makeGoFunction();
    const status = { ...fn.status, build: { ...fn.status?.build, resourceHash: 'v2:0' } };
    expect(referred(goWorld({ ...fn, status })).build).not.toBe(NAMES.build);
  });

  it('that it was about to begin (hash without name) is begun', () => {
    const fn = makeGoFunction();
    const { resourceRef: _cleared, ...build } = fn.status?.build ?? {};
    expect(referred(goWorld({ ...fn, status: { ...fn.status, build: { ...build, state: '' } } })).build).toMatch(
      /^builder-/,
    );
  });
});

describe('a Serving of the Go operator', () => {
  it('of a Function that is not built is kept, and the empty hash of the build rewritten', () => {
    const world = goWorld(makeGoFunction({ build: undefined } as Partial<Function['spec']>));
    expect(referred(world)).toEqual({ build: undefined, serving: NAMES.serving });
    expect(world.plan().status?.build).toMatchObject({ state: 'Skipped', resourceHash: expect.stringMatching(/^v1:/) });
  });

  const resources = { limits: { cpu: '1', memory: '4Gi' } };
  it.each<[string, Partial<Serving['spec']>]>([
    ['params', { params: { LEVEL: 'debug' } }],
    ['memory, which that operator did not see (Q2)', { template: { containers: [{ name: 'function', resources }] } }],
    ['the version', { version: 'v0.9.0' }],
    ['the digest', { image: 'acme/fn:v1@sha256:0' }],
    ['the image', { image: 'acme/other:v1@sha256:1' }],
    ['a digest that was not known', { image: 'acme/fn:v1' }],
    ['the port', { triggers: { http: { port: 9000 } } }],
  ])('with other content is replaced: %s', (_what, more) => {
    const fn = makeGoFunction();
    const world = goWorld(fn, makeGoServing(fn, more));
    expect(referred(world)).toMatchObject({ build: NAMES.build, serving: expect.not.stringMatching(NAMES.serving) });
    world.settle();
    expect(world.servings.has(NAMES.serving)).toBe(true);
    expect(world.servings.size).toBe(2);
  });

  it.each<[string, Partial<Serving['spec']>]>([
    ['the route', { triggers: { http: { port: 8080, route: { hostnames: ['a.example.com'] } } } }],
    ['the start timeout', { timeout: '2m0s' }],
    ['the number of replicas', { scaleOptions: { minReplicas: 1 } }],
  ])('is brought up to date in place when %s is another (Q12)', (_what, more) => {
    const fn = makeGoFunction();
    const world = goWorld(fn, makeGoServing(fn, more));
    expect(referred(world).serving).toBe(NAMES.serving);
    world.settle();
    expect(world.serving().spec).toMatchObject({ timeout: '60s', triggers: fn.spec.serving?.triggers });
  });

  it('is replaced when an annotation that matters was changed: that operator did not roll it out (Q33)', () => {
    const fn = makeGoFunction();
    const changed = annotated(fn, { plugins: '{"pre":["a"]}' });
    expect(referred(goWorld(changed, makeGoServing(fn))).serving).not.toBe(NAMES.serving);
    expect(referred(goWorld(changed)).serving).toBe(NAMES.serving);
    expect(referred(goWorld(annotated(fn, { team: 'blue' }), makeGoServing(fn))).serving).toBe(NAMES.serving);
  });

  it('that is gone is made again (§1.7, 5)', () => {
    const fn = makeGoFunction();
    const world = goWorld(fn);
    world.servings.clear();
    world.settle();
    expect([...world.servings.keys()]).toEqual([world.serving().metadata.name]);
    expect(world.serving().metadata.name).not.toBe(NAMES.serving);
    expect(world.builders.size).toBe(0);
  });

  it('whose state was reset by a build that gave the same digest goes on', () => {
    const fn = makeGoFunction();
    const status = { ...fn.status, serving: { ...fn.status?.serving, state: '' } };
    expect(referred(goWorld({ ...fn, status })).serving).toBe(NAMES.serving);
  });
});

describe('a digest that the Go operator left at an image after the build was removed (Q15)', () => {
  const fn = makeGoFunction({ build: undefined } as Partial<Function['spec']>);
  const serving = makeGoServing(fn, { image: 'acme/fn:v1@sha256:1' });

  it('stays where it runs: nothing is restarted for it', () => {
    const world = goWorld(fn, serving);
    world.settle();
    expect(referred(world).serving).toBe(NAMES.serving);
    expect(world.serving().spec.image).toBe('acme/fn:v1@sha256:1');
    expect(world.settle()).toBe(0);
  });

  it.each(['Failed', 'Timeout'])('goes with a new Serving when the old one is %s', (state) => {
    const world = goWorld(fn, withState(serving, state));
    world.settle();
    expect(world.serving().metadata.name).not.toBe(NAMES.serving);
    expect(world.serving().spec.image).toBe('acme/fn:v1');
  });

  it('goes too when the Serving fails after it was taken over', () => {
    const world = goWorld(fn, serving);
    world.settle();
    world.endServing('Failed');
    world.settle();
    expect(world.serving().metadata.name).not.toBe(NAMES.serving);
    const fresh = world.serving().metadata.name;
    world.acceptRoute();
    world.endServing('Failed');
    world.settle();
    expect(world.serving().metadata.name).toBe(fresh);
    expect(world.condition('Served')?.status).toBe('False');
  });
});
