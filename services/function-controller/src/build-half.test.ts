import { ANNOTATION, type Builder, type Serving } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { nextBuilder } from './build-half.ts';
import { cancelBuilder } from './resources/builder.ts';
import { goWorld, makeGoBuilder, makeGoFunction, makeGoServing } from './testdata/go-operator.ts';
import { BUILD, HTTP, makeFunction, World } from './testdata/world.ts';

/** A Function whose first build has ended with this digest, and that runs. */
function built(digest: string | null = 'sha256:1'): World {
  const world = new World(makeFunction({ build: BUILD, serving: HTTP }));
  world.settle();
  world.endBuild('Succeeded', digest);
  world.switchOver();
  return world;
}

function annotate(world: World, annotations: Record<string, string>): void {
  world.fn = { ...world.fn, metadata: { ...world.fn.metadata, annotations } };
}

function rebuild(world: World, token: string, digest: string | null): void {
  annotate(world, { [ANNOTATION.rebuild]: token });
  world.settle();
  world.endBuild('Succeeded', digest);
}

describe('a build that gives no digest', () => {
  it('is served by a version of its own, though the image reads the same', () => {
    const world = built(null);
    const { name } = world.serving().metadata;
    rebuild(world, 'one', null);
    world.settle();
    expect(world.serving().metadata.name).not.toBe(name);
    expect(world.condition('Ready')?.status).not.toBe('True');
    world.switchOver();
    expect(world.serving().spec.image).toBe('acme/fn:v1');
    expect(world.fn.status?.versions?.map(({ number, active }) => [number, active])).toEqual([
      [2, true],
      [1, false],
    ]);
  });

  it('restarts nothing while it stands, while the next one goes on, and when that fails', () => {
    const world = built(null);
    const { name } = world.serving().metadata;
    expect(world.settle()).toBe(0);
    world.change({ build: { ...BUILD, env: { A: '1' } } });
    world.settle();
    expect([...world.servings.keys()]).toEqual([name]);
    expect(world.condition('Served')?.message).not.toContain('waits for it');
    world.endBuild('Failed');
    world.settle();
    expect([...world.servings.keys()]).toEqual([name]);
  });

  it('can be told from the one before in a rollback', () => {
    const world = built(null);
    const first = world.serving().metadata.annotations;
    rebuild(world, 'one', null);
    world.switchOver();
    const second = world.serving().metadata.annotations;
    expect(second).not.toEqual(first);
    annotate(world, { [ANNOTATION.rebuild]: 'one', [ANNOTATION.rollbackTo]: '1' });
    world.switchOver();
    expect(world.serving().metadata.annotations).toEqual(first);
    annotate(world, { [ANNOTATION.rebuild]: 'one' });
    world.switchOver();
    expect(world.serving().metadata.annotations).toEqual(second);
  });

  it('is remembered as the last good one when the version served meanwhile is an older one', () => {
    const world = built(null);
    rebuild(world, 'one', null);
    world.switchOver();
    const second = world.serving().metadata.annotations;
    annotate(world, { [ANNOTATION.rebuild]: 'two', [ANNOTATION.rollbackTo]: '1' });
    world.switchOver();
    world.endBuild('Failed');
    annotate(world, { [ANNOTATION.rebuild]: 'two' });
    world.switchOver();
    expect(world.serving().metadata.annotations).toEqual(second);
  });

  it('is named on the Serving only where no digest tells it', () => {
    const world = built('sha256:1');
    expect(world.serving().metadata.annotations).toBeUndefined();
    const { name } = world.serving().metadata;
    rebuild(world, 'one', 'sha256:1');
    world.settle();
    expect(world.serving().metadata.name).toBe(name);
    rebuild(world, 'two', null);
    world.settle();
    expect(world.serving().metadata.annotations).toEqual({ [ANNOTATION.builtBy]: world.fn.status?.build?.resourceRef });
  });

  it('is not what somebody writes at the Function', () => {
    const world = built('sha256:1');
    const { name } = world.serving().metadata;
    annotate(world, { [ANNOTATION.builtBy]: 'me' });
    world.settle();
    expect([...world.servings.keys()]).toEqual([name]);
    expect(world.serving().metadata.annotations).toBeUndefined();
  });

  it('of the Go operator, ended and recorded, stays as it runs; the next one is served anew', () => {
    const fn = makeGoFunction();
    const { revision: _digest, ...status } = fn.status ?? {};
    const tagged = { ...fn, status };
    const world = goWorld(tagged, makeGoServing(tagged), makeGoBuilder(tagged, 'Succeeded'));
    world.settle();
    expect([...world.servings.keys()]).toEqual(['serving-q9z4m']);
    expect(world.settle()).toBe(0);
    world.change({ build: { ...BUILD, env: { A: '1' } } });
    world.settle();
    expect([...world.servings.keys()]).toEqual(['serving-q9z4m']);
    world.endBuild('Succeeded', null);
    world.settle();
    expect(world.serving().metadata.name).not.toBe('serving-q9z4m');
  });
});

