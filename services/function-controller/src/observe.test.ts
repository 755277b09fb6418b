import { type Function, type Kind, type KubeObject, kindId } from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { Store } from '@openfunction/kube';
import { expect, it } from 'vitest';
import { nextBuilder } from './build-half.ts';
import { observe } from './observe.ts';
import { BUILD, makeFunction, World as Played } from './testdata/world.ts';

/** A cache that holds these objects; the API server has `live` in the place of the Function. */
function worldWith(live: Function | undefined, ...cached: KubeObject[]): World & { asked: number } {
  const stores = new Map<string, Store>();
  const storeOf = (kind: Kind) => stores.get(kindId(kind)) ?? stores.set(kindId(kind), new Store()).get(kindId(kind));
  const world = {
    asked: 0,
    store: storeOf,
    served: () => true,
    version: () => 'v1',
    confirm: async () => undefined,
    logTail: async () => undefined,
    latest: async () => {
      world.asked += 1;
      return live;
    },
  };
  for (const object of cached)
    (storeOf({ group: 'core.openfunction.io', plural: 'builders' } as Kind) as Store).put(object);
  return world as unknown as World & { asked: number };
}

/** A Function as a cache has it that has not heard of the end of its build, and as it is. */
function built(): { stale: Function; recorded: Function; builder: KubeObject } {
  const played = new Played(makeFunction({ build: BUILD }));
  const stale = played.fn;
  const [builder] = played.plan().apply as [KubeObject];
  played.settle();
  played.endBuild('Succeeded');
  played.settle();
  return { stale, recorded: played.fn, builder };
}

it('does not take a build for due before the API server says so: its Builder may have been cleaned up', async () => {
  const { stale, recorded } = built();
  expect(nextBuilder(stale)).toBeDefined();
  const seen = await observe(stale, worldWith(recorded), 'me');
  expect(nextBuilder(seen.fn)).toBeUndefined();
});

it('does not ask while the Builder is there, nor when the build is recorded', async () => {
  const { stale, recorded, builder } = built();
  const metadata = { ...builder.metadata, uid: 'u', resourceVersion: '1' };
  for (const [fn, world] of [
    [stale, worldWith(recorded, { ...builder, metadata })],
    [recorded, worldWith(undefined)],
  ] as const) {
    await observe(fn, world, 'me');
    expect(world.asked).toBe(0);
  }
});

it('goes by its cache when the Function is gone, or is another one by now', async () => {
  const { stale, recorded } = built();
  const other = { ...recorded, metadata: { ...recorded.metadata, uid: 'other' } };
  for (const live of [undefined, other]) {
    expect((await observe(stale, worldWith(live), 'me')).fn).toBe(stale);
  }
});
