import { describe, expect, it } from 'vitest';
import { HTTP, makeFunction, World } from './testdata/world.ts';

const EVENTS = { triggers: { dapr: [{ name: 'orders', type: 'bindings.kafka' }] } };

function running(serving: object = EVENTS): World {
  const world = new World(makeFunction({ serving }));
  world.settle();
  world.endServing('Running');
  world.settle();
  if (world.route !== undefined) world.acceptRoute();
  world.settle();
  return world;
}

const selected = (world: World) => world.entryService?.['spec'].selector?.['openfunction.io/serving'];

describe('an event-driven function', () => {
  it('has a headless Service that leads to the version that runs, and neither route nor address', () => {
    const world = new World(makeFunction({ serving: EVENTS }));
    world.settle();
    expect(world.entryService).toBeUndefined();
    world.endServing('Running');
    world.settle();
    expect(world.entryService?.['spec']).toEqual({
      type: 'ClusterIP',
      clusterIP: 'None',
      selector: { 'openfunction.io/serving': world.serving().metadata.name },
      ports: [{ name: 'http', protocol: 'TCP', port: 8080, targetPort: 8080 }],
    });
    expect(world.condition('Routed')).toMatchObject({ status: 'True', reason: 'Skipped' });
    expect(world.condition('Ready')?.status).toBe('True');
    expect([world.route, world.fn.status?.addresses, world.fn.status?.url]).toEqual([undefined, undefined, undefined]);
  });

  it('has a Service with an address when its proxy speaks plain HTTP', () => {
    const world = running({ ...EVENTS, annotations: { 'dapr.io/app-protocol': 'http' } });
    expect(world.entryService?.['spec'].clusterIP).toBeUndefined();
  });

  it.each([
    ['with a sidecar', { ...EVENTS, annotations: { 'openfunction.io/dapr-service-mode': 'sidecar' } }],
    ['without Dapr', { ...EVENTS, annotations: { 'openfunction.io/enable-dapr': 'false' } }],
    ['with nothing but a scaler', { triggers: {}, scaleOptions: { keda: {} } }],
  ])('needs no Service %s', (_how, serving) => {
    const world = running(serving);
    expect(world.entryService).toBeUndefined();
    expect(world.condition('Ready')?.status).toBe('True');
  });

  it('moves the Service when the new version runs, and drops the old one when the proxy has followed (Q9)', () => {
    const world = running();
    const old = world.serving().metadata.name;
    world.change({ version: 'v2.0.0' });
    world.settle();
    expect(selected(world)).toBe(old);
    world.endServing('Running');
    world.settle();
    const fresh = world.serving().metadata.name;
    expect([selected(world), world.servings.has(old)]).toEqual([fresh, true]);
    expect(world.plan().wakeAt).toEqual(new Date(world.now.getTime() + 5_000));
    world.later(5);
    world.settle();
    expect([...world.servings.keys()]).toEqual([fresh]);
    expect(world.settle()).toBe(0);
  });

  it('leads back to the old version when the new one fails before the drain is over', () => {
    const world = running();
    const old = world.serving().metadata.name;
    world.change({ version: 'v2.0.0' });
    world.settle();
    world.endServing('Running');
    world.settle();
    world.later(2);
    world.endServing('Failed');
    world.settle();
    expect(selected(world)).toBe(old);
    world.later(60);
    world.settle();
    expect([selected(world), world.servings.has(old)]).toEqual([old, true]);
    expect(world.condition('Served')?.message).toContain(`${old} goes on serving meanwhile.`);
    expect(world.settle()).toBe(0);
  });

  it('keeps the old version when the new one is given up, and says so', () => {
    const world = running();
    const old = world.serving().metadata.name;
    world.change({ version: 'v2.0.0' });
    world.settle();
    world.endServing('Timeout');
    world.settle();
    const given = world.serving().metadata.name;
    expect([selected(world), [...world.servings.keys()].sort()]).toEqual([old, [old, given].sort()]);
    expect(world.condition('Served')).toMatchObject({
      status: 'False',
      message: expect.stringContaining(`${old} goes on serving meanwhile.`),
    });
    expect(world.events.at(-1)).toBe('ServingTimeout');
    expect(world.settle()).toBe(0);
    world.change({ version: 'v3.0.0' });
    world.settle();
    expect(world.servings.has(given)).toBe(false);
  });
});