describe('a build that was taken back before it was recorded', () => {
  const B = { ...BUILD, env: { V: 'b' } };
  const C = { ...BUILD, env: { V: 'c' } };

  /** One look at this build, of which only the Builders are carried out: it is too young to be recorded. */
  function begin(world: World, build: object): Builder {
    world.change({ build: { ...BUILD, ...build } });
    const [made] = world.children().filter(({ kind }) => kind === 'Builder') as Builder[];
    if (made === undefined) throw new Error('no Builder is made');
    const metadata = { ...made.metadata, creationTimestamp: world.now.toISOString() };
    world.builders.set(made.metadata.name, { ...made, metadata });
    return made;
  }

  it('is built when it is wanted again', () => {
    const world = built();
    const first = begin(world, B);
    world.change({ build: BUILD });
    world.settle();
    expect(world.builders.get(first.metadata.name)?.status?.state).toBe('Canceled');
    world.change({ build: B });
    world.settle();
    expect(world.fn.status?.build?.state).toBe('Created');
    expect(world.builder().metadata.name).not.toBe(first.metadata.name);
    world.endBuild('Succeeded', 'sha256:2');
    world.settle();
    expect(world.fn.status?.revision?.imageDigest).toBe('sha256:2');
  });

  it('is built when it is wanted again at once, after a third one', () => {
    const world = built();
    const first = begin(world, B);
    world.change({ build: C });
    const plan = world.plan();
    const [cancelled] = plan.apply.filter(({ kind }) => kind === 'Builder') as Builder[];
    world.builders.set(first.metadata.name, { ...first, ...cancelled, status: { state: 'Canceled' } });
    world.fn = { ...world.fn, status: { ...plan.status } };
    world.change({ build: B });
    world.settle();
    expect([world.fn.status?.build?.state, world.builder().spec.env]).toEqual(['Created', { V: 'b' }]);
    expect(world.builder().metadata.name).not.toBe(first.metadata.name);
  });

  it('waits until the one being cancelled has ended', () => {
    const world = built();
    const first = begin(world, B);
    world.builders.set(first.metadata.name, cancelBuilder(world.fn, first));
    const builders = world.children().filter(({ kind }) => kind === 'Builder') as Builder[];
    expect(builders.map(({ metadata, spec }) => [metadata.name, spec.state])).toEqual([
      [first.metadata.name, 'Cancelled'],
    ]);
  });

  it('stays cancelled where a user has cancelled it before it was recorded', () => {
    const world = built();
    const first = begin(world, B);
    const spec = { ...first.spec, state: 'Cancelled' as const };
    world.builders.set(first.metadata.name, { ...first, spec, status: { state: 'Canceled' } });
    world.settle();
    expect(world.fn.status?.build).toMatchObject({ state: 'Canceled', resourceRef: first.metadata.name });
  });

  it.each([
    ['has ended', 'Canceled'],
    ['goes on', undefined],
  ] as const)('leaves no cancelled build behind, though nothing of it was recorded: that one %s', (_how, state) => {
    const world = new World(makeFunction({ build: BUILD, serving: HTTP }));
    world.settle();
    const first = world.builder();
    world.change({ build: B });
    const superseded = cancelBuilder(world.fn, first);
    world.builders.set(first.metadata.name, { ...superseded, ...(state && { status: { state } }) });
    world.change({ build: BUILD });
    if (state !== undefined) expect(nextBuilder(world.fn, world.builders)).not.toBe(first.metadata.name);
    world.settle();
    expect(world.builder().metadata.name).not.toBe(first.metadata.name);
    world.endBuild('Succeeded');
    world.switchOver();
    expect(world.condition('Ready')?.status).toBe('True');
  });

  it('is not built again where it had ended well before it could be cancelled', () => {
    const world = new World(makeFunction({ build: BUILD, serving: HTTP }));
    world.settle();
    world.endBuild('Succeeded');
    const first = world.builder();
    const { spec, metadata } = cancelBuilder(world.fn, first);
    world.builders.set(first.metadata.name, { ...first, spec, metadata });
    world.settle();
    expect(world.fn.status?.build).toMatchObject({ state: 'Succeeded', resourceRef: first.metadata.name });
  });

  it('has the same name whoever looks, each time another', () => {
    const world = built();
    const kept = { failedBuildsHistoryLimit: 5 };
    const names = [1, 2, 3].map(() => {
      const made = begin(world, { ...B, ...kept });
      expect(nextBuilder(world.fn, world.builders)).toBe(made.metadata.name);
      world.change({ build: { ...BUILD, ...kept } });
      world.settle();
      return made.metadata.name;
    });
    expect(new Set(names).size).toBe(3);
  });
});

