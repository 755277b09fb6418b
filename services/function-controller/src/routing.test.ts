import { DEFAULT_GATEWAY, GATEWAY, HTTP_ROUTE, type Kind, type Serving } from '@openfunction/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { HTTP, makeFunction, makeGateway, NOW, World } from './testdata/world.ts';

const ACCEPTED: [string, string] = ['True', 'Accepted'];
const MISSING: [string, string] = ['False', 'BackendNotFound'];

/** A Function that runs and has a route, which no gateway has looked at yet. */
function written(http: object = {}): World {
  const world = new World(makeFunction({ serving: { triggers: { http: { ...HTTP.triggers.http, ...http } } } }));
  world.settle();
  world.endServing('Running');
  world.settle();
  return world;
}

function settleLater(world: World, seconds: number): void {
  world.later(seconds);
  world.settle();
}

/** The next version runs, and the route is written to lead to it. */
function moveRoute(world: World): void {
  world.change({ version: 'v2.0.0' });
  world.settle();
  world.endServing('Running');
  world.settle();
}

const says = (world: World) => ['Routed', 'Ready'].map((type) => world.condition(type)?.status);

describe('a backend that the gateway cannot find', () => {
  let world: World;
  beforeEach(() => {
    world = written();
    world.acceptRoute();
    world.settle();
  });

  it('is said, and keeps the old version', () => {
    moveRoute(world);
    world.judgeRoute([{ conditions: { Accepted: ACCEPTED, ResolvedRefs: MISSING } }]);
    settleLater(world, 10);
    expect(says(world)).toEqual(['False', 'False']);
    expect(world.condition('Routed')).toMatchObject({ reason: 'BackendNotFound' });
    expect(world.condition('Routed')?.message).toMatch(/Service ns\/serving-.*-v1 of the Knative revision: BackendNot/);
    expect(world.servings.size).toBe(2);
    world.judgeRoute([{ conditions: { Accepted: ACCEPTED, ResolvedRefs: ['True', 'ResolvedRefs'] } }]);
    settleLater(world, 10);
    settleLater(world, 10);
    expect([says(world), world.servings.size]).toEqual([['True', 'True'], 1]);
  });

  it('is not said in the moment in which a gateway may hear of the new version', () => {
    moveRoute(world);
    world.judgeRoute([{ conditions: { Accepted: ACCEPTED, ResolvedRefs: MISSING } }]);
    expect(world.plan()).toMatchObject({ status: undefined, remove: [], wakeAt: new Date(NOW.getTime() + 2_000) });
    world.judgeRoute([{ conditions: { Accepted: ACCEPTED, ResolvedRefs: ['True', 'ResolvedRefs'] } }]);
    world.settle();
    expect(says(world)).toEqual(['True', 'True']);
  });

  it.each([
    [
      'one parent finds it',
      [
        { Accepted: ACCEPTED, ResolvedRefs: MISSING },
        { Accepted: ACCEPTED, ResolvedRefs: ['True', 'ResolvedRefs'] },
      ],
    ],
    [
      'only a parent that refuses the route misses it',
      [{ Accepted: ACCEPTED }, { Accepted: ['False', 'NotAllowedByListeners'], ResolvedRefs: MISSING }],
    ],
    ['the gateway does not say', [{ Accepted: ACCEPTED }]],
    ['the reason is another one', [{ Accepted: ACCEPTED, ResolvedRefs: ['False', 'NoReadyEndpoints'] }]],
  ] as [string, Record<string, [string, string]>[]][])('does not matter where %s', (_case, parents) => {
    world.judgeRoute(parents.map((conditions) => ({ conditions })));
    settleLater(world, 10);
    expect(says(world)).toEqual(['True', 'True']);
  });

  it('of an earlier route does not matter', () => {
    moveRoute(world);
    world.judgeRoute([{ conditions: { Accepted: ACCEPTED, ResolvedRefs: MISSING } }]);
    const { generation = 0 } = world.route?.metadata ?? {};
    const resolved = world.route?.['status'].parents[0].conditions[1];
    resolved.observedGeneration = generation - 1;
    settleLater(world, 10);
    expect(says(world)).toEqual(['True', 'True']);
  });
});

