import { ANNOTATION, type Serving, withheldHost } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { trimScaledObject } from './resources/hosts.ts';
import { makeFunction, World } from './testdata/world.ts';

const http = { port: 8080, engine: 'keda' };
const SCALED = { triggers: { http }, scaleOptions: { maxReplicas: 5, keda: { httpScaledObject: {} } } };
const UNSCALED = { triggers: { http } };
const HOSTS = ['fn.ns.ofn.io', 'fn.ns.svc.cluster.local'];

/** Plays the serving-controller: HTTPScaledObjects say what their Servings let them say. */
function intercept(world: World): void {
  for (const [name, serving] of world.servings) {
    if (serving.spec.scaleOptions?.keda === undefined) continue;
    const wanted = isWithheld(serving) ? [withheldHost(serving, 'cluster.local')] : HOSTS;
    if (JSON.stringify(world.interceptions.get(name)?.hosts) !== JSON.stringify(wanted))
      world.interceptions.set(name, { hosts: wanted, changedAt: world.now });
  }
  for (const name of world.interceptions.keys()) if (!world.servings.has(name)) world.interceptions.delete(name);
}

const isWithheld = (serving: Serving) => serving.metadata.annotations?.[ANNOTATION.hosts] === 'withheld';
const names = (world: World) => [...world.servings.keys()];
const backend = (world: World) => world.route?.['spec'].rules[0].backendRefs[0];

/** Lets everybody act until nothing changes, the time aside. */
function settle(world: World): void {
  for (let round = 0; round < 4; round += 1) {
    world.settle();
    intercept(world);
    if (world.route !== undefined) world.acceptRoute();
  }
  world.settle();
}

function running(serving: typeof SCALED | typeof UNSCALED = SCALED): World {
  const world = new World(makeFunction({ serving }));
  settle(world);
  world.endServing('Running');
  settle(world);
  return world;
}

describe('a function behind the KEDA HTTP add-on', () => {
  it('is routed to the interceptor under its own host, with leave from the namespace of the add-on', () => {
    const world = running();
    expect(world.route?.['spec'].rules).toEqual([
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        backendRefs: [
          {
            group: '',
            kind: 'Service',
            name: 'keda-add-ons-http-interceptor-proxy',
            namespace: 'keda',
            port: 8080,
            weight: 1,
          },
        ],
      },
    ]);
    expect(world.grant).toMatchObject({
      metadata: { name: 'openfunction-ns', namespace: 'keda', labels: { 'openfunction.io/managed': 'true' } },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'ns' }],
        to: [{ group: '', kind: 'Service', name: 'keda-add-ons-http-interceptor-proxy' }],
      },
    });
    expect(world.condition('Ready')?.status).toBe('True');
    expect(world.fn.status?.url).toBe('http://fn.ns.ofn.io/');
  });

  it('is not routed before the add-on knows it', () => {
    const world = new World(makeFunction({ serving: SCALED }));
    world.settle();
    world.endServing('Running');
    world.settle();
    expect(world.route).toBeUndefined();
    expect(world.condition('Routed')).toMatchObject({ status: 'Unknown', reason: 'WaitingForServing' });
  });

  it('has the Service of its name lead to the interceptor where there is no Gateway', () => {
    const world = new World(makeFunction({ serving: SCALED }));
    world.gateway = undefined;
    settle(world);
    world.endServing('Running');
    settle(world);
    expect(world.entryService?.['spec']).toMatchObject({
      type: 'ExternalName',
      externalName: 'keda-add-ons-http-interceptor-proxy.keda.svc.cluster.local',
    });
    expect(world.fn.status?.addresses).toEqual([{ type: 'Internal', value: 'http://fn.ns.svc.cluster.local:8080' }]);
    expect(world.condition('Routed')?.reason).toBe('ClusterLocal');
    expect([world.route, world.grant]).toEqual([undefined, undefined]);
  });

  it('has the domain of the cluster in its address where there is no Gateway that says it', () => {
    const world = new World(makeFunction({ serving: SCALED }));
    [world.gateway, world.clusterDomain] = [undefined, 'corp.local'];
    settle(world);
    world.endServing('Running');
    settle(world);
    expect(world.fn.status?.url).toBe('http://fn.ns.svc.corp.local:8080');
    expect(world.entryService?.['spec'].externalName).toBe('keda-add-ons-http-interceptor-proxy.keda.svc.corp.local');
  });

  it('says what stands in the way: a grant of somebody else, or an add-on that the gateway cannot reach', () => {
    const world = running();
    world.grant = { ...world.grant, metadata: { name: 'openfunction-ns', namespace: 'keda' } } as typeof world.grant;
    world.settle();
    expect(world.condition('Routed')).toMatchObject({
      status: 'False',
      reason: 'NameTaken',
      message: expect.stringContaining('keda/openfunction-ns'),
    });
    world.grant = undefined;
    settle(world);
    expect(world.condition('Routed')?.status).toBe('True');
    world.judgeRoute([{ conditions: { Accepted: ['True', 'Accepted'], ResolvedRefs: ['False', 'BackendNotFound'] } }]);
    world.later(3);
    world.settle();
    expect(world.condition('Routed')).toMatchObject({ status: 'False', reason: 'BackendNotFound' });
  });
});

