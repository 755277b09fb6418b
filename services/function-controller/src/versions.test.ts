import { ANNOTATION, type FunctionVersion } from '@openfunction/api';
import { CRDS } from '@openfunction/api/crds';
import { describe, expect, it } from 'vitest';
import { BUILD, HTTP, makeFunction, World } from './testdata/world.ts';

/** A Function that has had this many versions: v1, v2 … with `LEVEL` of the same number. */
function withVersions(count: number): World {
  const world = new World(makeFunction(specOf(1)));
  world.switchOver();
  for (let number = 2; number <= count; number += 1) {
    world.change(specOf(number));
    world.switchOver();
  }
  return world;
}

function specOf(number: number) {
  return { version: `v${number}`, image: `acme/fn:v${number}`, serving: { ...HTTP, params: { LEVEL: `${number}` } } };
}

function rollBack(world: World, to: string | undefined): void {
  const annotations: Record<string, string> = to === undefined ? {} : { [ANNOTATION.rollbackTo]: to };
  world.fn = { ...world.fn, metadata: { ...world.fn.metadata, annotations } };
}

const numbers = (versions: FunctionVersion[] = []) => versions.map(({ number }) => number);
const active = (world: World) =>
  world.fn.status?.versions?.filter((version) => version.active).map(({ number }) => number);