describe('a route of redirects', () => {
  const redirect = { filters: [{ type: 'RequestRedirect' as const, requestRedirect: { hostname: 'x.example.com' } }] };

  it('needs no backend: that it is accepted is enough', () => {
    const world = written({ route: { rules: [redirect] } });
    settleLater(world, 3);
    expect(says(world)).toEqual(['Unknown', 'Unknown']);
    world.acceptRoute();
    world.settle();
    expect(says(world)).toEqual(['True', 'True']);
  });

  it('that gets a rule with a backend waits for the gateway again', () => {
    const world = written({ route: { rules: [redirect] } });
    world.acceptRoute();
    world.settle();
    world.change({ serving: { triggers: { http: { port: 8080, route: { rules: [redirect, {}] } } } } });
    settleLater(world, 0);
    settleLater(world, 3);
    expect(says(world)).toEqual(['Unknown', 'Unknown']);
  });
});

describe('the drain of an old version', () => {
  let world: World;
  let old: string;
  beforeEach(() => {
    world = written();
    world.acceptRoute();
    world.settle();
    old = world.serving().metadata.name;
    moveRoute(world);
  });

  const gone = (seconds: number) => {
    settleLater(world, seconds);
    return !world.servings.has(old);
  };

  it('counts from the write of the route where the gateway follows in a moment', () => {
    settleLater(world, 1);
    world.acceptRoute();
    world.settle();
    expect([gone(3), gone(1)]).toEqual([false, true]);
  });

  it('counts from when the gateway accepts, where that is later', () => {
    settleLater(world, 20);
    expect(world.condition('Routed')?.reason).toBe('WaitingForRoute');
    world.acceptRoute();
    world.settle();
    expect(world.plan().wakeAt).toEqual(new Date(world.now.getTime() + 5_000));
    expect([gone(4), gone(1)]).toEqual([false, true]);
    expect(says(world)).toEqual(['True', 'True']);
  });

  it('counts from when the backend is found, where that is later', () => {
    world.judgeRoute([{ conditions: { Accepted: ACCEPTED, ResolvedRefs: MISSING } }]);
    settleLater(world, 20);
    world.judgeRoute([{ conditions: { Accepted: ACCEPTED, ResolvedRefs: ['True', 'ResolvedRefs'] } }]);
    world.settle();
    expect([gone(4), gone(1)]).toEqual([false, true]);
  });

  it('counts from the time the gateway gives, where nobody looked meanwhile', () => {
    world.later(60);
    acceptAt(world, new Date(world.now.getTime() - 2_000));
    world.settle();
    expect([gone(0), gone(2), gone(1)]).toEqual([false, false, true]);
  });

  describe('ends where the new version fails meanwhile', () => {
    let fresh: string;
    beforeEach(() => {
      world.acceptRoute();
      world.settle();
      fresh = world.serving().metadata.name;
      settleLater(world, 2);
      world.endServing('Failed');
      world.settle();
    });
    const leadsTo = () => world.route?.['spec'].rules[0].backendRefs[0].name;

    it('and the old one goes on serving', () => {
      expect(leadsTo()).toContain(old);
      world.acceptRoute();
      settleLater(world, 60);
      expect([leadsTo(), [...world.servings.keys()].sort()]).toEqual([`${old}-ksvc-v1`, [old, fresh].sort()]);
      expect(world.condition('Served')?.message).toContain(`${old} goes on serving meanwhile.`);
      expect(world.fn.status?.serving).toMatchObject({ resourceRef: fresh, lastSuccessfulResourceRef: old });
      expect(world.fn.status?.serving?.service).toBe(`${old}-ksvc`);
      expect(world.fn.status?.versions?.find(({ active }) => active)?.version).toBe('v1.0.0');
      expect(world.settle()).toBe(0);
    });

    it('and begins anew when that recovers', () => {
      settleLater(world, 60);
      world.endServing('Running');
      world.settle();
      expect(leadsTo()).toContain(fresh);
      world.acceptRoute();
      world.settle();
      expect([gone(4), gone(1)]).toEqual([false, true]);
    });

    it('and what was there before can be asked for again: nothing is restarted', () => {
      world.acceptRoute();
      world.change({ version: 'v1.0.0' });
      world.settle();
      expect(world.serving().metadata.name).toBe(old);
      settleLater(world, 60);
      expect([...world.servings.keys()]).toEqual([old]);
      expect(says(world)).toEqual(['True', 'True']);
    });

    it('and both stay until a third one runs', () => {
      world.change({ version: 'v3.0.0' });
      settleLater(world, 60);
      expect([leadsTo(), world.servings.has(old)]).toEqual([`${old}-ksvc-v1`, true]);
      world.run();
      settleLater(world, 6);
      expect([...world.servings.keys()]).toEqual([world.serving().metadata.name]);
    });
  });

  it('does not wait for the clock of a gateway that is ahead', () => {
    acceptAt(world, new Date(world.now.getTime() + 3_600_000));
    expect(gone(6)).toBe(true);
  });
});