describe('the image that is gone on with', () => {
  const next = { ...BUILD, env: { V: '2' } };
  const run = ({ spec: { image, params } }: Serving) => [image, params];

  /** A version has run; then the Serving is lost while the next build is in this state. */
  function lost(state: 'Failed' | undefined, digest: string | null, serving: object = HTTP): World {
    const world = built(digest);
    world.change({ build: next, serving: { ...HTTP, ...serving } });
    world.settle();
    if (state !== undefined) world.endBuild(state);
    world.settle();
    world.servings.clear();
    return world;
  }

  it.each([
    ['has failed', 'Failed', 'sha256:1'],
    ['goes on', undefined, 'sha256:1'],
    ['has failed, and the last gave no digest', 'Failed', null],
  ] as const)('is that of the recorded version where the Serving is lost and a build %s', (_what, state, digest) => {
    const world = lost(state, digest);
    const last = world.fn.status?.build?.lastSuccessfulResourceRef;
    world.switchOver();
    const image = digest === null ? 'acme/fn:v1' : 'acme/fn:v1@sha256:1';
    expect([...world.servings.values()].map(run)).toEqual([[image, undefined]]);
    expect(world.serving().metadata.annotations).toEqual(digest === null ? { [ANNOTATION.builtBy]: last } : undefined);
    expect(world.fn.status?.serving?.state).toBe('Running');
    expect(world.fn.status?.versions?.map(({ number, active }) => [number, active])).toEqual([[1, true]]);
    world.change({ serving: { ...HTTP, params: { LEVEL: 'next' } } });
    world.switchOver();
    expect(run(world.serving())).toEqual([image, { LEVEL: 'next' }]);
  });

  it('is served with the settings that ran, where others were changed together with the build', () => {
    const world = lost('Failed', 'sha256:1', { params: { LEVEL: 'next' } });
    world.switchOver();
    expect([...world.servings.values()].map(run)).toEqual([['acme/fn:v1@sha256:1', undefined]]);
    expect(world.condition('Served')?.message).toContain('waits for it');
  });

  it('does not run with settings that came back together with the build', () => {
    const world = built();
    world.fn = { ...makeFunction({ build: BUILD }, world.fn.status) };
    world.settle();
    world.change({ build: next, serving: { ...HTTP, params: { LEVEL: 'next' } } });
    world.settle();
    world.endBuild('Failed');
    world.settle();
    expect([world.servings.size, world.condition('Served')?.message]).toEqual([
      0,
      expect.stringContaining('waits for it'),
    ]);
    world.change({ serving: { ...HTTP, params: { LEVEL: 'other' } } });
    world.switchOver();
    expect(run(world.serving())).toEqual(['acme/fn:v1@sha256:1', { LEVEL: 'other' }]);
  });

  it('is not told of as if it ran, where the only Serving is gone before it has run', () => {
    const world = new World(makeFunction({ build: BUILD, serving: HTTP }));
    world.settle();
    world.endBuild('Succeeded');
    world.settle();
    world.endServing('Failed');
    world.change({ build: next });
    world.settle();
    world.servings.clear();
    world.settle();
    expect(world.fn.status?.serving?.state).toBeUndefined();
    expect(world.condition('Served')?.reason).toBe('WaitingForBuild');
    world.endBuild('Succeeded', 'sha256:2');
    world.switchOver();
    expect(run(world.serving())).toEqual(['acme/fn:v1@sha256:2', undefined]);
  });

  it.each([
    ['as it was named then', {}],
    ['though it was renamed once more', { image: 'acme/c:v1' }],
    ['though it has the name of the older one again', { image: 'acme/fn:v1' }],
  ])('is the last one that was built when a rollback ends, %s', (_how, renamed) => {
    const world = built();
    world.change({ image: 'acme/b:v1' });
    world.settle();
    world.endBuild('Succeeded', 'sha256:2');
    world.switchOver();
    annotate(world, { [ANNOTATION.rollbackTo]: '1' });
    world.switchOver();
    world.change({ build: next, ...renamed });
    world.settle();
    world.endBuild('Failed');
    annotate(world, {});
    world.switchOver();
    expect(run(world.serving())).toEqual(['acme/b:v1@sha256:2', undefined]);
  });
});