describe('a new version behind the KEDA HTTP add-on', () => {
  it('gets the hosts when it runs; then the old one gives them up, is drained and goes', () => {
    const world = running();
    const [old = ''] = names(world);
    world.change({ version: 'v2.0.0' });
    settle(world);
    const fresh = world.serving().metadata.name;
    const saysOf = (name: string) => world.interceptions.get(name)?.hosts;
    expect([isWithheld(world.serving()), saysOf(old)]).toEqual([true, HOSTS]);
    world.endServing('Running');
    world.settle();
    expect([isWithheld(world.serving()), names(world).length]).toEqual([false, 2]);
    expect(isWithheld(world.servings.get(old) as Serving)).toBe(false);
    intercept(world);
    expect([saysOf(old), saysOf(fresh)]).toEqual([HOSTS, HOSTS]);
    world.settle();
    expect(isWithheld(world.servings.get(old) as Serving)).toBe(true);
    world.later(60);
    world.settle();
    expect(world.servings.has(old)).toBe(true);
    intercept(world);
    expect(saysOf(old)).toEqual([`${old}.ns.svc.cluster.local`]);
    expect(world.plan().wakeAt).toEqual(new Date(world.now.getTime() + 5_000));
    world.settle();
    expect(world.servings.has(old)).toBe(true);
    world.later(5);
    world.settle();
    expect(names(world)).toEqual([fresh]);
    expect(world.condition('Ready')?.status).toBe('True');
  });

  it('that never runs leaves everything with the old one', () => {
    const world = running();
    const [old = ''] = names(world);
    world.change({ version: 'v2.0.0' });
    settle(world);
    world.endServing('Failed');
    settle(world);
    expect([isWithheld(world.serving()), isWithheld(world.servings.get(old) as Serving)]).toEqual([true, false]);
    expect(world.condition('Served')?.message).toContain(`${old} goes on serving meanwhile`);
  });

  it('that fails before it is recorded gives the hosts back', () => {
    const world = running();
    const [old = ''] = names(world);
    world.change({ version: 'v2.0.0' });
    settle(world);
    const { status } = world.fn;
    world.endServing('Running');
    settle(world);
    world.fn = { ...world.fn, ...(status && { status }) };
    world.endServing('Failed');
    settle(world);
    expect([isWithheld(world.serving()), isWithheld(world.servings.get(old) as Serving)]).toEqual([true, false]);
  });

  it('that fails while the old one is drained gives the hosts back', () => {
    const world = running();
    const [old = ''] = names(world);
    world.change({ version: 'v2.0.0' });
    settle(world);
    world.endServing('Running');
    settle(world);
    world.later(2);
    world.endServing('Failed');
    settle(world);
    world.later(60);
    settle(world);
    expect([isWithheld(world.serving()), isWithheld(world.servings.get(old) as Serving)]).toEqual([true, false]);
    expect(world.interceptions.get(old)?.hosts).toEqual(HOSTS);
    expect(world.condition('Served')?.message).toContain(`${old} goes on serving meanwhile`);
  });

  it('leaves the old one its content and its trace', () => {
    const world = running();
    const [old = ''] = names(world);
    const before = world.servings.get(old) as Serving;
    world.change({ version: 'v2.0.0' });
    settle(world);
    world.endServing('Running');
    world.settle();
    intercept(world);
    world.settle();
    const after = world.servings.get(old) as Serving;
    expect(after.spec).toEqual(before.spec);
    expect(after.metadata.ownerReferences).toEqual(before.metadata.ownerReferences);
    expect(after.metadata.labels).toEqual(before.metadata.labels);
  });
});

