import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KubeObject, SHIPWRIGHT_BUILD, SHIPWRIGHT_BUILD_RUN } from '@openfunction/api';
import { KubeClient } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import { freshNamespace, type StartedCluster, startTestCluster, waitFor } from '@openfunction/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ImageStore } from '../images/index.ts';
import { builderCache, type RunningBuilder, startBuilder } from './start-builder.ts';

const SAMPLES = join(import.meta.dirname, '../../../../samples');
const CRDS = join(import.meta.dirname, '../../deploy/10-shipwright-crds.yaml');
const CACHE = builderCache(process.env.OPENFUNCTION_CACHE ?? join(homedir(), '.cache/openfunction'));
const BUILD_MS = 60_000;

let root: string;
let cluster: StartedCluster;
let client: KubeClient;
let images: ImageStore;
let namespace: string;
let builder: RunningBuilder | undefined;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'builder-'));
  await cp(SAMPLES, join(root, 'samples'), { recursive: true });
  await writeFile(join(root, 'samples/hello-node/broken.js'), 'export function f( {');
  await makeSlowFunction();
  makeRepository();
  images = new ImageStore(join(root, 'images'));
  cluster = await startTestCluster({ crds: false, manifests: [CRDS] });
  client = KubeClient.of(cluster.admin);
  namespace = await freshNamespace(client);
});

afterEach(async () => {
  await builder?.stop();
  builder = undefined;
});

afterAll(async () => {
  await client?.close();
  await cluster?.stop();
  await rm(root, { recursive: true, force: true });
});

/** Its installation takes a minute, and leaves a mark each time it begins. */
async function makeSlowFunction(): Promise<void> {
  const directory = join(root, 'samples/slow');
  await cp(join(SAMPLES, 'hello-node'), directory, { recursive: true });
  const preinstall = `echo begun >> ${join(root, 'marks')}; exec sleep 60.125`;
  await writeFile(
    join(directory, 'package.json'),
    JSON.stringify({ main: 'index.js', dependencies: { x: 'file:./x' }, scripts: { preinstall } }),
  );
}

function makeRepository(): void {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ann', '-c', 'user.email=a@example.com', ...args], {
      cwd: join(root, 'samples'),
    });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
}

function start(): RunningBuilder {
  builder = startBuilder({
    client,
    images,
    cacheDirectory: CACHE,
    localRepository: join(root, 'samples'),
    environment: process.env,
    logger: silentLogger(),
  });
  return builder;
}

async function createBuild(
  name: string,
  folder: string,
  changes: object = {},
  envVars = 'FUNC_NAME=helloWorld#',
): Promise<void> {
  const spec = {
    source: { type: 'Git', git: { url: 'local://samples' }, contextDir: folder },
    strategy: { name: 'openfunction', kind: 'ClusterBuildStrategy' },
    paramValues: [{ name: 'ENV_VARS', value: envVars }],
    output: { image: `local/${name}:v1` },
    ...changes,
  };
  await client.create(SHIPWRIGHT_BUILD, {
    apiVersion: 'shipwright.io/v1beta1',
    kind: 'Build',
    metadata: { name, namespace },
    spec,
  });
}

async function createRun(build: string, spec: object = {}): Promise<string> {
  const name = `${build}-run`;
  const metadata = { name, namespace };
  const object = {
    apiVersion: 'shipwright.io/v1beta1',
    kind: 'BuildRun',
    metadata,
    spec: { build: { name: build }, serviceAccount: '.generate', ...spec },
  };
  await client.create(SHIPWRIGHT_BUILD_RUN, object);
  return name;
}

async function succeededOf(name: string): Promise<{ status: string; reason: string; message: string } | undefined> {
  const run = await client.get(SHIPWRIGHT_BUILD_RUN, { namespace, name });
  return run?.status?.conditions?.[0];
}

async function ended(name: string): Promise<KubeObject> {
  const run = await waitFor(
    `end of ${name}`,
    async () => {
      const object = await client.get(SHIPWRIGHT_BUILD_RUN, { namespace, name });
      return object?.status?.completionTime === undefined ? undefined : object;
    },
    BUILD_MS,
  );
  return run;
}

async function isRunning(name: string): Promise<boolean> {
  return (await succeededOf(name))?.reason === 'Running';
}

/** Whether any process of the slow installation is left on this machine. */
function sleeps(): boolean {
  return execFileSync('ps', ['-A', '-o', 'args'], { encoding: 'utf8' })
    .split('\n')
    .some((line) => line === 'sleep 60.125');
}