/** The gateway accepts the route, at a time of its own clock. */
function acceptAt(world: World, time: Date): void {
  world.acceptRoute();
  world.route?.['status'].parents[0].conditions.forEach((condition: { lastTransitionTime: string }) => {
    condition.lastTransitionTime = time.toISOString();
  });
}

describe('hosts that are not reached', () => {
  const [INSIDE, OUTSIDE] = ['http://fn.ns.svc.cluster.local/', 'http://fn.ns.ofn.io/'];
  const CLOSED: [string, string] = ['False', 'NotAllowedByListeners'];
  const values = (world: World) => world.fn.status?.addresses?.map(({ value }) => value);
  const onlyInside = (world: World) =>
    world.judgeRoute([
      { listener: 'ofn-http-internal', conditions: { Accepted: ACCEPTED } },
      { listener: 'ofn-http-external', conditions: { Accepted: CLOSED } },
    ]);

  it('because their listener refuses the route are no address, and the condition says why', () => {
    const world = written();
    onlyInside(world);
    world.settle();
    expect([world.fn.status?.url, values(world)]).toEqual([INSIDE, [INSIDE]]);
    expect(world.condition('Routed')).toMatchObject({
      status: 'True',
      reason: 'Accepted',
      message:
        'The gateway serves the route. The function is not reached under fn.ns.ofn.io. ' +
        'Listener ofn-http-external refuses the route: NotAllowedByListeners: as it is.',
    });
    expect(world.fn.status?.route?.hosts).toEqual(['fn.ns.ofn.io', 'fn.ns.svc.cluster.local']);
    expect(world.fn.status?.route?.conditions).toMatchObject([
      { type: 'Accepted', status: 'True', message: 'as it is; not at ofn-http-external: NotAllowedByListeners' },
    ]);
    world.acceptRoute();
    world.settle();
    expect([world.fn.status?.url, values(world)]).toEqual([OUTSIDE, [OUTSIDE, INSIDE]]);
    expect(world.condition('Routed')?.message).toBe('The gateway serves the route.');
  });

  it('do not come back as addresses while the gateway has not looked at a change', () => {
    const world = written();
    onlyInside(world);
    world.settle();
    settleLater(world, 60);
    moveRoute(world);
    settleLater(world, 10);
    expect([world.condition('Routed')?.reason, values(world)]).toEqual(['WaitingForRoute', [INSIDE]]);
  });

  it.each([
    ['no listener is for', ['a.example.com'], false],
    ['the listener refuses', ['a.ofn.io'], true],
  ])('are the only ones the user named, as %s them: the function is not Ready', (_case, hostnames, refuses) => {
    const world = written({ route: { hostnames, rules: [{}] } });
    if (refuses) onlyInside(world);
    else world.acceptRoute();
    world.settle();
    expect(says(world)).toEqual(['False', 'False']);
    expect(world.condition('Routed')).toMatchObject({
      reason: 'HostNotServed',
      message: expect.stringContaining(`not reached under ${hostnames[0]}.`),
    });
    expect(world.fn.status?.url).toBe(world.fn.status?.addresses?.[0]?.value);
    expect(world.fn.status?.addresses?.every(({ type }) => type === 'Internal')).toBe(true);
  });

  const at = (type: string, value: string) => ({ matches: [{ path: { type, value } }] });
  it.each([
    ['a wildcard before a host', ['*.ofn.io', 'b.ofn.io'], [at('PathPrefix', '/a')], 'http://b.ofn.io/a'],
    ['nothing but a wildcard', ['*.ofn.io'], [at('PathPrefix', '/a')], 'http://fn.ns.svc.cluster.local/a'],
    [
      'a regular expression before a path',
      ['b.ofn.io'],
      [at('RegularExpression', '/v[0-9]+'), at('Exact', '/a')],
      'http://b.ofn.io/a',
    ],
    ['nothing but a regular expression', ['b.ofn.io'], [at('RegularExpression', '/v[0-9]+')], undefined],
  ])('are not what a pattern stands for: url names an address (%s)', (_case, hostnames, rules, url) => {
    const world = written({ route: { hostnames, rules } } as Parameters<typeof written>[0]);
    world.acceptRoute();
    world.settle();
    expect(world.fn.status?.url).toBe(url);
  });

  it('name each address once, however many matches a path has', () => {
    const path = { type: 'PathPrefix', value: '/a' };
    const rules = [
      {
        matches: [
          { path, method: 'GET' },
          { path, method: 'POST' },
        ],
      },
      { matches: [{ path }] },
    ];
    const world = written({ route: { hostnames: ['b.ofn.io'], rules } } as Parameters<typeof written>[0]);
    world.acceptRoute();
    world.settle();
    expect(values(world)).toEqual(['http://b.ofn.io/a', 'http://fn.ns.svc.cluster.local/a']);
  });

  it('beside one that is do not keep the function from being Ready', () => {
    const world = written({ route: { hostnames: ['a.example.com', 'a.ofn.io'], rules: [{}] } });
    world.acceptRoute();
    world.settle();
    expect(says(world)).toEqual(['True', 'True']);
    expect(world.condition('Routed')?.message).toContain(
      'No listener of Gateway openfunction/openfunction is for a.example.com.',
    );
  });

  it('where there is nothing but those: the route has no parent that could accept it', () => {
    const world = written();
    world.change({ serving: { triggers: { http: { port: 8080, route: { hostnames: ['a.example.com'] } } } } });
    const { gateway } = world;
    const external = gateway?.spec.gatewaySpec?.listeners?.filter(({ name }) => name === 'ofn-http-external') ?? [];
    world.gateway = { ...gateway, spec: { ...gateway?.spec, gatewaySpec: { listeners: external } } } as typeof gateway;
    world.settle();
    settleLater(world, 3);
    expect(world.condition('Routed')).toMatchObject({ status: 'False', reason: 'HostNotServed' });
    expect([world.fn.status?.url, values(world)]).toEqual([undefined, []]);
  });

  it('hold up no drain', () => {
    const world = written({ route: { hostnames: ['a.example.com'] } });
    world.acceptRoute();
    world.settle();
    settleLater(world, 60);
    moveRoute(world);
    world.acceptRoute();
    world.settle();
    expect(world.servings.size).toBe(2);
    settleLater(world, 5);
    expect([says(world), world.servings.size]).toEqual([['False', 'False'], 1]);
  });
});