describe('a version', () => {
  it('is recorded when it first runs, not before', () => {
    const world = new World(makeFunction(specOf(1)));
    world.settle();
    expect([world.revisions.size, world.fn.status?.versions]).toEqual([0, undefined]);
    world.endServing('Failed');
    world.settle();
    expect(world.revisions.size).toBe(0);
    world.run();
    expect(world.fn.status?.versions).toEqual([
      { number: 1, version: 'v1', created: '2026-01-01T11:00:00Z', active: true },
    ]);
  });

  it('is recorded in the same look as the route, before the status', () => {
    const world = new World(makeFunction(specOf(1)));
    world.settle();
    world.endServing('Running');
    expect(world.children().map(({ kind }) => kind)).toEqual(['Serving', 'HTTPRoute', 'Service', 'ControllerRevision']);
  });

  it('has the digest of its image, and only what makes it a version', () => {
    const world = new World(makeFunction({ build: BUILD, serving: { ...HTTP, timeout: '5m', labels: { a: 'b' } } }));
    world.settle();
    world.endBuild('Succeeded');
    world.switchOver();
    expect(world.fn.status?.versions).toMatchObject([{ number: 1, imageDigest: 'sha256:1' }]);
    const [revision] = world.revisions.values();
    expect(revision).toMatchObject({ metadata: { labels: { 'openfunction.io/function': 'fn' } }, revision: 1 });
    expect(revision?.['data'].spec).toEqual({
      triggers: { http: { port: 8080 } },
      version: 'v1.0.0',
      image: 'acme/fn:v1@sha256:1',
    });
  });

  it('of the same content keeps its number', () => {
    const world = withVersions(2);
    world.change(specOf(1));
    world.switchOver();
    expect([numbers(world.fn.status?.versions), active(world)]).toEqual([[2, 1], [1]]);
  });

  it('stays the active one until the next runs', () => {
    const world = withVersions(1);
    world.change(specOf(2));
    world.settle();
    expect([numbers(world.fn.status?.versions), active(world)]).toEqual([[1], [1]]);
    world.switchOver();
    expect([numbers(world.fn.status?.versions), active(world)]).toEqual([[2, 1], [2]]);
  });

  it('goes when ten newer ones are there, and the number does not come back', () => {
    const world = withVersions(12);
    expect(numbers(world.fn.status?.versions)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
  });

  it('does not go while it is the active one', () => {
    const world = withVersions(10);
    rollBack(world, '1');
    world.switchOver();
    rollBack(world, undefined);
    world.change(specOf(11));
    world.settle();
    expect(active(world)).toEqual([1]);
    world.switchOver();
    expect(numbers(world.fn.status?.versions)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  });

  it('is listed as the schema says', () => {
    const world = withVersions(2);
    const schema = CRDS.find(({ kind }) => kind.kind === 'Function')?.schema;
    expect(schema?.safeParse({ spec: world.fn.spec, status: world.fn.status }).error).toBeUndefined();
  });

  it('is kept when spec.serving goes, and none is active then', () => {
    const world = withVersions(2);
    world.fn = { ...makeFunction({ build: BUILD }, world.fn.status) };
    world.settle();
    expect([numbers(world.fn.status?.versions), active(world)]).toEqual([[2, 1], []]);
  });
});

describe('the KEDA HTTP add-on put before a function', () => {
  const triggers = { http: { port: 8080, engine: 'keda' as const } };
  const plain = { serving: { triggers } };
  const intercepted = (most: number) => ({
    serving: {
      triggers,
      scaleOptions: { maxReplicas: most, keda: { httpScaledObject: { targetPendingRequests: 5 } } },
    },
  });
  /** The add-on leads requests to the Serving as soon as it runs. */
  const switchOver = (world: World) => {
    world.settle();
    world.endServing('Running');
    world.interceptions.set(world.serving().metadata.name, { hosts: ['fn'], changedAt: world.now });
    world.switchOver();
  };

  it('is a version, and a rollback takes it away', () => {
    const world = new World(makeFunction(plain));
    world.switchOver();
    world.change(intercepted(3));
    switchOver(world);
    expect([numbers(world.fn.status?.versions), active(world)]).toEqual([[2, 1], [2]]);
    rollBack(world, '1');
    world.switchOver();
    expect(world.condition('Served')?.reason).toBe('RolledBack');
    expect(world.serving().spec.scaleOptions).toBeUndefined();
    expect([numbers(world.fn.status?.versions), active(world), world.servings.size]).toEqual([[2, 1], [1], 1]);
    rollBack(world, '2');
    switchOver(world);
    expect(world.serving().spec.scaleOptions).toEqual(intercepted(3).serving.scaleOptions);
    expect([numbers(world.fn.status?.versions), active(world)]).toEqual([[2, 1], [2]]);
  });

  it('is the same version with other limits', () => {
    const world = new World(makeFunction(intercepted(3)));
    switchOver(world);
    world.change(intercepted(4));
    switchOver(world);
    expect([numbers(world.fn.status?.versions), active(world), world.servings.size]).toEqual([[1], [1], 1]);
  });

  it('leaves versions without it recorded as they were', () => {
    const world = new World(makeFunction(plain));
    world.switchOver();
    const [revision] = world.revisions.values();
    expect(Object.keys(revision?.['data'])).toEqual(['spec', 'annotations']);
  });
});

describe('a rollback', () => {
  it('serves the recorded content, without a build, and goes forward again', () => {
    const world = withVersions(3);
    rollBack(world, '1');
    world.switchOver();
    expect(world.serving().spec).toMatchObject({ image: 'acme/fn:v1', version: 'v1', params: { LEVEL: '1' } });
    expect(world.condition('Served')).toMatchObject({
      status: 'True',
      reason: 'RolledBack',
      message: expect.stringContaining('what acme/fn:v1 names by now'),
    });
    expect(world.condition('Ready')?.status).toBe('True');
    expect([world.builders.size, numbers(world.fn.status?.versions), active(world)]).toEqual([0, [3, 2, 1], [1]]);
    expect(world.settle()).toBe(0);
    rollBack(world, undefined);
    world.switchOver();
    expect(world.serving().spec).toMatchObject({ image: 'acme/fn:v3', params: { LEVEL: '3' } });
    expect(world.condition('Served')?.reason).toBe('Running');
    expect([world.servings.size, active(world)]).toEqual([1, [3]]);
  });

  it('keeps the version that serves until the asked one runs', () => {
    const world = withVersions(2);
    const before = world.serving().metadata.name;
    rollBack(world, '1');
    world.settle();
    expect(world.servings.has(before)).toBe(true);
    expect(world.condition('Served')).toMatchObject({
      status: 'Unknown',
      message: expect.stringContaining('version 1'),
    });
    expect(active(world)).toEqual([2]);
  });

  it('to what runs already restarts nothing, whatever the present spec has come to', () => {
    const world = withVersions(2);
    const { name } = world.serving().metadata;
    rollBack(world, '2');
    world.settle();
    expect([...world.servings.keys()]).toEqual([name]);
    rollBack(world, undefined);
    world.change(specOf(3));
    world.settle();
    world.endServing('Failed');
    world.settle();
    rollBack(world, '2');
    world.settle();
    expect([...world.servings.keys()]).toEqual([name]);
    expect(world.condition('Ready')?.status).toBe('True');
  });

  it('goes by the present route and limits of scaling', () => {
    const world = withVersions(2);
    const route = { hostnames: ['a.example.com'] };
    rollBack(world, '1');
    world.change({
      serving: {
        triggers: { http: { port: 9999, route } },
        scaleOptions: { maxReplicas: 3 },
        labels: { team: 'blue' },
      },
    });
    world.switchOver();
    expect(world.serving().spec).toMatchObject({
      triggers: { http: { port: 8080, route } },
      params: { LEVEL: '1' },
      scaleOptions: { maxReplicas: 3 },
      labels: { team: 'blue' },
    });
    expect(world.route?.['spec'].hostnames).toContain('a.example.com');
  });

  describe('to a version that was called or scaled in another way', () => {
    const knative = { ...HTTP, scaleOptions: { maxReplicas: 9 } };
    const job = {
      triggers: {},
      workloadType: 'Job',
      scaleOptions: { keda: { scaledJob: {}, triggers: [{ type: 'kafka', metadata: { topic: 'orders' } }] } },
    };
    const routed = { triggers: { http: { port: 8080, route: { hostnames: ['a.example.com'] } } } };
    const events = { triggers: { dapr: [{ name: 'orders', type: 'bindings.kafka' }] } };

    /** Served one after the other; then the first again. */
    function back(servings: [object, ...object[]], meanwhile: (world: World) => void = () => undefined): World {
      const [first, ...others] = servings;
      const world = new World(makeFunction({ serving: first }));
      world.switchOver();
      for (const serving of others) {
        world.change({ serving });
        world.switchOver();
      }
      meanwhile(world);
      rollBack(world, '1');
      world.switchOver();
      expect(world.settle()).toBe(0);
      return world;
    }

    it.each<[string, object, object]>([
      ['its ScaledJob', job, knative],
      ['its route', routed, events],
      ['its lack of limits', events, knative],
    ])('brings back what it had in place: %s', (_what, first, second) => {
      const world = back([first, second]);
      expect(world.serving().spec).toEqual({ ...first, image: 'acme/fn:v1', version: 'v1.0.0' });
      expect(active(world)).toEqual([1]);
    });

    it('brings back what it had last, not first', () => {
      const scaleOptions = {
        keda: { ...job.scaleOptions.keda, triggers: [{ type: 'kafka', metadata: { topic: 'x' } }] },
      };
      const world = back([job, { ...job, scaleOptions }, knative]);
      expect(world.serving().spec.scaleOptions).toEqual(scaleOptions);
      expect(numbers(world.fn.status?.versions)).toEqual([2, 1]);
    });

    it.each([undefined, '', 'no JSON', '[]', 'null'])('takes the present ones where %j is recorded', (text) => {
      const world = back([job, knative], ({ revisions }) => {
        for (const [name, revision] of revisions) {
          const annotations: Record<string, string> = text === undefined ? {} : { [ANNOTATION.inPlace]: text };
          revisions.set(name, { ...revision, metadata: { ...revision.metadata, annotations } });
        }
      });
      expect(world.serving().spec).toMatchObject({ workloadType: 'Job', scaleOptions: knative.scaleOptions });
    });
  });

  it('brings the annotations of the function back that reached it then', () => {
    const world = new World(makeFunction(specOf(1)));
    world.fn = { ...world.fn, metadata: { ...world.fn.metadata, annotations: { plugins: 'first' } } };
    world.switchOver();
    world.fn = { ...world.fn, metadata: { ...world.fn.metadata, annotations: { plugins: 'second' } } };
    world.switchOver();
    world.fn = {
      ...world.fn,
      metadata: { ...world.fn.metadata, annotations: { plugins: 'second', [ANNOTATION.rollbackTo]: '1' } },
    };
    world.switchOver();
    expect(world.serving().metadata.annotations).toEqual({ plugins: 'first' });
    expect(active(world)).toEqual([1]);
  });

  it('lets builds of later edits go on, and serves what they built when it ends', () => {
    const world = new World(makeFunction({ build: BUILD, serving: HTTP }));
    world.settle();
    world.endBuild('Succeeded', 'sha256:1');
    world.switchOver();
    world.change({ build: { ...BUILD, env: { A: '2' } } });
    world.settle();
    world.endBuild('Succeeded', 'sha256:2');
    world.switchOver();
    rollBack(world, '1');
    world.switchOver();
    expect(world.serving().spec.image).toBe('acme/fn:v1@sha256:1');
    expect(world.condition('Served')?.message).not.toContain('by now');
    const { name } = world.serving().metadata;
    world.change({ build: { ...BUILD, env: { A: '3' } } });
    world.settle();
    world.endBuild('Succeeded', 'sha256:3');
    world.settle();
    expect([world.serving().metadata.name, world.fn.status?.revision?.imageDigest]).toEqual([name, 'sha256:3']);
    world.change({ build: { ...BUILD, env: { A: '4' } } });
    world.settle();
    world.endBuild('Failed');
    world.settle();
    expect([world.serving().metadata.name, world.condition('Served')?.reason]).toEqual([name, 'RolledBack']);
    expect(world.condition('Ready')?.status).toBe('False');
    rollBack(world, undefined);
    world.switchOver();
    expect(world.serving().spec.image).toBe('acme/fn:v1@sha256:3');
  });

  it.each(['7', '0', '01', '-1', 'one', ''])(
    'to %o, which is not kept, leaves what runs and names what there is',
    (to) => {
      const world = withVersions(2);
      const { name } = world.serving().metadata;
      rollBack(world, to);
      world.change(specOf(3));
      world.settle();
      expect([...world.servings.keys()]).toEqual([name]);
      expect(world.serving().spec.params).toEqual({ LEVEL: '2' });
      expect(world.condition('Served')).toMatchObject({
        status: 'False',
        reason: 'VersionUnknown',
        message: expect.stringContaining('there are 2, 1.'),
      });
      rollBack(world, '1');
      world.switchOver();
      expect(world.condition('Ready')?.status).toBe('True');
    },
  );

  it('of a Function that has not run yet says so, and runs nothing', () => {
    const world = new World(makeFunction(specOf(1)));
    rollBack(world, '1');
    world.settle();
    expect(world.servings.size).toBe(0);
    expect(world.condition('Served')).toMatchObject({ status: 'False', reason: 'VersionUnknown' });
    rollBack(world, undefined);
    world.switchOver();
    expect(world.condition('Ready')?.status).toBe('True');
  });

  it('means nothing where nothing is to be served', () => {
    const world = withVersions(1);
    world.fn = makeFunction({ build: BUILD }, world.fn.status);
    rollBack(world, '1');
    world.settle();
    expect([world.servings.size, world.condition('Served')?.reason]).toEqual([0, 'Skipped']);
  });
});