describe('a BuildRun', () => {
  test('is built, and has the source, the digest and the condition of Shipwright', { timeout: BUILD_MS }, async () => {
    start();
    await createBuild('good', 'hello-node');
    const { status } = await ended(await createRun('good'));
    expect(status.conditions).toMatchObject([{ type: 'Succeeded', status: 'True', reason: 'Succeeded' }]);
    expect(status.source.git).toMatchObject({
      commitAuthor: 'Ann',
      branchName: 'main',
      commitSha: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    const image = await images.resolve(`local/good:v1@${status.output.digest}`);
    expect(image?.language).toBe('node');
    expect(status.output.size).toBeGreaterThan(1e6);
    expect(Date.parse(status.completionTime)).toBeGreaterThanOrEqual(Date.parse(status.startTime));
    const build = await client.get(SHIPWRIGHT_BUILD, { namespace, name: 'good' });
    expect(build?.status).toEqual({ registered: 'True', reason: 'Succeeded', message: 'all validations succeeded' });
  });

  test('that fails names the step and its last lines', { timeout: BUILD_MS }, async () => {
    start();
    await createBuild('broken', 'hello-node', {}, 'FUNC_NAME=f#FUNC_SRC=broken.js#');
    const { status } = await ended(await createRun('broken'));
    expect(status.conditions).toMatchObject([
      { status: 'False', reason: 'Failed', message: expect.stringContaining('step-build') },
    ]);
    expect(status.failureDetails).toMatchObject({
      reason: 'StepFailed',
      location: { pod: 'broken-run-pod', container: 'step-build' },
    });
    expect(status.failureDetails.message).toContain('SyntaxError');
  });

  test.each([
    ['no-build', undefined, 'BuildNotFound', 'not found'],
    [
      'kaniko',
      { strategy: { name: 'kaniko', kind: 'ClusterBuildStrategy' } },
      'BuildRegistrationFailed',
      'needs a cluster',
    ],
    [
      'bundle',
      { source: { type: 'OCI', ociArtifact: { image: 'a/b' } } },
      'BuildRegistrationFailed',
      'needs a cluster',
    ],
    ['params', { paramValues: [{ name: 'go-flags', value: 'x' }] }, 'UndefinedParameter', 'go-flags'],
    [
      'secret',
      { source: { type: 'Git', git: { url: 'local://samples', cloneSecret: 'nope' } } },
      'BuildRegistrationFailed',
      '"nope"',
    ],
  ])('that cannot be run says why: %s', async (name, changes, reason, said) => {
    start();
    if (changes !== undefined) await createBuild(name, 'hello-node', changes);
    const { status } = await ended(await createRun(name));
    expect(status.conditions).toMatchObject([{ status: 'False', reason, message: expect.stringContaining(said) }]);
  });

  test('ends at its timeout, and nothing of it goes on', { timeout: BUILD_MS }, async () => {
    start();
    await createBuild('late', 'slow', { timeout: '1h' });
    const { status } = await ended(await createRun('late', { timeout: '1.5s' }));
    expect(status.conditions).toMatchObject([
      { status: 'False', reason: 'BuildRunTimeout', message: 'BuildRun late-run failed to finish within 1.5s' },
    ]);
    expect(sleeps()).toBe(false);
    expect(await readdir(join(root, 'images/work'))).toEqual([]);
  });

  test('ends when it is cancelled, and when it is deleted', { timeout: BUILD_MS }, async () => {
    start();
    await createBuild('unwanted', 'slow');
    const name = await createRun('unwanted');
    await waitFor('sleep', () => sleeps());
    await client.patch(SHIPWRIGHT_BUILD_RUN, { namespace, name }, { spec: { state: 'BuildRunCanceled' } });
    expect((await ended(name)).status.conditions).toMatchObject([{ status: 'False', reason: 'BuildRunCanceled' }]);
    expect(sleeps()).toBe(false);
    await createBuild('deleted', 'slow');
    const other = await createRun('deleted');
    await waitFor('sleep', () => sleeps());
    await client.delete(SHIPWRIGHT_BUILD_RUN, { namespace, name: other });
    await waitFor('end of the processes', () => !sleeps());
  });

  test('starts over after a restart of the platform, and two are built at once at most', {
    timeout: BUILD_MS,
  }, async () => {
    const marks = async () => (await readFile(join(root, 'marks'), 'utf8').catch(() => '')).split('\n').length - 1;
    await rm(join(root, 'marks'), { force: true });
    const names: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      await createBuild(name, 'slow');
      names.push(await createRun(name));
    }
    const first = start();
    await waitFor('two builds', async () => (await Promise.all(names.map(isRunning))).filter(Boolean).length === 2);
    await waitFor('two installations', async () => (await marks()) === 2);
    await first.stop();
    expect(sleeps()).toBe(false);
    expect((await Promise.all(names.map(isRunning))).filter(Boolean)).toHaveLength(2);
    start();
    await waitFor('two more installations', async () => (await marks()) === 4);
    for (const name of names)
      await client.patch(SHIPWRIGHT_BUILD_RUN, { namespace, name }, { spec: { state: 'BuildRunCanceled' } });
    for (const name of names)
      expect((await ended(name)).status.conditions).toMatchObject([{ reason: 'BuildRunCanceled' }]);
    expect(await marks()).toBe(4);
  });
});
