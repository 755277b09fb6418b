import {
  type Function,
  GATEWAY,
  HTTP_ROUTE,
  type Kind,
  KUBE_GATEWAY,
  type KubeObject,
  kindId,
  SERVING,
} from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { Store } from '@openfunction/kube';
import { expect, it } from 'vitest';
import { nextBuilder } from './build-half.ts';
import { observe } from './observe.ts';
import { BUILD, HTTP, makeFunction, makeGateway, World as Played } from './testdata/world.ts';

const ME = { fieldManager: 'me', kedaHttpNamespace: 'keda' };

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
  const [builder] = played.children() as [KubeObject];
  played.settle();
  played.endBuild('Succeeded');
  played.settle();
  return { stale, recorded: played.fn, builder };
}

it('does not take a build for due before the API server says so: its Builder may have been cleaned up', async () => {
  const { stale, recorded } = built();
  expect(nextBuilder(stale, new Map())).toBeDefined();
  const seen = await observe(stale, worldWith(recorded), ME);
  expect(nextBuilder(seen.fn, new Map())).toBeUndefined();
});

it('does not ask while the Builder is there, nor when the build is recorded', async () => {
  const { stale, recorded, builder } = built();
  const metadata = { ...builder.metadata, uid: 'u', resourceVersion: '1' };
  for (const [fn, world] of [
    [stale, worldWith(recorded, { ...builder, metadata })],
    [recorded, worldWith(undefined)],
  ] as const) {
    await observe(fn, world, ME);
    expect(world.asked).toBe(0);
  }
});

it('goes by its cache when the Function is gone, or is another one by now', async () => {
  const { stale, recorded } = built();
  const other = { ...recorded, metadata: { ...recorded.metadata, uid: 'other' } };
  for (const live of [undefined, other]) {
    expect((await observe(stale, worldWith(live), ME)).fn).toBe(stale);
  }
});

it('finds the Gateway of the version that serves while the http trigger is being removed', async () => {
  const gatewayRef = { name: 'own', namespace: 'ns' };
  const played = new Played(makeFunction({ serving: { triggers: { http: { port: 8080, route: { gatewayRef } } } } }));
  played.switchOver();
  const world = worldWith(undefined);
  for (const [kind, object] of [
    [SERVING, played.serving()],
    [GATEWAY, makeGateway()],
    [GATEWAY, { ...makeGateway(), metadata: { ...gatewayRef, uid: 'own' } }],
  ] as [Kind, KubeObject][])
    (world.store(kind) as Store).put({ ...object, metadata: { ...object.metadata, resourceVersion: '1' } });
  played.change({ serving: { triggers: {} } });
  expect((await observe(played.fn, world, ME)).gateway?.metadata.name).toBe('own');
});

it('sees whether the Kubernetes Gateway is there, where anybody can tell', async () => {
  const fn = new Played(makeFunction({ serving: HTTP })).fn;
  const world = worldWith(undefined);
  const exists = async (it: World) => (await observe(fn, it, ME)).kubeGatewayExists;
  const put = (kind: Kind, object: KubeObject) => (world.store(kind) as Store).put(object);
  const { metadata } = makeGateway();
  put(GATEWAY, { ...makeGateway(), metadata: { ...metadata, uid: 'ours', resourceVersion: '1' } });
  expect(await exists(world)).toBe(false);
  expect(await exists({ ...world, served: (kind) => kind !== KUBE_GATEWAY })).toBe(true);
  const own = { namespace: 'projectcontour', name: 'contour', uid: 'theirs', resourceVersion: '1' };
  put(KUBE_GATEWAY, { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: own });
  expect(await exists(world)).toBe(true);
});

it('sees which kind is missing for a route', async () => {
  const fn = new Played(makeFunction({ serving: HTTP })).fn;
  const seen = (missing?: Kind) =>
    observe(fn, { ...worldWith(undefined), served: (kind) => kind !== missing }, ME).then((it) => it.unservedRouteKind);
  expect([await seen(), await seen(HTTP_ROUTE), await seen(GATEWAY)]).toEqual([undefined, HTTP_ROUTE, GATEWAY]);
});
