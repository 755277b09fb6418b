import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { conditionTime, type KubeObject } from '@openfunction/api';
import { KubeClient } from '@openfunction/kube';
import { discoverKind, readManifests } from '@openfunction/local';
import {
  applyFunction,
  freshNamespace,
  moduleFolder,
  type StartedCluster,
  type System,
  sketchFunction,
  startSystem,
  startTestCluster,
  untilCondition,
  waitFor,
  withoutConversion,
} from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SKIPPED } from './real-world.ts';

// A cluster with an older Shipwright, whose CRDs have v1alpha1 only: what we emit arrives whole, and what it says is understood.

const SHIPWRIGHT = 'github.com/shipwright-io/build@v0.11.0';
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

const STRATEGY: KubeObject = {
  apiVersion: 'shipwright.io/v1alpha1',
  kind: 'ClusterBuildStrategy',
  metadata: { name: 'openfunction' },
  spec: {
    parameters: [{ name: 'ENV_VARS', description: 'Variables of the build.', default: '' }],
    buildSteps: [
      { name: 'build', image: '$(params.BUILDER_IMAGE)', command: ['true'], resources: {}, securityContext: {} },
    ],
  },
};

const GIT = {
  builder: 'openfunction/builder-go:latest',
  builderCredentials: { name: 'builder-secret' },
  srcRepo: {
    url: 'https://git.example/acme/resize.git',
    revision: 'main',
    sourceSubPath: 'fn',
    credentials: { name: 'git-secret' },
  },
  env: { FUNC_NAME: 'Resize', FUNC_CLEAR_SOURCE: 'true' },
  timeout: '10m',
};

const CASES: { name: string; build: Record<string, unknown>; expected: Record<string, unknown> }[] = [
  {
    name: 'a builder and a Git source with every field',
    build: GIT,
    expected: {
      source: {
        url: 'https://git.example/acme/resize.git',
        revision: 'main',
        contextDir: 'fn',
        credentials: { name: 'git-secret' },
      },
      builder: { image: 'openfunction/builder-go:latest', credentials: { name: 'builder-secret' } },
      strategy: { name: 'openfunction', kind: 'ClusterBuildStrategy' },
      paramValues: [{ name: 'ENV_VARS', value: 'FUNC_CLEAR_SOURCE=true#FUNC_NAME=Resize#' }],
      timeout: '10m',
    },
  },
  {
    name: 'a Dockerfile, a bundle and parameters of every kind',
    build: {
      builder: undefined,
      env: undefined,
      dockerfile: 'docker/Dockerfile',
      srcRepo: {
        url: undefined,
        bundleContainer: { image: 'example.com/source:v1' },
        credentials: { name: 'pull-secret' },
      },
      shipwright: {
        strategy: { name: 'own', kind: 'BuildStrategy' },
        params: [
          { name: 'mode', value: 'fast' },
          { name: 'token', secretValue: { name: 'tokens', key: 'build' } },
          { name: 'files', values: [{ value: 'a' }, { configMapValue: { name: 'names', key: 'b' } }] },
        ],
      },
    },
    expected: {
      source: { bundleContainer: { image: 'example.com/source:v1' }, credentials: { name: 'pull-secret' } },
      dockerfile: 'docker/Dockerfile',
      strategy: { name: 'own', kind: 'BuildStrategy' },
      paramValues: [
        { name: 'mode', value: 'fast' },
        { name: 'token', secretValue: { name: 'tokens', key: 'build' } },
        { name: 'files', values: [{ value: 'a' }, { configMapValue: { name: 'names', key: 'b' } }] },
      ],
    },
  },
];

describe.skipIf(SKIPPED !== '')(`Shipwright v1alpha1${SKIPPED}`, () => {
  let cluster: StartedCluster;
  let client: KubeClient;
  let system: System;

  beforeAll(async () => {
    const folder = join(await moduleFolder(SHIPWRIGHT), 'deploy/crds');
    const crds = await readManifests((await readdir(folder)).map((file) => join(folder, file)));
    cluster = await startTestCluster({ roles: true, manifests: [...crds.map(withoutConversion), STRATEGY] });
    client = KubeClient.of(cluster.admin);
    system = await startSystem({ cluster, client, replicas: 1 });
  });

  afterAll(async () => {
    await system?.stop();
    await client?.close();
    await cluster?.stop();
  });

  const only = async (name: string, namespace: string): Promise<KubeObject> => {
    const kind = await discoverKind(client, 'shipwright.io/v1alpha1', name);
    if (kind === undefined) throw new Error(`${name} is not served`);
    return waitFor(`${name} in ${namespace}`, async () => (await client.list(kind, { namespace })).items[0]);
  };

  const say = async (object: KubeObject, status: object) => {
    const kind = await discoverKind(client, object.apiVersion, object.kind);
    if (kind === undefined) throw new Error(`${object.kind} is not served`);
    await client.patch(kind, object.metadata, { status }, { subresource: 'status', fieldManager: 'shipwright' });
  };

  test.each(CASES)('takes $name', async ({ build, expected }) => {
    const namespace = await freshNamespace(client, 'v1alpha1');
    const spec = { imageCredentials: { name: 'push-secret' } };
    const fn = sketchFunction({ namespace, name: 'resize', build, serving: false, spec });
    await applyFunction(client, fn);
    const made = await only('Build', namespace);
    expect(made['spec']).toEqual({
      ...expected,
      output: { image: 'registry.example.com/acme/resize:v1', credentials: { name: 'push-secret' } },
    });
    await say(made, { registered: 'True', reason: 'Succeeded', message: 'all validations succeeded' });
    const run = await only('BuildRun', namespace);
    expect(run['spec']).toEqual({ buildRef: { name: made.metadata.name }, serviceAccount: { generate: true } });
    const time = conditionTime(new Date());
    await say(run, {
      startTime: time,
      completionTime: time,
      conditions: [{ type: 'Succeeded', status: 'True', reason: 'Succeeded', message: '', lastTransitionTime: time }],
      output: { digest: DIGEST, size: 4711 },
      sources: [{ name: 'default', git: { commitSha: '0a1b2c3d', commitAuthor: 'Ada' } }],
    });
    const { status } = await untilCondition(client, fn, 'Ready', 'True');
    expect(status).toMatchObject({
      build: { state: 'Succeeded' },
      revision: { imageDigest: DIGEST },
      sources: [{ name: 'default', git: { commitSha: '0a1b2c3d', commitAuthor: 'Ada' } }],
    });
  });

  test('tells why a run failed', async () => {
    const namespace = await freshNamespace(client, 'v1alpha1');
    const fn = sketchFunction({ namespace, name: 'resize', build: GIT, serving: false });
    await applyFunction(client, fn);
    await say(await only('Build', namespace), { registered: 'True', reason: 'Succeeded', message: '' });
    const time = conditionTime(new Date());
    await say(await only('BuildRun', namespace), {
      startTime: time,
      completionTime: time,
      conditions: [
        { type: 'Succeeded', status: 'False', reason: 'Failed', message: 'it failed', lastTransitionTime: time },
      ],
      failureDetails: {
        reason: 'GitRevisionNotFound',
        message: 'The remote branch of the repository was not found.',
        location: { pod: 'gone', container: 'step-source-default' },
      },
    });
    const { status } = await untilCondition(client, fn, 'Built', 'False');
    expect(status?.build?.message).toMatch(
      /step-source-default: .*branch .* not found.*Check spec\.build\.srcRepo\.revision/,
    );
  });
});
