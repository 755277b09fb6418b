import { BUILDER, type KubeObject } from '@openfunction/api';
import { Reflector } from '@openfunction/kube';
import { applyManifests } from '@openfunction/local';
import { silentLogger } from '@openfunction/telemetry';
import { applyFunction, sketchFunction, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectWorld, type RealWorld, SKIPPED } from './real-world.ts';

// Builds in a namespace that is kept tight: Pod Security `baseline`, and a quota on requests and limits.

const STRATEGIES = [
  { name: 'openfunction', build: { builder: 'example.com/builder:v1' } },
  { name: 'kaniko', build: { builder: undefined, dockerfile: 'Dockerfile' } },
  { name: 'buildah', build: dockerfileWith('buildah') },
  { name: 'wasmedge', build: dockerfileWith('wasmedge') },
  { name: 'ko', build: dockerfileWith('ko') },
];

describe.skipIf(SKIPPED !== '')(`in a tight namespace${SKIPPED}`, () => {
  let world: RealWorld;

  beforeAll(async () => {
    world = await connectWorld();
  });

  afterAll(() => world?.stop());

  test.each(STRATEGIES)('the pod of strategy $name is admitted', async ({ name, build }) => {
    const namespace = await world.namespace({ 'pod-security.kubernetes.io/enforce': 'baseline' });
    const hard = {
      pods: '5',
      'requests.cpu': '8',
      'requests.memory': '16Gi',
      'limits.cpu': '16',
      'limits.memory': '32Gi',
    };
    // For the containers that Shipwright and Tekton add to those of the strategy.
    const defaults = ['build-limits=cpu=1,memory=512Mi', 'build-requests=cpu=50m,memory=64Mi'];
    await world.kubectl('annotate', 'namespace', namespace, ...defaults.map((each) => `openfunction.io/${each}`));
    await applyManifests(world.client, [object('ResourceQuota', namespace, { hard })], { fieldManager: 'kubectl' });
    await applyFunction(world.client, sketchFunction({ namespace, name: 'tight', build, serving: false }));
    const pod = await world.pod(namespace);
    expect(pod.metadata.labels).toMatchObject({ 'clusterbuildstrategy.shipwright.io/name': name });
  });

  test('a quota that nothing answers is named before it refuses the pod', async () => {
    const namespace = await world.namespace();
    const quota = object('ResourceQuota', namespace, { hard: { 'limits.cpu': '16' } });
    await applyManifests(world.client, [quota], { fieldManager: 'kubectl' });
    const first = await firstWords(namespace, {}, 'refuses the pod');
    expect(first).toContain(`ResourceQuota ${namespace}/tight takes no container without limits.cpu`);
  });

  test.each([
    ['openfunction', { builder: 'example.com/builder:v1' }],
    ['kaniko', { builder: undefined, dockerfile: 'Dockerfile' }],
  ])('that restricted refuses strategy %s is said before', async (name, build) => {
    const namespace = await world.namespace({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const first = await firstWords(namespace, build, 'does not admit the pod');
    expect(first).toMatch(
      new RegExp(`ClusterBuildStrategy ${name} needs more .* "restricted"\\): step .* runs as user 0`),
    );
  });

  test('a strategy that needs more is named before its pod is refused', async () => {
    const namespace = await world.namespace({ 'pod-security.kubernetes.io/enforce': 'baseline' });
    const steps = [
      { name: 'build', image: 'example.com/tool', command: ['tool'], securityContext: { privileged: true } },
    ];
    const parameters = [{ name: 'env', description: 'Variables.', type: 'array', defaults: [] }];
    const strategy = {
      apiVersion: 'shipwright.io/v1beta1',
      kind: 'BuildStrategy',
      metadata: { namespace, name: 'bold' },
    };
    await applyManifests(world.client, [{ ...strategy, spec: { steps, parameters } }], { fieldManager: 'kubectl' });
    const shipwright = { strategy: { name: 'bold', kind: 'BuildStrategy' } };
    const first = await firstWords(namespace, { shipwright }, 'does not admit the pod');
    expect(first).toContain(`BuildStrategy ${namespace}/bold needs more than its pod may have here`);
  });

  /** What the Builder of a new Function says first, once it has said the last. */
  const firstWords = async (namespace: string, build: Record<string, unknown>, last: string): Promise<string> => {
    const said = new Set<string>();
    const reflector = new Reflector({
      client: world.client,
      kind: BUILDER,
      namespace,
      logger: silentLogger(),
      onChange: ({ object }) => said.add(readyMessage(object)),
    });
    reflector.start();
    await applyFunction(world.client, sketchFunction({ namespace, name: 'tight', build, serving: false }));
    await waitFor('the pod is refused', () => [...said].some((text) => text.includes(last)));
    await reflector.stop();
    return [...said].find((text) => text !== '') ?? '';
  };
});

function readyMessage({ status }: KubeObject): string {
  const conditions = (status?.conditions ?? []) as { type: string; message: string }[];
  return conditions.find(({ type }) => type === 'Ready')?.message ?? '';
}

function dockerfileWith(name: string) {
  const strategy = { name, kind: 'ClusterBuildStrategy' };
  return { builder: undefined, dockerfile: 'Dockerfile', shipwright: { strategy } };
}

function object(kind: string, namespace: string, spec: object): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { namespace, name: 'tight' }, spec };
}
