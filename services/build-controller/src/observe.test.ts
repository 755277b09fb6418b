import {
  BUILDER,
  type Builder,
  CLUSTER_BUILD_STRATEGY,
  type Kind,
  type KubeObject,
  kindId,
  POD,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { type Change, Store } from '@openfunction/kube';
import { describe, expect, it } from 'vitest';
import { makeBuild, makeBuildRun } from './engines/shipwright/make.ts';
import { RUN_LABEL } from './engines/shipwright/pod.ts';
import { observe, watches } from './observe.ts';

const builder: Builder = {
  apiVersion: 'core.openfunction.io/v1beta2',
  kind: 'Builder',
  metadata: { name: 'builder-a', namespace: 'ns', uid: 'uid-b' },
  spec: { image: 'acme/fn:v1', srcRepo: { url: 'https://git.example.com/fn.git' } },
};
const runOf = (status: object): KubeObject => ({ ...makeBuildRun(builder, { cancel: false }), status });
const buildOf = (status: object): KubeObject => ({ ...makeBuild(builder), status });
const FAILED = { completionTime: 'then', conditions: [{ type: 'Succeeded', status: 'False', reason: 'Failed' }] };
const pod = (name: string, run: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'ns', labels: { [RUN_LABEL]: run } },
  spec: { containers: [{ name: 'step-a' }, { name: 'step-b' }] },
  status: { containerStatuses: [{ name: 'step-b', state: { terminated: { exitCode: 2 } } }] },
});
const strategy: KubeObject = {
  ...pod('openfunction', ''),
  kind: 'ClusterBuildStrategy',
  metadata: { name: 'openfunction' },
};

/** A world of these objects, which counts what is asked of the API server. */
function makeWorld(objects: [Kind, KubeObject][], live: KubeObject[] = []) {
  const stores = new Map<string, Store>();
  const asked: string[] = [];
  const store = (kind: Kind) => {
    const known = stores.get(kindId(kind)) ?? new Store();
    stores.set(kindId(kind), known);
    return known;
  };
  for (const [kind, object] of objects) {
    store(kind).put({ ...object, metadata: { ...object.metadata, resourceVersion: '1' } });
  }
  const world: World = {
    store,
    served: () => true,
    confirm: async (kind, { namespace, name }) => {
      const cached = store(kind).get(`${namespace}/${name}`);
      if (cached !== undefined) return cached;
      asked.push(`${kind.kind} ${name}`);
      return live.find((object) => object.kind === kind.kind && object.metadata.name === name);
    },
    logTail: async ({ name }, { container }) => {
      asked.push(`log ${name} ${container}`);
      return 'the end';
    },
  };
  return { world, asked };
}

const run = (status: object) => [SHIPWRIGHT_BUILD_RUN, runOf(status)] as [Kind, KubeObject];
const runName = runOf({}).metadata.name;

describe('what is looked at', () => {
  it.each([
    ['by the name that Tekton gives it', { executor: { name: 'task' } }, 'task-pod', 'other'],
    ['by its label when the name was too long for that', { taskRunName: 'task' }, 'short-0123-pod', runName],
  ])('is the pod of a run, %s, with no request', async (_case, status, name, label) => {
    const { world, asked } = makeWorld([run(status), [POD, pod('else', 'else')], [POD, pod(name, label)]]);
    const seen = await observe(builder, world);
    expect([seen.pod?.metadata.name, seen.log, asked]).toEqual([name, undefined, []]);
  });

  it('is the log of the step that failed, once the run is over, in one request', async () => {
    const { world, asked } = makeWorld([run({ ...FAILED, taskRunName: 'task' }), [POD, pod('task-pod', runName)]]);
    expect(await observe(builder, world)).toMatchObject({ log: 'the end' });
    expect(asked).toEqual(['log task-pod step-b']);
  });

  it('is no log when the run brings the lines along', async () => {
    const failureDetails = { message: 'line 1\nline 2', location: { pod: 'task-pod' } };
    const { world, asked } = makeWorld([run({ ...FAILED, failureDetails }), [POD, pod('task-pod', runName)]]);
    expect([(await observe(builder, world)).log, asked]).toEqual([undefined, []]);
  });

  it('is asked for when a failed run names a pod that the cache does not hold', async () => {
    const { world, asked } = makeWorld([run({ ...FAILED, failureDetails: { location: { pod: 'gone' } } })]);
    expect([(await observe(builder, world)).pod, asked]).toEqual([undefined, ['Pod gone']]);
  });

  it('is nothing any more when the build is over', async () => {
    const { world, asked } = makeWorld([run(FAILED), [POD, pod('task-pod', runName)]]);
    const over = { ...builder, status: { state: 'Failed', resourceRef: { 'shipwright.io/buildRun': 'gone' } } };
    expect(await observe(over, world)).toEqual({ builder: over, installed: true, run: undefined });
    expect(asked).toEqual([]);
  });

  it.each([
    ['there', [[CLUSTER_BUILD_STRATEGY, strategy]] as [Kind, KubeObject][], true],
    ['missing', [], false],
  ])('is whether the strategy is %s, when Shipwright misses it', async (_case, more, found) => {
    const refused = buildOf({ registered: 'False', reason: 'ClusterBuildStrategyNotFound' });
    const { world } = makeWorld([[SHIPWRIGHT_BUILD, refused], ...more]);
    expect((await observe(builder, world)).strategyFound).toBe(found);
  });
});

describe('who is woken', () => {
  const wokenBy = (kind: Kind, change: Change, world: World) => {
    const wakes = watches.find((watch) => kindId(watch.kind) === kindId(kind))?.wakes;
    return typeof wakes === 'function' ? wakes(change, world).map(({ name, uid }) => [name, uid]) : wakes;
  };
  const BUILDER_KEY = [[builder.metadata.name, builder.metadata.uid]];

  it('by a pod: the Builder of its run', () => {
    const { world } = makeWorld([[BUILDER, builder], run({})]);
    expect(wokenBy(POD, { type: 'updated', object: pod('p', runName) }, world)).toEqual(BUILDER_KEY);
    expect(wokenBy(POD, { type: 'updated', object: pod('p', 'of-somebody-else') }, world)).toEqual([]);
  });

  it.each([
    ['that appears: whose Build was refused for want of it', 'added', { registered: 'False' }, BUILDER_KEY],
    ['that changes: nobody', 'updated', { registered: 'False' }, []],
    ['that appears: nobody whose Build is accepted', 'added', { registered: 'True' }, []],
  ] as const)('by a strategy %s', (_case, type, status, expected) => {
    const { world } = makeWorld([[SHIPWRIGHT_BUILD, buildOf(status)]]);
    expect(wokenBy(CLUSTER_BUILD_STRATEGY, { type, object: strategy }, world)).toEqual(expected);
  });
});
