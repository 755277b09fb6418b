import {
  BUILD_STRATEGY,
  BUILDER,
  type Builder,
  CLUSTER_BUILD_STRATEGY,
  type Kind,
  type KubeObject,
  kindId,
  LIMIT_RANGE,
  NAMESPACE,
  POD,
  RESOURCE_QUOTA,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { type Change, Store } from '@openfunction/kube';
import { describe, expect, it } from 'vitest';
import { makeBuildRun } from './engines/shipwright/make.ts';
import { RUN_LABEL } from './engines/shipwright/pod.ts';
import { observe, watches } from './observe.ts';
import { makeLimitRange } from './resources/limit-range.ts';

const builder: Builder = {
  apiVersion: 'core.openfunction.io/v1beta2',
  kind: 'Builder',
  metadata: { name: 'builder-a', namespace: 'ns', uid: 'uid-b' },
  spec: { image: 'acme/fn:v1', srcRepo: { url: 'https://git.example.com/fn.git' } },
};
const runOf = (status: object): KubeObject => ({
  ...makeBuildRun(builder, { version: 'v1beta1', cancel: false }),
  status,
});
const FAILED = { completionTime: 'then', conditions: [{ type: 'Succeeded', status: 'False', reason: 'Failed' }] };
const pod = (name: string, run: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'ns', labels: { [RUN_LABEL]: run } },
  spec: { containers: [{ name: 'step-a' }, { name: 'step-b' }] },
  status: { containerStatuses: [{ name: 'step-b', state: { terminated: { exitCode: 2 } } }] },
});
const makeStrategy = (kind: 'ClusterBuildStrategy' | 'BuildStrategy', namespace?: string): KubeObject => ({
  apiVersion: 'shipwright.io/v1beta1',
  kind,
  metadata: { name: 'openfunction', ...(namespace !== undefined && { namespace }) },
  spec: {
    parameters: [
      { name: 'builder-image', description: 'x' },
      { name: 'env', type: 'array', defaults: [] },
    ],
    steps: [{ name: 'create' }],
  },
});
const strategy = makeStrategy('ClusterBuildStrategy');

/** A world of these objects, which counts what is asked of the API server. */
function makeWorld(objects: [Kind, KubeObject][], live: KubeObject[] = []) {
  const stores = new Map<string, Store>();
  const asked: string[] = [];
  const store = (kind: Kind) => {
    const groupOf = watches.find((watch) => kindId(watch.kind) === kindId(kind))?.groupOf;
    const known = stores.get(kindId(kind)) ?? new Store(groupOf);
    stores.set(kindId(kind), known);
    return known;
  };
  for (const [kind, object] of objects) {
    store(kind).put({ ...object, metadata: { ...object.metadata, resourceVersion: '1' } });
  }
  const world: World = {
    store,
    served: () => true,
    unreadable: () => undefined,
    version: () => 'v1beta1',
    exists: async () => true,
    hasField: async () => true,
    prune: async (_kind, object) => ({ object, left: [] }),
    tell: () => {},
    annotate: async () => {},
    latest: async () => undefined,
    confirm: async (kind, { namespace, name }) => {
      const cached = store(kind).get(`${namespace}/${name}`);
      if (cached !== undefined) return cached;
      asked.push(`${kind.kind} ${name}`);
      return live.find((object) => object.kind === kind.kind && object.metadata.name === name);
    },
    eventsOf: async () => [],
    logTail: async ({ name }, { container }) => {
      asked.push(`log ${name} ${container}`);
      return 'the end';
    },
  };
  return { world, asked };
}

const run = (status: object) => [SHIPWRIGHT_BUILD_RUN, runOf(status)] as [Kind, KubeObject];
const runName = runOf({}).metadata.name;

const trimmed = (object: KubeObject): KubeObject =>
  watches.find(({ kind }) => kind === CLUSTER_BUILD_STRATEGY)?.trim?.(object) ?? object;
const makeNamespace = (labels: Record<string, string>, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'ns', labels, annotations },
});

