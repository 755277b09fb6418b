import { HOSTS_WITHHELD } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { goWorld, makeGoFunction, makeGoServing } from './testdata/go-operator.ts';
import { HTTP, makeFunction, World } from './testdata/world.ts';

const KEDA = { triggers: { http: { port: 8080, engine: 'keda' as const } } };
const broken = { params: { LEVEL: 'broken' } };

/** A version serves, and a second one, which does not run, is wanted. */
function beside(serving: object = HTTP, more: object = broken): { world: World; first: string } {
  const world = new World(makeFunction({ serving }));
  world.settle();
  world.endServing('Running');
  world.interceptions.set(world.serving().metadata.name, { hosts: ['fn.ns'], changedAt: undefined });
  world.settle();
  world.acceptRoute();
  world.settle();
  const first = world.serving().metadata.name;
  world.change({ serving: { ...serving, ...more } });
  world.settle();
  return { world, first };
}

describe('the version that serves while the wanted one does not run', () => {
  it.each(['Failed', 'Timeout'] as const)('gets the settings in place of the present spec: %s', (state) => {
    const { world, first } = beside();
    world.endServing(state);
    world.settle();
    const route = { hostnames: ['a.example.com'] };
    const triggers = { http: { port: 8080, route } };
    world.change({ serving: { ...broken, triggers, scaleOptions: { maxReplicas: 20 }, labels: { team: 'blue' } } });
    world.settle();
    expect(world.servings.get(first)?.spec).toEqual({
      triggers,
      scaleOptions: { maxReplicas: 20 },
      labels: { team: 'blue' },
      image: 'acme/fn:v1',
      version: 'v1.0.0',
    });
    expect(world.serving().spec).toMatchObject({ ...broken, scaleOptions: { maxReplicas: 20 } });
    expect(world.fn.status?.versions?.map(({ number, active }) => [number, active])).toEqual([[1, true]]);
    expect(world.settle()).toBe(0);
  });

  it('loses what the present spec has no more', () => {
    const { world, first } = beside({ ...HTTP, labels: { team: 'blue' }, scaleOptions: { maxReplicas: 2 } });
    world.endServing('Failed');
    world.change({ serving: { ...HTTP, ...broken } });
    world.settle();
    expect(world.servings.get(first)?.spec).toEqual({ ...HTTP, image: 'acme/fn:v1', version: 'v1.0.0' });
  });

  it('is left alone while nothing differs, and until the wanted one has said a word', () => {
    const { world, first } = beside(HTTP, { ...broken, scaleOptions: { maxReplicas: 20 } });
    expect(world.servings.get(first)?.spec.scaleOptions).toBeUndefined();
    expect(world.children().filter(({ metadata }) => metadata.name === first)).toEqual([]);
    const { world: same, first: old } = beside();
    same.endServing('Failed');
    same.settle();
    expect(same.children().filter(({ metadata }) => metadata.name === old)).toEqual([]);
  });

  it.each<[string, object, object]>([
    ['the engine', HTTP, { ...KEDA, scaleOptions: { keda: {} } }],
    ['the way through the KEDA HTTP add-on', KEDA, { scaleOptions: { keda: {} } }],
    ['the port', HTTP, { triggers: { http: { port: 9000 } }, labels: { team: 'blue' } }],
    ['what calls it', HTTP, { triggers: { dapr: [{ name: 'in', type: 'bindings.cron' }] }, labels: { team: 'blue' } }],
  ])('gets none of those that are meant for another way to call it: %s', (_what, serving, more) => {
    const { world, first } = beside(serving, { ...broken, ...more });
    const before = world.servings.get(first)?.spec;
    world.endServing('Failed');
    world.settle();
    expect(world.servings.get(first)?.spec).toEqual(before);
  });

  it('goes on answering, or not answering, for the hosts of the function', () => {
    const { world, first } = beside({ ...KEDA, scaleOptions: { keda: {}, maxReplicas: 2 } });
    const withheld = { 'openfunction.io/hosts': HOSTS_WITHHELD };
    expect(world.serving().metadata.annotations).toEqual(withheld);
    world.endServing('Failed');
    world.change({ serving: { ...KEDA, ...broken, scaleOptions: { keda: {}, maxReplicas: 20 } } });
    world.settle();
    const live = world.servings.get(first);
    expect([live?.spec.scaleOptions?.maxReplicas, live?.metadata.annotations]).toEqual([20, undefined]);
    expect(world.serving().metadata.annotations).toEqual(withheld);
  });

  it('is not written when the Go operator only spelled it in its own way', () => {
    const fn = makeGoFunction();
    const world = goWorld({ ...fn, spec: { ...fn.spec, version: 'v2' } }, makeGoServing(fn));
    world.settle();
    world.endServing('Failed');
    world.settle();
    expect(world.children().filter(({ metadata }) => metadata.name === 'serving-q9z4m')).toEqual([]);
  });
});

describe('an older version', () => {
  it('that has failed since it ran stays until requests are led to the new one', () => {
    const { world, first } = beside();
    const old = world.servings.get(first);
    if (old === undefined) throw new Error('it is gone');
    world.servings.set(first, { ...old, status: { ...old.status, state: 'Failed' } });
    world.settle();
    world.endServing('Running');
    world.settle();
    expect(world.servings.has(first)).toBe(true);
    world.acceptRoute();
    world.later(6);
    world.settle();
    expect(world.servings.has(first)).toBe(false);
  });

  it('of the Go operator that has failed stays so long, too', () => {
    const fn = makeGoFunction();
    const world = goWorld({ ...fn, spec: { ...fn.spec, version: 'v2' } }, makeGoServing(fn));
    const old = world.servings.get('serving-q9z4m');
    if (old === undefined) throw new Error('it is gone');
    world.servings.set('serving-q9z4m', { ...old, status: { ...old.status, state: 'Failed' } });
    world.settle();
    world.endServing('Running');
    world.settle();
    expect(world.servings.has('serving-q9z4m')).toBe(true);
  });
});