describe('with and without the add-on', () => {
  it('a function without scaler is routed to the Service of its version', () => {
    const world = running(UNSCALED);
    const { name } = world.serving().metadata;
    expect(backend(world)).toEqual({ group: '', kind: 'Service', name: `${name}-ksvc`, port: 80, weight: 1 });
    expect(world.route?.['spec'].rules[0].filters).toBeUndefined();
    expect(world.grant).toBeUndefined();
  });

  it('its own Service is its address where there is no Gateway', () => {
    const world = new World(makeFunction({ serving: UNSCALED }));
    world.gateway = undefined;
    settle(world);
    world.endServing('Running');
    settle(world);
    expect(world.fn.status?.url).toBe(`http://${world.serving().metadata.name}-ksvc.ns.svc.cluster.local`);
    expect(world.entryService).toBeUndefined();
  });

  it.each([
    ['to', UNSCALED, SCALED],
    ['from', SCALED, UNSCALED],
    ['from Knative to', { triggers: { http: { port: 8080 } } }, SCALED],
    ['to Knative from', SCALED, { triggers: { http: { port: 8080 } } }],
  ])('a change %s it moves the route, and drains by its clock', (_way, from, to) => {
    const world = running(from as typeof SCALED);
    const [old = ''] = names(world);
    const before = backend(world);
    world.change({ serving: to });
    settle(world);
    expect([names(world).length, backend(world)]).toEqual([2, before]);
    expect(isWithheld(world.serving())).toBe(false);
    world.endServing('Running');
    settle(world);
    expect(backend(world)).not.toEqual(before);
    expect(world.servings.has(old)).toBe(true);
    world.later(6);
    settle(world);
    expect(names(world)).toEqual([world.serving().metadata.name]);
    expect(world.condition('Ready')?.status).toBe('True');
  });
});

it('of a HTTPScaledObject the hosts are kept, and when its content was last written', () => {
  const object = {
    apiVersion: 'http.keda.sh/v1alpha1',
    kind: 'HTTPScaledObject',
    metadata: {
      name: 'a',
      namespace: 'ns',
      managedFields: [
        { manager: 'a', time: '2026-01-01T00:00:02Z' },
        { manager: 'b', time: '2026-01-01T00:00:05Z', subresource: 'status' },
        { manager: 'c', time: '2026-01-01T00:00:01Z' },
      ],
    },
    spec: { hosts: ['a.example.com'], replicas: { max: 3 } },
  };
  expect(trimScaledObject(object)).toEqual({
    apiVersion: 'http.keda.sh/v1alpha1',
    kind: 'HTTPScaledObject',
    metadata: { name: 'a', namespace: 'ns' },
    hosts: ['a.example.com'],
    changedAt: '2026-01-01T00:00:02Z',
  });
});
