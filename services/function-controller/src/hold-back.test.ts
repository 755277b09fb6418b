import { ANNOTATION, type Function } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { goWorld, makeGoBuilder, makeGoFunction, makeGoServing } from './testdata/go-operator.ts';
import { BUILD, HTTP, makeFunction, World } from './testdata/world.ts';

const OLD = { image: 'acme/fn:v1@sha256:1', params: undefined };
const NEXT = { ...HTTP, params: { LEVEL: 'next' } };

/** Built and running; then source and settings are changed together, and that build fails. */
function failed(build: object = {}): World {
  const world = new World(makeFunction({ build: { ...BUILD, ...build }, serving: HTTP }));
  world.settle();
  world.endBuild('Succeeded');
  world.settle();
  world.run();
  world.change({ build: { ...BUILD, ...build, env: { V: '2' } }, serving: NEXT });
  world.settle();
  world.endBuild('Failed');
  world.settle();
  return world;
}

function annotate(world: World, annotations: Record<string, string>): void {
  world.fn = { ...world.fn, metadata: { ...world.fn.metadata, annotations } };
}

const served = (world: World) => {
  const { image, params } = world.serving().spec;
  return { image, params };
};

describe('what was changed together with a build that failed', () => {
  it.each<[string, object, (world: World) => void]>([
    ['is there', {}, () => undefined],
    ['was not kept (failedBuildsHistoryLimit: 0)', { failedBuildsHistoryLimit: 0 }, () => undefined],
    [
      'was too old (builderMaxAge)',
      { builderMaxAge: '2h' },
      (world) => {
        world.later(3 * 3600);
      },
    ],
    ['was deleted by hand', {}, (world) => world.builders.clear()],
  ])('is never served with the old image, though its Builder %s', (_what, build, happens) => {
    const world = failed(build);
    happens(world);
    world.settle();
    expect(served(world)).toEqual(OLD);
    expect(world.condition('Served')?.message).toContain('waits for it');
    expect(world.servings.size).toBe(1);
    expect(world.settle()).toBe(0);
  });

  it('is served with the image of the next build that ends well', () => {
    const world = failed({ failedBuildsHistoryLimit: 0 });
    world.change({ build: { ...BUILD, env: { V: '3' } } });
    world.settle();
    expect(served(world)).toEqual(OLD);
    world.endBuild('Succeeded', 'sha256:3');
    world.settle();
    expect(served(world)).toEqual({ image: 'acme/fn:v1@sha256:3', params: NEXT.params });
    expect(world.serving().metadata.annotations).toBeUndefined();
  });

  it('waits no more when something else is changed, the Builder there or not (Q14)', () => {
    const world = failed({ failedBuildsHistoryLimit: 0 });
    world.change({ serving: { ...HTTP, params: { LEVEL: 'trace' } } });
    world.settle();
    expect(served(world)).toEqual({ ...OLD, params: { LEVEL: 'trace' } });
    expect(world.serving().metadata.annotations).toBeUndefined();
  });

  it('waits on after a rollback meanwhile', () => {
    const world = failed({ failedBuildsHistoryLimit: 0 });
    annotate(world, { [ANNOTATION.rollbackTo]: '1' });
    world.settle();
    annotate(world, {});
    world.settle();
    expect(served(world)).toEqual(OLD);
  });

  it('does not hold up what is changed alone after it, where the settings had not changed', () => {
    const world = failed({ failedBuildsHistoryLimit: 0 });
    world.change({ serving: HTTP });
    world.settle();
    expect(world.serving().metadata.annotations).toBeUndefined();
    world.change({ serving: NEXT });
    world.settle();
    expect(served(world)).toEqual({ ...OLD, params: NEXT.params });
  });

  it('is not what somebody writes at the Function', () => {
    const world = failed({ failedBuildsHistoryLimit: 0 });
    annotate(world, { [ANNOTATION.awaits]: 'nothing' });
    world.settle();
    expect(served(world)).toEqual(OLD);
  });
});

