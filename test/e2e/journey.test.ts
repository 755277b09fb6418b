/**
 * What a user does with `npm start`: two replicas of each service, real builds, real processes. Times and counts are printed;
 * the assertions are the promises. `IDLE_SECONDS` says how long nothing may be written at rest (default 10).
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  BUILDER,
  FUNCTION,
  HTTP_ROUTE,
  KNATIVE_SERVICE,
  POD,
  SERVICE,
  SERVING,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
import { isWrite, readAuditLog, untilCondition, untilQuiet, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { get, startLoad } from './load.ts';
import { functionManifest, type Platform, ROOT, startPlatform, UP_MS } from './platform.ts';
import { answering, buildOf, commit, sourceRepository } from './source.ts';

const IDLE_SECONDS = Number(process.env['IDLE_SECONDS'] ?? 10);
const CHILDREN = [BUILDER, SERVING, SHIPWRIGHT_BUILD, SHIPWRIGHT_BUILD_RUN, KNATIVE_SERVICE, HTTP_ROUTE, SERVICE, POD];
const run = promisify(execFile);

describe('with npm start', () => {
  let platform: Platform;
  let folder: string;
  let state: string;
  let client: KubeClient;
  let port: number;
  let kubectl: Platform['kubectl'];

  beforeAll(async () => {
    platform = await startPlatform(['--sample', 'none', '--replicas', '2']);
    ({ folder, state, client, port, kubectl } = platform);
  }, UP_MS + 10_000);

  afterAll(() => platform?.stop(), 60_000);

  it('three mistakes are answered at once, one bullet each', async () => {
    const manifest = functionManifest('wrong', { spec: { build: { builder: 'b', timeout: '-5m' } } });
    const { stderr, code } = await kubectl(['apply', '-f', '-'], manifest);
    expect(code).not.toBe(0);
    const bullets = stderr.split('\n').filter((line) => line.startsWith('* '));
    expect(bullets.map((line) => line.split(': ')[0])).toEqual([
      '* spec.image',
      '* spec.build.srcRepo',
      '* spec.build.timeout',
    ]);
  });

  it('each sample manifest applies without a warning', async () => {
    for (const language of ['go', 'node', 'typescript', 'python']) {
      const file = join(ROOT, `samples/hello-${language}/function.yaml`);
      const { stderr, stdout, code } = await kubectl(['apply', '--dry-run=server', '-f', file]);
      expect({ language, stderr, stdout, code }).toMatchObject({ stderr: '', code: 0 });
    }
  });

  it('a sample is built and served; get, wait and logs work; applying it again changes nothing', async () => {
    const file = join(ROOT, 'samples/hello-node/function.yaml');
    expect((await kubectl(['apply', '-f', file])).stderr).toBe('');
    expect((await kubectl(['wait', '--for=condition=Ready', 'fn/hello-node', '--timeout=120s'])).code).toBe(0);
    const { stdout: table } = await kubectl(['get', 'fn', 'hello-node']);
    const [head = '', row = ''] = table.split('\n');
    expect(head.split(/\s+/).filter(Boolean)).toEqual([
      'NAME',
      'BUILDSTATE',
      'SERVINGSTATE',
      'READY',
      'REASON',
      'URL',
      'AGE',
    ]);
    expect(row).toContain(`http://hello-node.default.localhost:${port}/`);
    expect(row.length).toBeLessThanOrEqual(120);
    expect((await get('hello-node.default.localhost', port)).body).toContain('Hello, World!');
    const { stdout: pod } = await kubectl(['get', 'pods', '-o', 'name']);
    expect((await kubectl(['logs', pod.trim()])).code).toBe(0);
    const version = async () =>
      (await client.get(FUNCTION, { namespace: 'default', name: 'hello-node' }))?.metadata.resourceVersion;
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', file]);
    const before = await version();
    for (let count = 0; count < 10; count += 1) await kubectl(['apply', '--server-side', '-f', file]);
    expect(await version()).toBe(before);
  });

  it('what takes no new version is changed in place, and admission lets it through', async () => {
    const labelSelector = 'openfunction.io/function=hello-node';
    const serving = async () => (await client.list(SERVING, { namespace: 'default', labelSelector })).items;
    const [before] = await serving();
    const patch = { spec: { build: { timeout: '10m' }, serving: { timeout: '5m' } } };
    expect((await kubectl(['patch', 'fn', 'hello-node', '--type=merge', '-p', JSON.stringify(patch)])).code).toBe(0);
    await waitFor('the Serving follows', async () => (await serving()).some((one) => one['spec'].timeout === '5m'));
    const after = await serving();
    expect(after.map(({ metadata }) => metadata.name)).toEqual([before?.metadata.name]);
    const fn = { metadata: { namespace: 'default', name: 'hello-node' } };
    await untilCondition(client, fn, 'Ready', 'True', 30_000);
  });

  it('a source change rolls out without a failed request under 50 requests/s', { timeout: 120_000 }, async () => {
    const repository = await sourceRepository(folder, 'rolling', answering('first'));
    const manifest = (revision: string) =>
      functionManifest('rolling', {
        spec: { image: 'local/rolling:v1', build: buildOf(repository, revision), serving: {} },
      });
    expect((await kubectl(['apply', '-f', '-'], manifest('v1'))).stderr).toBe('');
    const fn = { metadata: { namespace: 'default', name: 'rolling' } };
    await untilCondition(client, fn, 'Ready', 'True', 60_000);
    const load = startLoad('rolling.default.localhost', port, 50);
    await commit(repository, { 'index.js': answering('second') }, 'v2');
    await kubectl(['apply', '-f', '-'], manifest('v2'));
    await waitFor('the new text is answered', () => load.answers.has('second'), 60_000);
    await untilCondition(client, fn, 'Ready', 'True', 60_000);
    await waitFor(
      'the old version goes',
      async () =>
        (await client.list(SERVING, { namespace: 'default', labelSelector: 'openfunction.io/function=rolling' })).items
          .length === 1,
      30_000,
    );
    const result = await load.stop();
    console.log(JSON.stringify({ rollout: { requests: result.requests, failed: result.failures.length } }));
    expect(result.failures).toEqual([]);
    expect(result.requests).toBeGreaterThan(100);
  });

  it('scales to zero with a 6 s window, and answers the next request', { timeout: 120_000 }, async () => {
    const repository = await sourceRepository(folder, 'sleepy', answering('awake'));
    const annotations = { 'autoscaling.knative.dev/window': '6s' };
    const spec = { image: 'local/sleepy:v1', build: buildOf(repository, 'v1'), serving: { annotations } };
    await kubectl(['apply', '-f', '-'], functionManifest('sleepy', { spec }));
    await untilCondition(client, { metadata: { namespace: 'default', name: 'sleepy' } }, 'Ready', 'True', 60_000);
    expect((await get('sleepy.default.localhost', port)).body).toBe('awake');
    await waitFor('no pod is left', async () => (await podsOf('sleepy')).length === 0, 60_000);
    const at = performance.now();
    expect(await get('sleepy.default.localhost', port)).toMatchObject({ status: 200, body: 'awake' });
    console.log(JSON.stringify({ coldStartMs: Math.round(performance.now() - at) }));
  });

  it('writes nothing at rest and is never refused', { timeout: (IDLE_SECONDS + 60) * 1000 }, async () => {
    const file = join(state, 'data', 'control-plane', 'audit.log');
    const ours = async () =>
      (await readAuditLog(await auditLog(file))).filter(({ user }) => OPERATORS.test(user.username));
    const writes = async () => (await ours()).filter(isWrite).length;
    const before = await untilQuiet(writes);
    await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000)); // the time at rest is what is looked at
    expect(await writes()).toBe(before);
    const refused = (await ours()).filter(({ responseStatus }) => responseStatus?.code === 403);
    expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
  });

  it('a source that cannot be cloned, or a function that crashes, is said in one sentence', {
    timeout: 120_000,
  }, async () => {
    const spec = { image: 'local/lost:v1', build: buildOf(join(folder, 'nowhere.git'), 'v1'), serving: {} };
    await kubectl(['apply', '-f', '-'], functionManifest('lost', { spec }));
    const lost = await untilCondition(
      client,
      { metadata: { namespace: 'default', name: 'lost' } },
      'Ready',
      'False',
      60_000,
    );
    expect(messageOf(lost.status?.conditions)).toMatch(/nowhere\.git/);
    const repository = await sourceRepository(folder, 'crashing', 'process.exit(3);\n');
    const crash = { image: 'local/crashing:v1', build: buildOf(repository, 'v1'), serving: {} };
    await kubectl(['apply', '-f', '-'], functionManifest('crashing', { spec: crash }));
    const crashed = await untilCondition(
      client,
      { metadata: { namespace: 'default', name: 'crashing' } },
      'Ready',
      'False',
      100_000,
    );
    expect(messageOf(crashed.status?.conditions)).toMatch(/exit(ed)?.*3/i);
    for (const text of [lost, crashed].map(({ status }) => messageOf(status?.conditions)))
      expect(text).not.toMatch(/\n|at .*\.(ts|js):\d/);
  });

  it('a deleted Function leaves no object and no process', { timeout: 60_000 }, async () => {
    const { stdout } = await kubectl(['get', 'fn', '-o', 'name']);
    await kubectl(['delete', ...stdout.trim().split('\n'), '--wait=true']);
    const left = async () => {
      const lists = await Promise.all(CHILDREN.map((kind) => client.list(kind, { namespace: 'default' })));
      return lists
        .flatMap(({ items }) => items)
        .filter(({ metadata, kind }) => !(kind === 'Service' && metadata.name === 'kubernetes'));
    };
    await waitFor(
      'nothing is left',
      async () =>
        (await left()).length === 0 ||
        Promise.reject(new Error((await left()).map(({ kind, metadata }) => `${kind} ${metadata.name}`).join())),
      10_000,
    );
    await waitFor(
      'no process is left',
      async () => !(await run('ps', ['-eo', 'args'], { maxBuffer: 1 << 24 })).stdout.includes(join(state, 'images')),
      10_000,
    );
  });

  const podsOf = async (name: string) =>
    (await client.list(POD, { namespace: 'default' })).items.filter(({ metadata }) =>
      JSON.stringify(metadata.annotations).includes(`${name}-default`),
    );
});

const OPERATORS =
  /^system:serviceaccount:openfunction:openfunction-(webhook|function-controller|build-controller|serving-controller)$/;

async function auditLog(file: string): Promise<string> {
  return await readFile(file, 'utf8').then(
    () => file,
    () => {
      throw new Error(`no audit log at ${file}`);
    },
  );
}

function messageOf(conditions: { type: string; message: string }[] | undefined): string {
  return conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}
