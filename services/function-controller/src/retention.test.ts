import { ANNOTATION, type Builder } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { surplusBuilders } from './retention.ts';
import { BUILD, HTTP, makeFunction, NOW, World } from './testdata/world.ts';

const CREATED = '2026-01-01T11:00:00Z';

function makeBuilder(
  name: string,
  state: 'Failed' | 'Canceled' | 'Succeeded',
  more: { creationTimestamp?: string; superseded?: true } = {},
): Builder {
  const { creationTimestamp = CREATED, superseded } = more;
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Builder',
    metadata: {
      name,
      namespace: 'ns',
      creationTimestamp,
      ...(superseded && { annotations: { [ANNOTATION.superseded]: 'true' } }),
    },
    spec: { image: 'acme/fn:v1', srcRepo: {} },
    status: { state },
  };
}

/** Names of those that are kept. */
function kept(builders: Builder[], recorded: string, limits: object = {}): string[] {
  const fn = makeFunction({ build: { ...BUILD, ...limits } }, { build: { state: 'Failed', resourceRef: recorded } });
  const surplus = surplusBuilders(fn, builders);
  return builders.filter((builder) => !surplus.includes(builder)).map(({ metadata }) => metadata.name);
}

describe('of the Builders that did not succeed', () => {
  it('the one that is reported stays before others of the same second', () => {
    expect(kept([makeBuilder('a', 'Failed'), makeBuilder('b', 'Failed')], 'b')).toEqual(['b']);
  });

  it('one that was cancelled for another stands behind a real failure, also where it is newer', () => {
    const superseded = makeBuilder('a', 'Canceled', { superseded: true, creationTimestamp: '2026-01-01T11:00:01Z' });
    expect(kept([superseded, makeBuilder('b', 'Failed')], 'c')).toEqual(['b']);
    expect(kept([superseded], 'c')).toEqual(['a']);
  });

  it('one that a user cancelled counts by its date', () => {
    const cancelled = makeBuilder('a', 'Canceled', { creationTimestamp: '2026-01-01T11:00:01Z' });
    expect(kept([cancelled, makeBuilder('b', 'Failed')], 'c')).toEqual(['a']);
  });

  it('none stays where none shall', () => {
    expect(
      kept([makeBuilder('a', 'Failed'), makeBuilder('b', 'Failed')], 'b', { failedBuildsHistoryLimit: 0 }),
    ).toEqual([]);
  });
});

it('of those that succeeded, the one that is reported stays, within its own limit', () => {
  const builders = [makeBuilder('a', 'Succeeded'), makeBuilder('b', 'Succeeded'), makeBuilder('c', 'Failed')];
  expect(kept(builders, 'b', { successfulBuildsHistoryLimit: 1 })).toEqual(['b', 'c']);
});

describe('a Builder that has ended and is too old', () => {
  function withOld(state: 'Failed' | 'Succeeded'): World {
    const world = new World(makeFunction({ build: { ...BUILD, builderMaxAge: '2h' }, serving: HTTP }));
    world.settle();
    world.builders.set('old', makeBuilder('old', state, { creationTimestamp: '2026-01-01T09:59:59Z' }));
    return world;
  }

  it.each(['Failed', 'Succeeded'] as const)('goes while a build runs, which goes on: %s', (state) => {
    const world = withOld(state);
    const running = world.builder().metadata.name;
    world.settle();
    expect([...world.builders.keys()]).toEqual([running]);
    expect([world.fn.status?.build?.state, world.builder().spec.state]).toEqual(['Created', undefined]);
    expect(world.settle()).toBe(0);
  });

  it('is waited for while a build runs', () => {
    const world = withOld('Failed');
    world.builders.set('old', makeBuilder('old', 'Failed', { creationTimestamp: '2026-01-01T10:00:01Z' }));
    expect(world.plan().wakeAt).toEqual(new Date(NOW.getTime() + 1000));
  });

  it('goes when a build begins', () => {
    const world = withOld('Failed');
    world.endBuild('Failed');
    world.change({ build: { ...BUILD, builderMaxAge: '2h', failedBuildsHistoryLimit: 9, env: { A: '1' } } });
    expect(world.plan().remove.map(({ metadata }) => metadata.name)).toEqual(['old']);
  });

  it('is built no second time where it was the last one', () => {
    const world = new World(makeFunction({ build: { ...BUILD, builderMaxAge: '2h' }, serving: HTTP }));
    world.settle();
    world.endBuild('Failed');
    const { name } = world.builder().metadata;
    world.later(2 * 3600);
    world.settle();
    expect([[...world.builders.keys()], world.fn.status?.build?.resourceRef]).toEqual([[], name]);
    expect(world.settle()).toBe(0);
  });
});