const left = makeLimitRange('ns', { limits: { cpu: '1' }, requests: {} });

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

  it('is nothing while one of the kinds of Shipwright cannot be listed', async () => {
    const { world, asked } = makeWorld([run(FAILED), [POD, pod('task-pod', runName)]]);
    const unreadable = (kind: Kind) => (kind === CLUSTER_BUILD_STRATEGY ? 'refused' : undefined);
    const { run: seen, shipwright, unreadable: said } = await observe(builder, { ...world, unreadable });
    expect([seen, shipwright, asked]).toEqual([undefined, undefined, []]);
    expect(said).toEqual({ kind: CLUSTER_BUILD_STRATEGY, why: 'refused' });
  });

  it('is nothing any more when the build is over', async () => {
    const { world, asked } = makeWorld([run(FAILED), [POD, pod('task-pod', runName)]]);
    const over = { ...builder, status: { state: 'Failed', resourceRef: { 'shipwright.io/buildRun': 'gone' } } };
    expect(await observe(over, world)).toEqual({ builder: over, shipwright: 'v1beta1', run: undefined });
    expect(asked).toEqual([]);
  });

  const NAMESPACED = { ...builder, spec: { ...builder.spec, shipwright: { strategy: { name: 'openfunction' } } } };

  it.each([
    ['the cluster', builder, CLUSTER_BUILD_STRATEGY, strategy],
    ['its namespace', NAMESPACED, BUILD_STRATEGY, makeStrategy('BuildStrategy', 'ns')],
  ])('is what the strategy of %s declares', async (_case, of, kind, object) => {
    const declared = new Map([
      ['builder-image', 'string'],
      ['env', 'array'],
    ]);
    expect((await observe(of, makeWorld([[kind, object]]).world)).declared).toEqual(declared);
    expect((await observe(of, makeWorld([]).world)).declared).toBeUndefined();
  });

  it.each([
    ['both are v1alpha1', ['v1alpha1', 'v1alpha1'], 'v1alpha1'],
    ['one is not served', ['v1beta1', undefined], undefined],
    ['they differ, while Shipwright is upgraded', ['v1beta1', 'v1alpha1'], undefined],
  ])('is the version of Shipwright: %s', async (_case, [build, run], expected) => {
    const { world } = makeWorld([]);
    const version = (kind: Kind) => (kind === SHIPWRIGHT_BUILD ? build : run);
    expect((await observe(builder, { ...world, version })).shipwright).toBe(expected);
  });

  it('of a strategy is nothing but its parameters, and what in it needs privileges', () => {
    expect(trimmed(strategy)['spec']).toEqual({
      parameters: [{ name: 'builder-image' }, { name: 'env', type: 'array' }],
      privileges: {
        baseline: [],
        restricted: ['step create does not drop ALL, does not have allowPrivilegeEscalation: false'],
      },
    });
  });

  it('foretells that the namespace will not admit the pod', async () => {
    const steps = [{ name: 'prepare', securityContext: { privileged: true } }];
    const privileged = trimmed({ ...strategy, spec: { ...strategy['spec'], steps } });
    const tight = makeNamespace({ 'pod-security.kubernetes.io/enforce': 'baseline' });
    const seen = await observe(
      builder,
      makeWorld([
        [CLUSTER_BUILD_STRATEGY, privileged],
        [NAMESPACE, tight],
      ]).world,
    );
    expect(seen.foretold).toBe(
      'ClusterBuildStrategy openfunction needs more than its pod may have here (namespace ns enforces PodSecurity "baseline"): step prepare is privileged.',
    );
  });

  const quota: KubeObject = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'tight', namespace: 'ns' },
    spec: { hard: { 'limits.cpu': '4' } },
  };
  const asking = { 'openfunction.io/build-limits': 'cpu=1' };

  it.each([
    ['a quota here, also before the strategy is there', [], true],
    [
      'no quota of another namespace',
      [[RESOURCE_QUOTA, { ...quota, metadata: { ...quota.metadata, namespace: 'else' } }]],
      false,
    ],
    ['no quota whose defaults the namespace asks for', [[NAMESPACE, makeNamespace({}, asking)]], false],
    ['a quota whose defaults will go, as the namespace asks for none any more', [[LIMIT_RANGE, left]], true],
    [
      'no quota with defaults of somebody else',
      [[LIMIT_RANGE, { ...left, metadata: { namespace: 'ns', name: 'own' } }]],
      false,
    ],
  ] as [string, [Kind, KubeObject][], boolean][])(
    'foretells what quotas refuse: %s',
    async (_case, objects, isForetold) => {
      const isQuotaGiven = objects.some(([kind]) => kind === RESOURCE_QUOTA);
      const { world } = makeWorld(isQuotaGiven ? objects : [[RESOURCE_QUOTA, quota], ...objects]);
      const { foretold = '' } = await observe(builder, world);
      expect(foretold.startsWith('ResourceQuota ns/tight takes no container without limits.cpu')).toBe(isForetold);
    },
  );

  it('is the LimitRange that is made here, and the namespace', async () => {
    const { world } = makeWorld([
      [LIMIT_RANGE, left],
      [NAMESPACE, makeNamespace({}, asking)],
    ]);
    const { range, namespace } = await observe(builder, world);
    expect([range?.metadata.name, namespace?.metadata.annotations]).toEqual([left.metadata.name, asking]);
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
    [
      'whose annotations change: whose build has not started',
      { 'openfunction.io/build-limits': 'cpu=1' },
      'ns',
      BUILDER_KEY,
    ],
    ['whose annotations stay: nobody', {}, 'ns', []],
    ['of another name: nobody', { 'openfunction.io/build-limits': 'cpu=1' }, 'else', []],
  ])('by a namespace %s', (_case, annotations, name, expected) => {
    const { world } = makeWorld([[BUILDER, builder]]);
    const object = makeNamespace({}, annotations);
    const named = { ...object, metadata: { ...object.metadata, name } };
    expect(wokenBy(NAMESPACE, { type: 'updated', object: named, old: makeNamespace({}) }, world)).toEqual(expected);
  });

  const foreign = { ...left, metadata: { ...left.metadata, labels: {} } };
  it.each([
    ['that goes: whose build has not started', { type: 'deleted', object: foreign }, BUILDER_KEY],
    ['that becomes ours: the same', { type: 'updated', object: left, old: foreign }, BUILDER_KEY],
    ['that changes otherwise: nobody', { type: 'updated', object: foreign, old: foreign }, []],
    ['that is made here: nobody', { type: 'added', object: left }, []],
    [
      'of another name that goes: nobody',
      { type: 'deleted', object: { ...foreign, metadata: { ...foreign.metadata, name: 'own' } } },
      [],
    ],
    [
      'of another namespace that goes: nobody',
      { type: 'deleted', object: { ...foreign, metadata: { ...foreign.metadata, namespace: 'else' } } },
      [],
    ],
  ] as [string, Change, unknown][])('by a LimitRange with the name of ours %s', (_case, change, expected) => {
    const { world } = makeWorld([[BUILDER, builder]]);
    expect(wokenBy(LIMIT_RANGE, change, world)).toEqual(expected);
  });

  const other = { ...strategy, spec: { parameters: [{ name: 'ENV_VARS' }] } };
  const of = (status: object) => ({ ...builder, status });
  const STARTED = of({ state: 'Building', resourceRef: { 'shipwright.io/buildRun': 'r' } });

  it.each([
    ['that appears: whose build has not started', { type: 'added' }, builder, BUILDER_KEY],
    ['that declares other parameters: the same', { type: 'updated', old: other }, builder, BUILDER_KEY],
    ['that changes otherwise: nobody', { type: 'updated', old: strategy }, builder, []],
    ['that goes: nobody', { type: 'deleted' }, builder, []],
    ['that appears: nobody whose run has started', { type: 'added' }, STARTED, []],
    ['that appears: nobody whose build is over', { type: 'added' }, of({ state: 'Failed' }), []],
    [
      'that appears: nobody who uses a namespaced one of that name',
      { type: 'added' },
      { ...builder, spec: { ...builder.spec, shipwright: { strategy: { name: 'openfunction' } } } },
      [],
    ],
  ] as [string, Omit<Change, 'object'>, Builder, unknown][])('by a strategy %s', (_case, change, waiting, expected) => {
    const { world } = makeWorld([[BUILDER, waiting]]);
    expect(wokenBy(CLUSTER_BUILD_STRATEGY, { ...change, object: strategy }, world)).toEqual(expected);
  });
});