describe('a Function whose status was lost', () => {
  const lose = (world: World) => {
    const { status: _lost, ...fn } = world.fn;
    world.fn = fn;
  };
  /** Its second version runs. */
  const inItsSecondVersion = () => {
    const world = running();
    world.change({ version: 'v2.0.0' });
    world.settle();
    world.endServing('Running');
    world.settle();
    world.later(6);
    world.settle();
    return world;
  };

  it('goes on with the version that runs: nothing is restarted', () => {
    const world = inItsSecondVersion();
    const { name } = world.serving().metadata;
    lose(world);
    world.settle();
    expect([selected(world), [...world.servings.keys()], world.serving().metadata.name]).toEqual([name, [name], name]);
    expect(world.condition('Ready')?.status).toBe('True');
  });

  it('keeps it until the next one runs, where that was asked for meanwhile', () => {
    const world = inItsSecondVersion();
    const { name } = world.serving().metadata;
    lose(world);
    world.change({ version: 'v3.0.0' });
    world.settle();
    expect([selected(world), world.servings.has(name), world.servings.size]).toEqual([name, true, 2]);
    world.endServing('Running');
    world.settle();
    world.later(6);
    world.settle();
    expect([...world.servings.keys()]).toEqual([world.serving().metadata.name]);
  });

  it('keeps the Service where nothing runs', () => {
    const world = inItsSecondVersion();
    const { name } = world.serving().metadata;
    world.endServing('Failed');
    lose(world);
    world.settle();
    expect([selected(world), world.servings.has(name)]).toEqual([name, true]);
  });
});

describe('a change of triggers', () => {
  it('from http to dapr keeps the route until the new version runs, then makes the Service anew (Q10)', () => {
    const world = running(HTTP);
    const old = world.serving().metadata.name;
    world.change({ serving: EVENTS });
    world.settle();
    expect([world.route !== undefined, world.entryService?.['spec'].type]).toEqual([true, 'ExternalName']);
    expect(world.condition('Routed')).toMatchObject({ status: 'Unknown', reason: 'WaitingForServing' });
    world.endServing('Running');
    const [service] = world.plan().remove.filter(({ kind }) => kind === 'Service');
    expect(service?.['spec'].type).toBe('ExternalName');
    expect(world.children().some(({ kind }) => kind === 'Service')).toBe(false);
    world.settle();
    expect([world.route, world.entryService?.['spec'].clusterIP]).toEqual([undefined, 'None']);
    world.later(6);
    world.settle();
    expect(world.servings.has(old)).toBe(false);
    expect([world.fn.status?.url, world.fn.status?.route]).toEqual([undefined, undefined]);
  });

  it('from dapr to http keeps the Service until the new version runs, then makes it anew', () => {
    const world = running();
    const old = world.serving().metadata.name;
    world.change({ serving: HTTP });
    world.settle();
    expect([world.route, selected(world)]).toEqual([undefined, old]);
    world.run();
    expect([world.route === undefined, world.entryService?.['spec'].type]).toEqual([false, 'ExternalName']);
    world.later(6);
    world.settle();
    expect([...world.servings.keys()]).toEqual([world.serving().metadata.name]);
    expect(world.condition('Ready')?.status).toBe('True');
  });

  it('from http to dapr goes on looking after the route while the new version does not run', () => {
    const world = running({ triggers: { http: { port: 8080, route: { hostnames: ['a.ofn.io'] } } } });
    const { route, entryService } = world;
    const { url } = world.fn.status ?? {};
    world.change({ serving: EVENTS });
    world.settle();
    world.endServing('Timeout');
    world.settle();
    [world.route, world.entryService] = [undefined, undefined];
    world.settle();
    expect([world.route?.['spec'], world.entryService]).toEqual([route?.['spec'], entryService]);
    world.acceptRoute();
    world.settle();
    expect(world.condition('Routed')).toMatchObject({ status: 'Unknown', reason: 'WaitingForServing' });
    expect(world.fn.status?.url).toBe(url);
    expect(world.settle()).toBe(0);
  });

  it('from http to dapr says what is wrong with the route meanwhile', () => {
    const world = running(HTTP);
    world.change({ serving: EVENTS });
    world.settle();
    world.acceptRoute('False');
    world.settle();
    expect(world.condition('Routed')).toMatchObject({ status: 'False', reason: 'RouteRejected' });
  });

  it('from dapr to http goes on looking after the Service while the new version does not run', () => {
    const world = running();
    const old = world.serving().metadata.name;
    world.change({ serving: HTTP });
    world.settle();
    world.endServing('Failed');
    world.settle();
    world.entryService = undefined;
    world.settle();
    expect(selected(world)).toBe(old);
    expect(world.condition('Routed')).toMatchObject({ status: 'Unknown', message: expect.stringContaining('is made') });
    expect(world.settle()).toBe(0);
  });

  it('removes the Service with the last dapr trigger, and everything with spec.serving', () => {
    const world = running();
    world.change({ serving: { triggers: {} } });
    world.settle();
    world.endServing('Running');
    world.settle();
    expect(world.entryService).toBeUndefined();
    const other = running();
    other.fn = makeFunction({ build: { builder: 'b', srcRepo: { url: 'u' } } }, other.fn.status);
    other.settle();
    expect([other.servings.size, other.entryService]).toEqual([0, undefined]);
  });
});