describe('what is held back', () => {
  const kafka = { type: 'kafka', metadata: { topic: 'orders' } };
  const dapr = { dapr: [{ name: 'orders', type: 'bindings.kafka' }] };
  const keda = { http: { port: 8080, engine: 'keda' as const } };

  it.each<[string, object]>([
    ['an event-driven function', { triggers: dapr, scaleOptions: { keda: { triggers: [kafka] }, maxReplicas: 3 } }],
    ['the KEDA HTTP add-on', { triggers: keda, scaleOptions: { keda: { httpScaledObject: {} }, minReplicas: 1 } }],
  ])('keeps what scales it, where Knative is asked for together with the build: %s', (_what, serving) => {
    const world = new World(makeFunction({ build: BUILD, serving }));
    world.settle();
    world.endBuild('Succeeded');
    world.switchOver();
    const before = world.serving();
    const knative = { scaleOptions: { maxReplicas: 9, knative: { 'autoscaling.knative.dev/metric': 'rps' } } };
    world.change({ build: { ...BUILD, env: { V: '2' } }, serving: { ...HTTP, ...knative } });
    world.settle();
    world.endBuild('Failed');
    world.settle();
    expect([...world.servings.keys()]).toEqual([before.metadata.name]);
    expect(world.serving().spec).toEqual(before.spec);
    expect(world.condition('Served')?.message).toContain('waits for it');
  });

  it('follows the present scale options where it is called alike, though on another port', () => {
    const world = failed();
    const triggers = { http: { port: 9000, route: { hostnames: ['a.example.com'] } } };
    world.change({
      build: { ...BUILD, env: { V: '3' } },
      serving: { ...NEXT, triggers, scaleOptions: { maxReplicas: 9 } },
    });
    world.settle();
    expect(world.serving().spec).toMatchObject({
      triggers: { http: { ...triggers.http, port: 8080 } },
      scaleOptions: { maxReplicas: 9 },
    });
  });
});

describe('a rollback that ends', () => {
  /** Two versions, the first of them served again; meanwhile this is changed, and the build that was asked for with it ends so, or goes on. */
  function rolledBack(
    state: 'Failed' | undefined,
    { build = BUILD, serving = NEXT }: Partial<Function['spec']>,
  ): World {
    const world = new World(makeFunction({ build: BUILD, serving: HTTP }));
    world.settle();
    world.endBuild('Succeeded');
    world.switchOver();
    world.change({ build, serving: NEXT });
    world.settle();
    if (build !== BUILD) world.endBuild('Succeeded', 'sha256:2');
    world.switchOver();
    annotate(world, { [ANNOTATION.rollbackTo]: '1' });
    world.switchOver();
    expect(served(world)).toEqual(OLD);
    world.change({ build: { ...BUILD, env: { V: '3' } }, serving });
    world.settle();
    if (state !== undefined) world.endBuild(state);
    world.settle();
    annotate(world, {});
    world.switchOver();
    return world;
  }
  const second = { build: { ...BUILD, env: { V: '2' } } };

  it.each([
    ['has failed', 'Failed', {}, '1'],
    ['goes on', undefined, {}, '1'],
    ['of a version with an image of its own has failed', 'Failed', second, '2'],
  ] as const)('brings the version before it back, though a later build %s', (_what, state, spec, digest) => {
    const world = rolledBack(state, spec);
    expect(served(world)).toEqual({ image: `acme/fn:v1@sha256:${digest}`, params: NEXT.params });
    expect(world.condition('Served')?.message).not.toContain('waits for it');
    expect(world.servings.size).toBe(1);
    expect(world.settle()).toBe(0);
  });

  it('brings the version of the last build back, while what was changed with the next one waits', () => {
    const world = rolledBack('Failed', { ...second, serving: { ...HTTP, params: { LEVEL: 'third' } } });
    expect(served(world)).toEqual({ image: 'acme/fn:v1@sha256:2', params: NEXT.params });
    expect(world.condition('Served')?.message).toContain('waits for it');
    world.builders.clear();
    expect(world.settle()).toBe(0);
  });
});

describe('a build that the Go operator began', () => {
  const NAME = 'serving-q9z4m';
  /** That operator builds, and serves an older version: settings of `changed` wait for the build. */
  const building = (changed: Partial<Function['spec']>, state = 'Building'): World => {
    const fn = makeGoFunction();
    const now = { ...fn, spec: { ...fn.spec, ...changed } };
    const status = { ...fn.status, build: { ...fn.status?.build, state } };
    return goWorld({ ...now, status }, makeGoServing(fn), makeGoBuilder(fn, state));
  };

  it('is waited for by the settings that were changed with it', () => {
    const world = building({ version: 'v2' });
    world.settle();
    expect([...world.servings.keys()]).toEqual([NAME]);
    world.endBuild('Failed');
    world.settle();
    world.builders.clear();
    world.settle();
    expect([[...world.servings.keys()], world.serving().spec.version]).toEqual([[NAME], 'v1.0.0']);
    expect(world.condition('Served')?.message).toContain('waits for it');
  });

  it('rolls them out with what it has built', () => {
    const world = building({ version: 'v2' });
    world.settle();
    world.endBuild('Succeeded', 'sha256:2');
    world.settle();
    expect(world.serving().spec).toMatchObject({ version: 'v2', image: 'acme/fn:v1@sha256:2' });
  });

  it('does not hold up what is changed after the take-over', () => {
    const world = building({});
    world.settle();
    expect(world.condition('Served')?.message).not.toContain('waits for it');
    world.change({ version: 'v2' });
    world.settle();
    expect(world.serving().spec).toMatchObject({ version: 'v2', image: 'acme/fn:v1@sha256:1' });
  });
});
