import { describe, expect, it } from 'vitest';
import { HTTP, makeFunction, makeGateway, World } from './testdata/world.ts';

/** What is wanted is made and runs; the gateway looks at the route that there is. */
function roll(world: World, image: string): void {
  world.change({ image });
  world.later(600);
  world.switchOver();
  world.later(6);
  world.settle();
}

const images = (world: World) => [...world.servings.values()].map(({ spec }) => spec.image).sort();
const numbers = (world: World) => world.fn.status?.versions?.map(({ number }) => number);

/** Looks again, much later, and finds nothing to write. */
function expectRest(world: World): void {
  const before = JSON.stringify([world.fn.status, [...world.servings]]);
  const { length } = world.events;
  world.later(3_600);
  world.act();
  expect(JSON.stringify([world.fn.status, [...world.servings]])).toBe(before);
  expect(world.events).toHaveLength(length);
}

describe('a Service of the name of the Function that belongs to somebody else', () => {
  const ASYNC = { triggers: { dapr: [{ name: 'x', type: 'bindings.cron' }] } };
  it.each([
    ['with a Gateway', makeGateway(), HTTP],
    [
      'behind the KEDA HTTP add-on, without a Gateway',
      undefined,
      { triggers: { http: { port: 8080, engine: 'keda' as const } }, scaleOptions: { keda: { httpScaledObject: {} } } },
    ],
    ['where events come through a proxy', makeGateway(), { ...ASYNC, annotations: { 'dapr.io/enabled': 'true' } }],
  ])('holds up no version (%s)', (_where, gateway, serving) => {
    const world = new World(makeFunction({ serving }));
    world.gateway = gateway;
    world.refused = ['Service'];
    const settle = world.settle.bind(world);
    // The add-on does as it is told.
    world.settle = () => {
      const rounds = settle();
      for (const [name, { metadata, status }] of world.servings) {
        if (gateway !== undefined || status === undefined || world.interceptions.has(name)) continue;
        const isTold = metadata.annotations?.['openfunction.io/hosts'] === undefined;
        world.interceptions.set(name, { hosts: isTold ? ['fn'] : [`${name}.ns.svc.`], changedAt: world.now });
      }
      for (const [name, { metadata }] of world.servings) {
        const isTold = metadata.annotations?.['openfunction.io/hosts'] === undefined;
        if (world.interceptions.has(name))
          world.interceptions.set(name, { hosts: isTold ? ['fn'] : [`${name}.ns.svc.`], changedAt: world.now });
      }
      return rounds + settle();
    };
    world.switchOver();
    for (const image of ['acme/fn:v2', 'acme/fn:v3', 'acme/fn:v4']) roll(world, image);
    expect(images(world)).toEqual(['acme/fn:v4']);
    expect(world.fn.status?.serving).toMatchObject({ state: 'Running', resourceRef: world.serving().metadata.name });
    expect(numbers(world)).toEqual([4, 3, 2, 1]);
    expect(world.condition('Served')).toMatchObject({ status: 'True' });
    expect(world.condition('Routed')).toMatchObject({ status: 'False', reason: 'NameTaken' });
    expect(world.condition('Ready')).toMatchObject({ status: 'False', reason: 'NameTaken' });
    expect(JSON.stringify(world.fn.status?.addresses ?? [])).not.toContain('//fn.ns.svc.');
    expectRest(world);
    world.refused = [];
    world.switchOver();
    expect(world.condition('Ready')).toMatchObject({ status: 'True' });
    expect(images(world)).toEqual(['acme/fn:v4']);
  });
});

describe('a route that is refused', () => {
  it('goes on to the version that it led to, and those that never got requests go', () => {
    const world = new World(makeFunction({ serving: HTTP }));
    world.switchOver();
    const { url, addresses } = world.fn.status ?? {};
    world.refused = ['HTTPRoute'];
    for (const image of ['acme/fn:v2', 'acme/fn:v3', 'acme/fn:v4']) roll(world, image);
    expect(images(world)).toEqual(['acme/fn:v1', 'acme/fn:v4']);
    expect(world.serving().spec.image).toBe('acme/fn:v4');
    expect(world.condition('Served')).toMatchObject({ status: 'True' });
    expect(world.condition('Routed')).toMatchObject({ status: 'False', reason: 'NameTaken' });
    expect(world.fn.status).toMatchObject({ url, addresses });
    expect(numbers(world)).toEqual([4, 3, 2, 1]);
    expectRest(world);
    world.refused = [];
    world.switchOver();
    expect(images(world)).toEqual(['acme/fn:v4']);
    expect(world.condition('Ready')).toMatchObject({ status: 'True' });
  });

  it('does not hide that a new version fails, and such versions go with the next change', () => {
    const world = new World(makeFunction({ serving: HTTP }));
    world.switchOver();
    world.refused = ['HTTPRoute'];
    for (const image of ['acme/fn:v2', 'acme/fn:v3']) {
      world.change({ image });
      world.settle();
      world.endServing('Failed');
      world.settle();
    }
    expect(images(world)).toEqual(['acme/fn:v1', 'acme/fn:v3']);
    expect(world.condition('Served')).toMatchObject({ status: 'False' });
    expectRest(world);
  });

  it('that was never made holds no version back', () => {
    const world = new World(makeFunction({ serving: HTTP }));
    world.refused = ['HTTPRoute'];
    world.switchOver();
    roll(world, 'acme/fn:v2');
    roll(world, 'acme/fn:v3');
    expect(images(world)).toEqual(['acme/fn:v3']);
    expect(world.fn.status?.url).toBeUndefined();
  });

  it('stays where it is while its grant is refused', () => {
    const world = new World(makeFunction({ serving: HTTP }));
    world.switchOver();
    const before = JSON.stringify(world.route?.['spec']);
    world.refused = ['ReferenceGrant'];
    world.change({
      serving: { ...HTTP, triggers: { http: { port: 8080, engine: 'keda' } }, scaleOptions: { keda: {} } },
    });
    world.settle();
    world.endServing('Running');
    world.interceptions.set(world.serving().metadata.name, { hosts: ['fn'], changedAt: world.now });
    world.settle();
    world.later(600);
    world.settle();
    expect(JSON.stringify(world.route?.['spec'])).toBe(before);
    expect(world.servings.size).toBe(2);
    expect(world.condition('Routed')).toMatchObject({ status: 'False' });
  });
});

it('a version that cannot be recorded is said, and holds nothing up', () => {
  const world = new World(makeFunction({ serving: HTTP }));
  world.refused = ['ControllerRevision'];
  world.switchOver();
  roll(world, 'acme/fn:v2');
  expect(images(world)).toEqual(['acme/fn:v2']);
  expect(world.condition('Routed')).toMatchObject({ status: 'True' });
  expect(world.condition('Ready')).toMatchObject({ status: 'False', reason: 'NameTaken' });
  expectRest(world);
});
