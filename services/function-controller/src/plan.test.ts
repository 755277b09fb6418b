import type { Builder, Serving } from '@openfunction/api';
import { CRDS } from '@openfunction/api/crds';
import { describe, expect, it } from 'vitest';
import { BUILD, HTTP, makeFunction, makeGateway, NOW, World } from './testdata/world.ts';

/** A Function that runs: built if `build` is set, its route accepted. */
function running(spec: Parameters<typeof makeFunction>[0] = { serving: HTTP }): World {
  const world = new World(makeFunction(spec));
  world.settle();
  if (spec.build !== undefined) {
    world.endBuild('Succeeded');
    world.settle();
  }
  world.run();
  return world;
}

/** Another version is wanted, runs, gets the route, and the one before it goes. */
function moveTo(world: World, version: string): void {
  world.change({ version });
  world.switchOver();
}

describe('a Function that is only served', () => {
  it('skips the build, runs its image as it is, and is Ready when the gateway has accepted the route', () => {
    const world = running();
    expect(world.fn.status?.build?.state).toBe('Skipped');
    expect(world.serving().spec.image).toBe('acme/fn:v1');
    expect(world.condition('Ready')).toMatchObject({ status: 'True', reason: 'Ready', observedGeneration: 1 });
    expect(world.fn.status?.addresses).toEqual([
      { type: 'External', value: 'http://fn.ns.ofn.io/' },
      { type: 'Internal', value: 'http://fn.ns.svc.cluster.local/' },
    ]);
    expect(world.condition('Reconciling')).toBeUndefined();
    expect(world.condition('Stalled')).toBeUndefined();
    expect(world.events).toEqual(['Running']);
  });

  it('plans the same again for the same world', () => {
    const world = running();
    expect(world.plan()).toEqual(world.plan());
    expect(world.settle()).toBe(0);
  });

  it('is reachable inside the cluster only when there is no Gateway', () => {
    const world = new World(makeFunction({ serving: HTTP }));
    world.gateway = undefined;
    world.settle();
    world.endServing('Running');
    world.settle();
    expect(world.condition('Routed')).toMatchObject({ status: 'True', reason: 'ClusterLocal' });
    expect(world.fn.status?.url).toMatch(/^http:\/\/serving-.*-ksvc\.ns\.svc$/);
    expect(world.route).toBeUndefined();
  });

  it('puts the port of the listener into its address when it is not the usual one', () => {
    const world = new World(makeFunction({ serving: HTTP }));
    const gateway = makeGateway();
    const [inside, outside] = gateway.spec.gatewaySpec?.listeners ?? [];
    if (inside === undefined || outside === undefined) throw new Error('two listeners');
    world.gateway = {
      ...gateway,
      spec: { ...gateway.spec, gatewaySpec: { listeners: [inside, { ...outside, port: 8081 }] } },
    };
    world.settle();
    world.run();
    expect(world.fn.status?.url).toBe('http://fn.ns.ofn.io:8081/');
  });

  it('keeps its status within the schema, however much the route says', () => {
    const hostnames = Array.from({ length: 16 }, (_, index) => `h${index}.example.com`);
    const match = (value: string) => ({ path: { type: 'PathPrefix' as const, value } });
    const rules = ['/a', `/${'b'.repeat(300)}`, '/c'].map((path) => ({
      matches: Array.from({ length: 8 }, () => match(path)),
    }));
    const world = new World(
      makeFunction({ serving: { triggers: { http: { port: 8080, route: { hostnames, rules } } } } }),
    );
    world.settle();
    world.run();
    const schema = CRDS.find(({ kind }) => kind.kind === 'Function')?.schema;
    expect(schema?.safeParse({ spec: world.fn.spec, status: world.fn.status }).error).toBeUndefined();
    expect(world.route?.['spec'].hostnames).toHaveLength(16);
  });

  it('says what the gateway has against the route', () => {
    const world = new World(makeFunction({ serving: HTTP }));
    world.settle();
    world.endServing('Running');
    world.settle();
    world.acceptRoute('False');
    world.settle();
    expect(world.condition('Ready')).toMatchObject({
      status: 'False',
      reason: 'RouteRejected',
      message: expect.stringContaining('NoMatchingParent'),
    });
    expect(world.condition('Stalled')?.status).toBe('True');
  });

  it('waits a moment for the gateway before it says that it waits', () => {
    const world = new World(makeFunction({ serving: HTTP }));
    world.settle();
    world.endServing('Running');
    world.settle();
    expect(world.plan()).toMatchObject({ status: undefined, events: [], wakeAt: new Date(NOW.getTime() + 2_000) });
    world.later(3);
    world.settle();
    expect(world.condition('Routed')).toMatchObject({ status: 'Unknown', reason: 'WaitingForRoute' });
  });

  it.each([
    ['Unknown', 'DependencyMissing', 'KEDA is not installed.'],
    ['False', 'ReferenceNotFound', 'Component "a" contradicts itself.'],
  ] as const)(
    'passes on what its Serving says while it runs, and stays reachable: %s, %s',
    (status, reason, message) => {
      const world = running();
      const { url } = world.fn.status ?? {};
      world.sayOfServing(status, reason, message);
      world.settle();
      expect(world.condition('Served')).toMatchObject({ status, reason, message });
      expect(world.condition('Ready')).toMatchObject({ status, reason, message });
      expect(world.condition('Routed')?.status).toBe('True');
      expect([world.route === undefined, world.fn.status?.url, world.fn.status?.serving?.state]).toEqual([
        false,
        url,
        'Running',
      ]);
      world.sayOfServing('True', 'Running', 'The function runs.');
      world.settle();
      expect(world.condition('Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
    },
  );

  it('loses everything that served when spec.serving goes (Q10)', () => {
    const world = running();
    world.fn = makeFunction({ build: BUILD }, world.fn.status);
    world.settle();
    expect([world.servings.size, world.route, world.entryService]).toEqual([0, undefined, undefined]);
    expect(world.fn.status?.serving).toMatchObject({ state: 'Skipped' });
    expect([world.fn.status?.url, world.fn.status?.addresses, world.fn.status?.route]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a new version', () => {
  it('stands beside the old one until it runs, the route has moved, is accepted, and requests had time to end', () => {
    const world = running();
    const old = world.serving().metadata.name;
    world.change({ version: 'v2.0.0' });
    world.settle();
    const fresh = world.serving().metadata.name;
    expect(fresh).not.toBe(old);
    expect([...world.servings.keys()].sort()).toEqual([old, fresh].sort());
    expect(JSON.stringify(world.route?.['spec'])).toContain(old);
    world.endServing('Running');
    world.settle();
    expect(JSON.stringify(world.route?.['spec'])).toContain(fresh);
    expect(world.servings.has(old)).toBe(true);
    world.acceptRoute();
    world.settle();
    expect(world.condition('Ready')?.status).toBe('True');
    expect(world.servings.has(old)).toBe(true);
    expect(world.plan().wakeAt).toEqual(new Date(NOW.getTime() + 5_000));
    world.later(6);
    world.settle();
    expect([...world.servings.keys()]).toEqual([fresh]);
  });

  it('is recorded with its first news when that comes soon, and told as every version is', () => {
    const world = running();
    world.change({ version: 'v2.0.0' });
    const [made] = world.children() as Serving[];
    const { name } = made?.metadata ?? { name: '' };
    const metadata = { ...made?.metadata, creationTimestamp: NOW.toISOString() };
    world.servings.set(name, { ...made, metadata } as Serving);
    expect(world.plan()).toMatchObject({ status: undefined, wakeAt: new Date(NOW.getTime() + 3_000) });
    world.servings.set(name, { ...made, metadata, status: { state: 'Running', url: `${name}-ksvc` } } as Serving);
    world.settle();
    world.acceptRoute();
    world.settle();
    expect(world.fn.status?.serving).toMatchObject({ state: 'Running', resourceRef: name });
    expect(world.events).toEqual(['Running', 'Running']);
  });

  it('that fails leaves the old one serving, and says both', () => {
    const world = running();
    const old = world.serving().metadata.name;
    world.change({ version: 'v2.0.0' });
    world.settle();
    world.endServing('Failed');
    world.settle();
    expect(world.condition('Served')).toMatchObject({
      status: 'False',
      message: `it is Failed ${old} goes on serving meanwhile.`,
    });
    expect(world.servings.has(old)).toBe(true);
    expect(world.fn.status?.serving?.lastSuccessfulResourceRef).toBe(old);
    expect(world.events.at(-1)).toBe('ServingFailed');
  });

  it('that breaks after it has run is not said to go on in its own place', () => {
    const world = running();
    world.endServing('Failed');
    world.settle();
    expect(world.condition('Served')).toMatchObject({ status: 'False', message: 'it is Failed' });
  });

  it('that fails beside an old one that has broken meanwhile leaves nobody to go on', () => {
    const world = running();
    const old = world.serving().metadata.name;
    world.change({ version: 'v2.0.0' });
    world.settle();
    world.endServing('Failed');
    const before = world.servings.get(old);
    if (before !== undefined) world.servings.set(old, { ...before, status: { ...before.status, state: 'Failed' } });
    world.settle();
    expect(world.condition('Served')?.message).toBe('it is Failed');
  });

  it('that comes back under its name is told of again', () => {
    const told = (world: World, uid: string) => {
      world.settle();
      const { metadata, ...serving } = world.serving();
      world.servings.set(metadata.name, { ...serving, metadata: { ...metadata, uid } });
      world.endServing('Running');
      world.later(10);
      const [note] = world.plan().events;
      world.settle();
      return { name: metadata.name, occasion: note?.occasion };
    };
    const world = new World(makeFunction({ build: BUILD, serving: HTTP }));
    world.settle();
    world.endBuild('Succeeded');
    const first = told(world, 'one');
    world.fn = makeFunction({ build: BUILD }, world.fn.status);
    world.settle();
    world.change({ serving: HTTP });
    const second = told(world, 'two');
    expect(second.name).toBe(first.name);
    expect([first.occasion, second.occasion]).not.toContain(undefined);
    expect(second.occasion).not.toBe(first.occasion);
  });

  it('that never ran goes at once when yet another is wanted', () => {
    const world = running();
    world.change({ version: 'v2.0.0' });
    world.settle();
    const abandoned = world.serving().metadata.name;
    world.change({ version: 'v3.0.0' });
    world.settle();
    expect(world.servings.has(abandoned)).toBe(false);
    expect(world.servings.size).toBe(2);
  });

  it('has another name when an earlier content comes back', () => {
    const world = running();
    const first = world.serving().metadata.name;
    moveTo(world, 'v2.0.0');
    moveTo(world, 'v1.0.0');
    expect(world.serving().metadata.name).not.toBe(first);
    expect(world.servings.size).toBe(1);
  });

  it('that is taken back before it has run leaves the old one as it was, and nothing is restarted', () => {
    const world = running();
    const first = world.serving().metadata.name;
    world.change({ version: 'v2.0.0' });
    world.settle();
    world.endServing('Failed');
    world.settle();
    world.change({ version: 'v1.0.0' });
    world.settle();
    expect([...world.servings.keys()]).toEqual([first]);
    expect(world.serving().metadata.name).toBe(first);
    expect(world.condition('Ready')?.status).toBe('True');
  });

  it.each([
    ['a hostname', { triggers: { http: { port: 8080, route: { hostnames: ['a.example.com'] } } } }],
    ['the start timeout', { ...HTTP, timeout: '5m' }],
    ['the limits of scaling', { ...HTTP, scaleOptions: { minReplicas: 1, maxReplicas: 5, keda: {} } }],
    ['autoscaling annotations', { ...HTTP, scaleOptions: { knative: { 'autoscaling.knative.dev/target': '5' } } }],
    ['labels', { ...HTTP, labels: { team: 'blue' } }],
    ['annotations that mean nothing to the function', { ...HTTP, annotations: { 'example.com/team': 'blue' } }],
  ])('is not needed for %s (Q12)', (_case, serving) => {
    const world = running();
    const { name } = world.serving().metadata;
    world.change({ serving });
    world.settle();
    expect(world.serving().metadata.name).toBe(name);
    expect(world.serving().spec).toMatchObject(serving);
    world.change({ serving: HTTP });
    world.settle();
    expect([world.serving().metadata.name, world.serving().spec]).toEqual([
      name,
      { ...HTTP, image: 'acme/fn:v1', version: 'v1.0.0' },
    ]);
  });

  const concurrency = { 'autoscaling.knative.dev/container-concurrency': '1' };
  it.each([
    ['params', { ...HTTP, params: { A: '1' } }],
    ['an annotation of Dapr', { ...HTTP, annotations: { 'dapr.io/log-level': 'debug' } }],
    ['an annotation of ours', { ...HTTP, annotations: { 'openfunction.io/enable-dapr': 'false' } }],
    ['the concurrency of a container', { ...HTTP, annotations: concurrency }],
    ['the concurrency of a container, among the scale options', { ...HTTP, scaleOptions: { knative: concurrency } }],
    ['the engine', { triggers: { http: { port: 8080, engine: 'keda' } } }],
  ])('is needed for %s', (_case, serving) => {
    const world = running();
    const { name } = world.serving().metadata;
    world.change({ serving });
    world.settle();
    expect(world.serving().metadata.name).not.toBe(name);
  });

  it('is needed to put the KEDA HTTP add-on before a function, or to take it away, and not to scale otherwise', () => {
    const http = { triggers: { http: { port: 8080, engine: 'keda' } } };
    const world = running({ serving: http });
    const names = [{ keda: {} }, { keda: {}, maxReplicas: 3 }, undefined].map((scaleOptions) => {
      world.change({ serving: { ...http, ...(scaleOptions && { scaleOptions }) } });
      world.settle();
      return world.fn.status?.serving?.resourceRef;
    });
    expect(names[1]).toBe(names[0]);
    expect(new Set(names).size).toBe(2);
  });

  it('is not needed when the way to hash has changed, and the Serving is what is wanted', () => {
    const world = running();
    const { name } = world.serving().metadata;
    const { status } = world.fn;
    world.fn = { ...world.fn, status: { ...status, serving: { ...status?.serving, resourceHash: 'v1:former' } } };
    world.settle();
    expect(world.serving().metadata.name).toBe(name);
    expect(world.fn.status?.serving?.resourceHash).not.toBe('v1:former');
  });

  it('is not made of a Serving edited by hand: that is put right', () => {
    const world = running();
    const serving = world.serving();
    world.servings.set(serving.metadata.name, { ...serving, spec: { ...serving.spec, params: { A: 'edited' } } });
    world.settle();
    expect(world.serving().metadata.name).toBe(serving.metadata.name);
    expect(world.serving().spec).toEqual(serving.spec);
  });

  it('is needed for a change of memory (Q2)', () => {
    const template = (memory: string) => ({ containers: [{ name: 'function', resources: { limits: { memory } } }] });
    const world = running({ serving: { ...HTTP, template: template('128Mi') } });
    const { name } = world.serving().metadata;
    world.change({ serving: { ...HTTP, template: template('4Gi') } });
    world.settle();
    expect(world.serving().metadata.name).not.toBe(name);
  });
});

describe('a Function that is built', () => {
  const spec = { build: BUILD, serving: HTTP };

  it('serves nothing before the first build has succeeded', () => {
    const world = new World(makeFunction(spec));
    world.settle();
    expect(world.servings.size).toBe(0);
    expect(world.condition('Served')).toMatchObject({ status: 'Unknown', reason: 'WaitingForBuild' });
    expect(world.condition('Reconciling')?.status).toBe('True');
  });

  describe('in the first moment of a build', () => {
    /** The Builder is made, and nothing is recorded yet. */
    const beginning = (fn = makeFunction(spec)): { world: World; builder: Builder } => {
      const world = new World(fn);
      const [made] = world.children() as Builder[];
      const builder = { ...made, metadata: { ...made?.metadata, creationTimestamp: NOW.toISOString() } } as Builder;
      world.builders.set(builder.metadata.name, builder);
      return { world, builder };
    };

    it('says nothing of it', () => {
      const { world } = beginning();
      expect(world.plan()).toMatchObject({ status: undefined, remove: [], wakeAt: new Date(NOW.getTime() + 3_000) });
      world.later(2);
      world.settle();
      expect(world.fn.status?.build).toMatchObject({ state: 'Created' });
    });

    it('says how it ended, when it ends so soon, with its one event', () => {
      const { world, builder } = beginning();
      world.builders.set(builder.metadata.name, { ...builder, status: { state: 'Failed', message: 'it broke' } });
      world.settle();
      expect(world.fn.status?.build).toMatchObject({ state: 'Failed', resourceRef: builder.metadata.name });
      expect(world.events).toEqual(['BuildFailed']);
      expect(world.builders.size).toBe(1);
    });

    it('stops it when the change that it was made for is taken back', () => {
      const built = running({ ...spec, build: { ...BUILD, successfulBuildsHistoryLimit: 1 } });
      const before = built.fn.status?.build?.resourceRef ?? '';
      built.change({ build: { ...BUILD, env: { A: '1' } } });
      const { world, builder } = beginning(built.fn);
      for (const [name, each] of built.builders) world.builders.set(name, each);
      for (const [name, each] of built.servings) world.servings.set(name, each);
      world.change({ build: { ...BUILD, successfulBuildsHistoryLimit: 1 } });
      const cancelled = world.children().find(({ metadata }) => metadata.name === builder.metadata.name);
      expect(cancelled?.['spec']?.state).toBe('Cancelled');
      world.settle();
      expect(world.fn.status?.build?.resourceRef).toBe(before);
    });
  });

  it('runs the image by its digest, and cleans the Builder up (successfulBuildsHistoryLimit is 0 when unset)', () => {
    const world = running(spec);
    expect(world.serving().spec.image).toBe('acme/fn:v1@sha256:1');
    expect(world.fn.status?.revision?.imageDigest).toBe('sha256:1');
    expect(world.builders.size).toBe(0);
    expect(world.events).toEqual(['BuildCompleted', 'Running']);
    expect(world.settle()).toBe(0);
  });

  it('keeps as many Builders as the history limit says', () => {
    expect(running({ ...spec, build: { ...BUILD, successfulBuildsHistoryLimit: 1 } }).builders.size).toBe(1);
  });

  it('cancels a build that runs before the next one begins: one at a time', () => {
    const world = new World(makeFunction(spec));
    world.settle();
    const first = world.builder().metadata.name;
    world.change({ build: { ...BUILD, srcRepo: { ...BUILD.srcRepo, revision: 'v2' } } });
    expect(
      world
        .children()
        .filter(({ kind }) => kind === 'Builder')
        .map(({ metadata, spec: { state } }) => [metadata.name, state]),
    ).toEqual([[first, 'Cancelled']]);
    world.settle();
    expect(world.builder().metadata.name).not.toBe(first);
    expect(world.builders.get(first)?.spec.state).toBe('Cancelled');
  });

  it('is built after all when the change is taken back while the first build is being cancelled', () => {
    const world = new World(makeFunction(spec));
    world.settle();
    const first = world.builder();
    const changed = { ...BUILD, env: { A: '1' } };
    world.change({ build: changed });
    const plan = world.plan();
    const cancelled = plan.apply.find(({ metadata }) => metadata.name === first.metadata.name) as typeof first;
    world.builders.set(first.metadata.name, cancelled);
    world.fn = { ...world.fn, status: { ...plan.status } };
    world.change({ build: BUILD });
    world.settle();
    expect(world.builder().metadata.name).not.toBe(first.metadata.name);
    expect(world.builder().spec.state).toBeUndefined();
  });

  it('keeps the running version when a new build fails, and does not freeze serving changes (Q14)', () => {
    const world = running(spec);
    const { name } = world.serving().metadata;
    world.change({ build: { ...BUILD, env: { BROKEN: 'yes' } } });
    world.settle();
    world.endBuild('Failed');
    world.settle();
    expect(world.condition('Built')).toMatchObject({ status: 'False', message: 'it Failed' });
    expect(world.condition('Served')?.status).toBe('True');
    expect(world.condition('Ready')?.status).toBe('False');
    expect(world.condition('Stalled')?.status).toBe('True');
    expect(world.serving().metadata.name).toBe(name);
    world.change({ serving: { ...HTTP, params: { LEVEL: 'debug' } } });
    world.settle();
    expect(world.serving().metadata.name).not.toBe(name);
    expect(world.serving().spec.image).toBe('acme/fn:v1@sha256:1');
  });

  it('is waited for by what was changed together with it: one new version, and none with the old image', () => {
    const world = running(spec);
    const { name } = world.serving().metadata;
    const changed = { ...HTTP, params: { LEVEL: 'debug' } };
    world.change({ version: 'v2', build: { ...BUILD, env: { A: '1' } }, serving: { ...changed, timeout: '7m' } });
    world.settle();
    expect([world.serving().metadata.name, [...world.servings.keys()]]).toEqual([name, [name]]);
    expect(world.serving().spec).toMatchObject({ timeout: '7m' });
    expect(world.condition('Served')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('waits for it'),
    });
    world.endBuild('Succeeded', 'sha256:2');
    world.settle();
    expect(world.serving().metadata.name).not.toBe(name);
    expect(world.serving().spec).toMatchObject({ ...changed, version: 'v2', image: 'acme/fn:v1@sha256:2' });
  });

  it('is not waited for any more when it failed and something else is changed (Q14)', () => {
    const world = running(spec);
    const { name } = world.serving().metadata;
    world.change({ build: { ...BUILD, env: { A: '1' } }, serving: { ...HTTP, params: { LEVEL: 'debug' } } });
    world.settle();
    world.endBuild('Failed');
    world.settle();
    expect(world.serving().metadata.name).toBe(name);
    world.change({ serving: { ...HTTP, params: { LEVEL: 'trace' } } });
    world.settle();
    expect(world.serving().spec).toMatchObject({ params: { LEVEL: 'trace' }, image: 'acme/fn:v1@sha256:1' });
  });

  it('does not hold up what is changed while it runs (Q14)', () => {
    const world = running(spec);
    world.change({ build: { ...BUILD, env: { A: '1' } } });
    world.settle();
    world.change({ serving: { ...HTTP, params: { LEVEL: 'debug' } } });
    world.settle();
    expect(world.serving().spec).toMatchObject({ params: { LEVEL: 'debug' }, image: 'acme/fn:v1@sha256:1' });
  });

  it('is not built again when its failed Builder is gone (Q16)', () => {
    const world = new World(makeFunction(spec));
    world.settle();
    world.endBuild('Failed');
    world.settle();
    world.builders.clear();
    world.settle();
    expect(world.builders.size).toBe(0);
    expect(world.fn.status?.build?.state).toBe('Failed');
  });

  it('is built again, under another name, when its Builder vanishes while it runs', () => {
    const world = new World(makeFunction(spec));
    world.settle();
    const { name } = world.builder().metadata;
    world.builders.clear();
    world.settle();
    expect(world.builder().metadata.name).not.toBe(name);
  });

  it.each([
    ['a history limit', { failedBuildsHistoryLimit: 3 }],
    ['a maximum age', { builderMaxAge: '24h' }],
    ['the timeout', { timeout: '10m' }],
  ])('is not built again for %s', (_case, more) => {
    const world = running({ ...spec, build: { ...BUILD, successfulBuildsHistoryLimit: 1 } });
    const before = world.fn.status?.build?.resourceRef;
    world.change({ build: { ...BUILD, successfulBuildsHistoryLimit: 1, ...more } });
    world.settle();
    expect(world.fn.status?.build?.resourceRef).toBe(before);
  });

  it('leaves the spec of a build that runs as it is, whatever limits change', () => {
    const world = new World(makeFunction(spec));
    world.settle();
    const before = world.builder().spec;
    world.change({ build: { ...BUILD, timeout: '10m', failedBuildsHistoryLimit: 3 } });
    world.settle();
    expect(world.builder().spec).toEqual(before);
  });

  it('is built again when the rebuild annotation has a new value', () => {
    const world = running(spec);
    const before = world.fn.status?.build?.resourceRef;
    world.fn = { ...world.fn, metadata: { ...world.fn.metadata, annotations: { 'openfunction.io/rebuild': 'now' } } };
    world.settle();
    expect(world.fn.status?.build?.resourceRef).not.toBe(before);
  });

  it('forgets the digest with the build (Q15), while the old version goes on (Q13)', () => {
    const world = running(spec);
    const old = world.serving().metadata.name;
    world.fn = makeFunction({ serving: HTTP, image: 'acme/other:v1' }, world.fn.status);
    world.settle();
    expect(world.fn.status?.revision).toBeUndefined();
    expect(world.serving().spec.image).toBe('acme/other:v1');
    expect(world.servings.has(old)).toBe(true);
  });

  it('runs the image by its tag when the build gave no digest, whatever an earlier build gave', () => {
    const world = running(spec);
    world.change({ build: { ...BUILD, env: { NEXT: 'yes' } } });
    world.settle();
    const { name } = world.builder().metadata;
    world.builders.set(name, { ...world.builder(), status: { state: 'Succeeded' } });
    const { apply, status } = world.plan();
    expect(apply.find(({ kind }) => kind === 'Serving')?.['spec'].image).toBe('acme/fn:v1');
    expect(status?.revision).toBeUndefined();
  });

  it('is looked at again when the next Builder reaches its maximum age', () => {
    const world = running({ ...spec, build: { ...BUILD, successfulBuildsHistoryLimit: 1, builderMaxAge: '2h' } });
    expect(world.plan().wakeAt).toEqual(new Date('2026-01-01T13:00:00Z'));
    world.now = new Date('2026-01-01T13:00:00Z');
    world.settle();
    expect(world.builders.size).toBe(0);
    expect(world.fn.status?.build?.state).toBe('Succeeded');
  });
});

describe('any Function', () => {
  const shapes = [undefined, HTTP, {}, { triggers: {} }, { triggers: { dapr: [{ name: 'a' }] } }];
  const builds = [undefined, BUILD, { ...BUILD, failedBuildsHistoryLimit: 0 }];
  const cases = builds.flatMap((build) =>
    shapes.map((serving) => ({ ...(build && { build }), ...(serving && { serving }) })),
  );

  it.each(cases.map((spec) => [JSON.stringify(spec), spec] as const))(
    'settles, whatever its children report: %s',
    (_text, spec) => {
      for (const outcome of ['Succeeded', 'Failed'] as const) {
        const world = new World(makeFunction(spec));
        world.settle();
        if (spec.build !== undefined) world.endBuild(outcome);
        world.settle();
        if (world.fn.status?.serving?.resourceRef !== undefined)
          world.endServing(outcome === 'Succeeded' ? 'Running' : 'Failed');
        world.settle();
        expect(world.settle()).toBe(0);
        for (const { message, reason } of world.fn.status?.conditions ?? [])
          expect([message, reason]).not.toContain('');
      }
    },
  );
});
