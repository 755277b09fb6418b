import {
  BUILDER,
  type Builder,
  FUNCTION,
  type Function,
  type KubeObject,
  POD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import { applyFunction, type FunctionSketch, sketchFunction, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepsOf } from './kubelet.ts';
import { connectWorld, type RealWorld, SKIPPED } from './real-world.ts';

// How a build of the real Shipwright ends, and what the Function then says.

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe.skipIf(SKIPPED !== '')(`a build${SKIPPED}`, () => {
  let world: RealWorld;

  beforeAll(async () => {
    world = await connectWorld();
  });

  afterAll(() => world?.stop());

  const begin = async (sketch: Partial<FunctionSketch> = {}): Promise<{ fn: Function; pod: KubeObject }> => {
    const namespace = await world.namespace();
    const fn = sketchFunction({ namespace, name: 'resize', build: true, serving: false, ...sketch });
    const applied = await applyFunction(world.client, fn);
    const pod = await world.pod(namespace);
    await world.kubelet.run(pod);
    return { fn: applied, pod };
  };

  const until = (fn: Function, state: string) =>
    waitFor(
      `the build is ${state}`,
      async () => {
        const live = await world.read(fn);
        if (live.status?.build?.state === state) return live;
        throw new Error(JSON.stringify(live.status));
      },
      60_000,
    );

  const runsIn = async (namespace: string) => (await world.client.list(SHIPWRIGHT_BUILD_RUN, { namespace })).items;

  test('that succeeds tells digest and source', async () => {
    const { fn, pod } = await begin();
    const git = { 'commit-sha': '0a1b2c3d', 'commit-author': 'Ada', 'branch-name': 'main' };
    await world.kubelet.end(pod, [
      { step: 'step-source-default', exitCode: 0, results: prefixed('shp-source-default', git) },
      {
        step: stepsOf(pod).at(-1) ?? '',
        exitCode: 0,
        results: prefixed('shp-image', { digest: DIGEST, size: '4711' }),
      },
    ]);
    const { status } = await until(fn, 'Succeeded');
    expect(status).toMatchObject({
      build: { state: 'Succeeded', reason: 'Succeeded' },
      revision: { imageDigest: DIGEST },
      sources: [{ name: 'default', git: { commitSha: '0a1b2c3d', commitAuthor: 'Ada' } }],
    });
    expect(status?.build?.buildDuration).toMatch(/^\d+(m|s)/);
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    const builder = (await world.client.get(BUILDER, {
      namespace: fn.metadata.namespace,
      name: status?.build?.resourceRef ?? '',
    })) as Builder | undefined;
    expect(builder?.status?.output ?? { digest: DIGEST, size: 4711 }).toEqual({ digest: DIGEST, size: 4711 });
  });

  test('says where it is while it runs', async () => {
    const { fn } = await begin();
    await waitFor('the stage is told', async () => {
      const built = (await world.read(fn)).status?.conditions?.find(({ type }) => type === 'Built');
      expect(built).toMatchObject({ status: 'Unknown', reason: 'Building' });
      expect(built?.message).toMatch(/: cloning since .*step-source-default/);
      return true;
    });
  });

  test('that outlives the limit of the Builder ends in Timeout, and its run is cancelled', async () => {
    const { fn } = await begin({ build: { timeout: '8s' } });
    const { status } = await until(fn, 'Timeout');
    // Shipwright has the same limit: on a busy machine its own look may come first.
    const reason = expect.stringMatching(/^(BuildRun)?Timeout$/);
    expect(status?.build).toMatchObject({ state: 'Timeout', reason, buildDuration: '8s' });
    const [run] = await runsIn(fn.metadata.namespace ?? '');
    // Both may come at once: then the run is cancelled, and its own word is Shipwright's.
    if (status?.build?.reason === 'Timeout') expect(run?.['spec'].state).toBe('BuildRunCanceled');
  });

  test('that is cancelled on the Builder ends in Canceled, with its pod', async () => {
    const { fn, pod } = await begin();
    const { namespace = '' } = fn.metadata;
    const { name } = (await world.find(BUILDER, namespace)).metadata;
    await world.client.patch(
      BUILDER,
      { namespace, name },
      { spec: { state: 'Cancelled' } },
      { fieldManager: 'kubectl' },
    );
    const { status } = await until(fn, 'Canceled');
    expect(status?.build).toMatchObject({ state: 'Canceled', reason: 'BuildRunCanceled' });
    // It goes when its kubelet has ended it; this one never does.
    await waitFor('Tekton deletes the pod', async () => {
      const live = await world.client.get(POD, pod.metadata);
      return live === undefined || live.metadata.deletionTimestamp !== undefined;
    });
  });

  test('is cancelled for a change, and the new one begins', async () => {
    const { fn } = await begin({ build: { successfulBuildsHistoryLimit: 1 } });
    const { namespace = '' } = fn.metadata;
    await world.client.patch(
      FUNCTION,
      fn.metadata,
      { spec: { build: { srcRepo: { revision: 'v2' } } } },
      { fieldManager: 'kubectl' },
    );
    const second = await world.find(POD, namespace, (pod) => JSON.stringify(pod['spec']).includes('"v2"'));
    await world.kubelet.run(second);
    await world.kubelet.end(second);
    await until(fn, 'Succeeded');
    const states = (await runsIn(namespace)).map((run) => run['spec'].state ?? 'goes on');
    expect(states.toSorted()).toEqual(['BuildRunCanceled', 'goes on']);
  });
});

function prefixed(prefix: string, results: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(results).map(([key, value]) => [`${prefix}-${key}`, value]));
}