describe('a gateway that has not spoken', () => {
  const message = (world: World) => world.condition('Routed')?.message;

  it('is waited for; one that does not exist is named', () => {
    const world = written();
    settleLater(world, 60);
    expect(message(world)).toBe('The gateway has not accepted the route yet.');
    world.kubeGatewayExists = false;
    world.settle();
    expect(message(world)).toBe('The route waits for Kubernetes Gateway projectcontour/contour, which does not exist.');
    expect(says(world)).toEqual(['Unknown', 'Unknown']);
    world.kubeGatewayExists = true;
    world.acceptRoute();
    world.settle();
    expect(says(world)).toEqual(['True', 'True']);
  });

  it('is believed without the generation that it has seen, which it need not give', () => {
    const world = written();
    world.acceptRoute();
    delete world.route?.['status'].parents[0].conditions[0].observedGeneration;
    world.settle();
    expect(says(world)).toEqual(['True', 'True']);
  });
});

describe('without a Gateway', () => {
  const start = (serving: object = HTTP, unserved?: Kind) => {
    const world = new World(makeFunction({ serving: serving as typeof HTTP }));
    world.gateway = undefined;
    world.unservedRouteKind = unserved;
    world.settle();
    world.endServing('Running');
    world.settle();
    return world;
  };

  it.each([
    ['Knative', HTTP],
    ['KEDA', { triggers: { http: { port: 8080, engine: 'keda' } } }],
  ])('an old version (%s) drains from when the address is that of the new one', (_engine, serving) => {
    const world = start(serving);
    const old = world.serving().metadata.name;
    settleLater(world, 60);
    world.change({ version: 'v2.0.0' });
    world.settle();
    settleLater(world, 60);
    expect(world.fn.status?.url).toContain(old);
    world.endServing('Running');
    world.settle();
    const fresh = world.serving().metadata.name;
    expect(world.fn.status?.url).toContain(fresh);
    expect(world.condition('Ready')?.status).toBe('True');
    expect([...world.servings.keys()].sort()).toEqual([old, fresh].sort());
    expect(world.plan().wakeAt).toEqual(new Date(world.now.getTime() + 5_000));
    settleLater(world, 4);
    expect(world.servings.has(old)).toBe(true);
    settleLater(world, 1);
    expect([...world.servings.keys()]).toEqual([fresh]);
  });

  const OWN = { namespace: 'team', name: 'own' };
  const routedBy = (route: object, engine = 'knative') => ({ triggers: { http: { port: 8080, engine, route } } });

  it.each([
    [undefined, 'Gateway openfunction/openfunction does not exist.'],
    [HTTP_ROUTE, 'The Gateway API is not installed: HTTPRoute (httproutes.gateway.networking.k8s.io) is not served.'],
    [GATEWAY, 'OpenFunction is not fully installed: Gateway (gateways.networking.openfunction.io) is not served.'],
  ])('which nobody asked for all is well, and what is missing is named: %#', (unserved, gap) => {
    const world = start(routedBy({ gatewayRef: DEFAULT_GATEWAY }), unserved);
    expect(says(world)).toEqual(['True', 'True']);
    expect(world.condition('Routed')).toMatchObject({
      reason: 'ClusterLocal',
      message: `${gap} The function can be reached inside the cluster only.`,
    });
  });

  it.each([
    [OWN, undefined, 'ReferenceNotFound', 'Gateway team/own does not exist.'],
    [OWN, HTTP_ROUTE, 'DependencyMissing', 'Gateway team/own cannot be used. The Gateway API is not installed:'],
  ])('that the user named the function is not Ready, but answers inside: %#', (gatewayRef, unserved, reason, gap) => {
    const world = start(routedBy({ gatewayRef }), unserved);
    expect(says(world)).toEqual(['False', 'False']);
    expect(world.condition('Ready')).toMatchObject({ reason, message: expect.stringContaining(gap) });
    expect(world.fn.status?.url).toContain('.ns.svc');
    expect(world.settle()).toBe(0);
    world.gateway = { ...makeGateway(), metadata: OWN };
    world.unservedRouteKind = undefined;
    world.settle();
    world.acceptRoute();
    world.settle();
    expect(says(world)).toEqual(['True', 'True']);
  });

  it('hosts outside the cluster that the user named are not reached', () => {
    const world = start(routedBy({ hostnames: ['fn.ns.svc.cluster.local', 'a.ofn.io'] }));
    expect(world.condition('Ready')).toMatchObject({
      status: 'False',
      reason: 'ReferenceNotFound',
      message:
        'Gateway openfunction/openfunction does not exist. The function can be reached inside the cluster only, not under a.ofn.io.',
    });
  });

  it.each([
    ['within the cluster', { hostnames: ['fn.ns.svc.cluster.local'] }, 'knative'],
    ['that the KEDA HTTP add-on knows', { hostnames: ['a.ofn.io'] }, 'keda'],
  ])('hosts %s need none', (_case, route, engine) => {
    const scaleOptions = engine === 'keda' ? { keda: { httpScaledObject: {} } } : {};
    const world = start({ ...routedBy(route, engine), scaleOptions });
    world.interceptions.set(world.serving().metadata.name, { hosts: route.hostnames, changedAt: NOW });
    world.settle();
    expect(world.condition('Routed')?.reason).toBe('ClusterLocal');
  });

  it('new versions roll out also where the named one is missing', () => {
    const world = start(routedBy({ gatewayRef: OWN }));
    settleLater(world, 60);
    moveRoute(world);
    settleLater(world, 6);
    expect([says(world), world.servings.size]).toEqual([['False', 'False'], 1]);
  });

  it('an old version that drains goes on when the new one fails', () => {
    const world = start();
    const old = world.serving().metadata.name;
    world.change({ version: 'v2.0.0' });
    world.settle();
    world.endServing('Running');
    world.settle();
    settleLater(world, 2);
    world.endServing('Failed');
    settleLater(world, 60);
    expect([world.servings.has(old), world.fn.status?.url]).toEqual([true, expect.stringContaining(old)]);
    world.endServing('Running');
    world.settle();
    settleLater(world, 4);
    expect(world.servings.has(old)).toBe(true);
    settleLater(world, 1);
    expect([...world.servings.keys()]).toEqual([world.serving().metadata.name]);
  });

  it('the time counts at which the new version ran, where that was told in the same moment', () => {
    const world = start();
    const old = world.serving().metadata.name;
    settleLater(world, 60);
    world.change({ version: 'v2.0.0' });
    const made = world.children().find(({ kind }) => kind === 'Serving') as Serving;
    const { name } = made.metadata;
    const readyTime = world.now.toISOString();
    world.servings.set(name, { ...made, status: { state: 'Running', url: `${name}-ksvc`, readyTime } });
    world.settle();
    settleLater(world, 4);
    expect(world.servings.has(old)).toBe(true);
    settleLater(world, 1);
    expect(world.servings.has(old)).toBe(false);
  });
});
