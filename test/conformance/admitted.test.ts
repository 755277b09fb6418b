import type { Kind, KubeObject } from '@openfunction/api';
import { applyFunction, sketchFunction } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type BuildWorld, connectBuildWorld } from './build-world.ts';

// Builds in a namespace that is kept tight: Pod Security `baseline`, and a quota on requests and limits.

const cluster = inject('buildCluster');
const SKIPPED =
  cluster === undefined ? ' (skipped: Shipwright and Tekton are built from Go modules, and there is no go)' : '';

const core = (kind: string, plural: string): Kind => ({ group: '', versions: ['v1'], kind, plural, namespaced: true });
const QUOTA = core('ResourceQuota', 'resourcequotas');
const LIMIT_RANGE = core('LimitRange', 'limitranges');

const STRATEGIES = [
  { name: 'openfunction', build: { builder: 'example.com/builder:v1' } },
  { name: 'kaniko', build: { builder: undefined, dockerfile: 'Dockerfile' } },
  { name: 'buildah', build: dockerfileWith('buildah') },
  { name: 'wasmedge', build: dockerfileWith('wasmedge') },
  { name: 'ko', build: dockerfileWith('ko') },
];

describe.skipIf(SKIPPED !== '')(`in a tight namespace${SKIPPED}`, () => {
  let world: BuildWorld;

  beforeAll(async () => {
    if (cluster !== undefined) world = await connectBuildWorld(cluster);
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
    await world.client.create(QUOTA, object('ResourceQuota', namespace, { hard }));
    // For the containers that Shipwright and Tekton add to those of the strategy.
    const limits = {
      type: 'Container',
      default: { cpu: '1', memory: '512Mi' },
      defaultRequest: { cpu: '50m', memory: '64Mi' },
    };
    await world.client.create(LIMIT_RANGE, object('LimitRange', namespace, { limits: [limits] }));
    await applyFunction(world.client, sketchFunction({ namespace, name: 'tight', build, serving: false }));
    const pod = await world.pod(namespace);
    expect(pod.metadata.labels).toMatchObject({ 'clusterbuildstrategy.shipwright.io/name': name });
  });
});

function dockerfileWith(name: string) {
  const strategy = { name, kind: 'ClusterBuildStrategy' };
  return { builder: undefined, dockerfile: 'Dockerfile', shipwright: { strategy } };
}

function object(kind: string, namespace: string, spec: object): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { namespace, name: 'tight' }, spec };
}