describe('the annotation that asks for one more build', () => {
  const rebuilt = (): World => {
    const world = built();
    rebuild(world, 'one', 'sha256:2');
    world.switchOver();
    return world;
  };
  const last = (world: World) => world.fn.status?.build?.resourceRef;

  it('builds again for each new value, under another name', () => {
    const world = built();
    const first = last(world);
    rebuild(world, 'one', 'sha256:2');
    world.settle();
    const second = last(world);
    annotate(world, { [ANNOTATION.rebuild]: 'two' });
    world.settle();
    expect(new Set([first, second, last(world)]).size).toBe(3);
  });

  it('builds nothing when it goes, nor when the same value comes back', () => {
    const world = rebuilt();
    const before = last(world);
    annotate(world, {});
    world.settle();
    expect([last(world), world.fn.status?.build?.state, world.builders.size]).toEqual([before, 'Succeeded', 0]);
    annotate(world, { [ANNOTATION.rebuild]: 'one' });
    world.settle();
    expect([last(world), world.fn.status?.build?.state]).toEqual([before, 'Succeeded']);
  });

  it('leaves the build that it asked for when it goes meanwhile', () => {
    const world = built();
    annotate(world, { [ANNOTATION.rebuild]: 'one' });
    world.settle();
    const before = last(world);
    annotate(world, {});
    world.settle();
    expect([last(world), world.builder().spec.state]).toEqual([before, undefined]);
  });

  it('does not keep a change of the source from being built when it goes with it', () => {
    const world = rebuilt();
    const before = last(world);
    annotate(world, {});
    world.change({ build: { ...BUILD, env: { A: '1' } } });
    world.settle();
    expect(last(world)).not.toBe(before);
  });
});

describe('the Event of a build', () => {
  it('is told again of another Builder of the same name', () => {
    const world = new World(makeFunction({ build: BUILD, serving: HTTP }));
    const told = (uid: string) => {
      world.settle();
      const builder = world.builder();
      const metadata = { ...builder.metadata, uid };
      world.builders.set(metadata.name, { ...builder, metadata, status: { state: 'Failed' } });
      const [note] = world.plan().events;
      world.settle();
      return { name: metadata.name, occasion: note?.occasion };
    };
    const first = told('one');
    world.fn = { ...makeFunction({ serving: HTTP }, world.fn.status) };
    world.settle();
    world.change({ build: BUILD });
    const second = told('two');
    expect(second.name).toBe(first.name);
    expect([first.occasion, second.occasion]).not.toContain(undefined);
    expect(second.occasion).not.toBe(first.occasion);
  });
});
