/**
 * The samples that send to a binding, built as the local builder builds them, each beside a real daprd: with the variables and the
 * Components that we emit for their manifests. Only addresses are changed, which on a cluster are names.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DAPR_COMPONENT, type Function, type KubeObject, type Serving, type ServingSpec } from '@openfunction/api';
import { freePort, type ManagedProcess, startProcess } from '@openfunction/local';
import { waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeBuildEnvironment } from '../../services/local-platform/src/builder/build-environment.ts';
import { buildImage } from '../../services/local-platform/src/builder/build-image.ts';
import { LayerCache } from '../../services/local-platform/src/builder/layer-cache.ts';
import { ImageStore, type StoredImage } from '../../services/local-platform/src/images/index.ts';
import { NO_DAPRD, startDaprd } from '../daprd.ts';
import { emittedEnv, emittedObjects, sketchServing } from '../emitted-env.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');
const CACHE = process.env['OPENFUNCTION_CACHE'] ?? join(homedir(), '.cache/openfunction');
/** daprd is built from its module when no run before has done so. */
const COLD_MS = 600_000;
const run = promisify(execFile);

describe.skipIf(NO_DAPRD !== '')(`samples that send greetings${NO_DAPRD}`, () => {
  let folder: string;
  let images: ImageStore;
  let receiver: number;
  const started: ManagedProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bindings-samples-'));
    images = new ImageStore(join(folder, 'images'));
    await cp(SAMPLES, join(folder, 'samples'), { recursive: true });
    const git = (...args: string[]) => run('git', args, { cwd: join(folder, 'samples') });
    await git('init', '--quiet', '--initial-branch=main');
    await git('add', '--all');
    await git('-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '-m', 'samples');
    receiver = await start('greetings-node/function.yaml');
  }, COLD_MS);

  afterAll(async () => {
    await Promise.all(started.map((process) => process.stop(2_000)));
    await rm(folder, { recursive: true, force: true });
  });

  it.each([{ sample: 'bindings-output-go' }, { sample: 'bindings-output-typescript' }])(
    '$sample receives a greeting, and the receiver shows it',
    async ({ sample }) => {
      const port = await start(`${sample}/function.yaml`);
      const answer = await fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ greeting: `Hi by ${sample}` }),
      });
      const shown = `Hi by ${sample} (from ${sample})`;
      expect({ status: answer.status, body: JSON.parse(await answer.text()) }).toEqual({
        status: 200,
        body: { received: shown },
      });
      expect(await greetings()).toContain(shown);
    },
    COLD_MS,
  );

  it(
    'cron-typescript sends the time whenever Dapr calls it',
    async () => {
      await start('bindings-output-typescript/cron.yaml');
      const fromCron = async () => (await greetings()).filter((line) => line.endsWith('(from cron-typescript)'));
      await waitFor('two greetings come', async () => (await fromCron()).length >= 2, 30_000);
      expect((await fromCron())[0]).toMatch(/^It is \d{4}-\d\d-\d\dT\S+Z \(from cron-typescript\)$/);
    },
    COLD_MS,
  );

  const greetings = async (): Promise<string[]> =>
    (await (await fetch(`http://127.0.0.1:${receiver}/`)).json()) as string[];

  /** Builds the Function of a manifest and starts it, with a daprd when it has Components; its port, once it answers. */
  async function start(manifest: string): Promise<number> {
    const fn = parse(await readFile(join(SAMPLES, manifest), 'utf8')) as Function;
    const { name } = fn.metadata;
    const image = await build(fn);
    const serving = servingOf(fn);
    const [port, http, grpc] = await Promise.all([freePort(), freePort(), freePort()]);
    await startFunction(name, image, port, { ...emittedEnv(serving), ...daprVariables(http, grpc) });
    const components = emittedObjects(serving).filter(({ kind }) => kind === DAPR_COMPONENT.kind);
    if (components.length > 0) await startDapr(name, serving, components, { app: port, http, grpc });
    const answers = () =>
      fetch(`http://127.0.0.1:${port}/healthz`).then(
        () => true,
        () => false,
      );
    await waitFor(`${name} listens`, answers, 20_000);
    return port;
  }

  async function build(fn: Function): Promise<StoredImage> {
    const { image = '', build: { env = {}, builder, srcRepo } = {} } = fn.spec;
    const source = { url: srcRepo?.url ?? '', contextDir: srcRepo?.sourceSubPath };
    const tools = {
      images,
      layers: new LayerCache(join(CACHE, 'builder')),
      environment: makeBuildEnvironment(process.env),
      localRepository: join(folder, 'samples'),
    };
    await buildImage({ source, image, env, builderImage: builder }, tools);
    return (await images.resolve(image)) as StoredImage;
  }

  async function startFunction(name: string, image: StoredImage, port: number, env: Record<string, string>) {
    const [command = '', ...args] = image.command;
    const pod = { POD_NAME: name, POD_NAMESPACE: 'default', PORT: String(port), FUNC_CONTEXT: withPort(env, port) };
    const host = { PATH: process.env['PATH'], HOME: folder };
    const logFile = join(folder, `${name}.log`);
    const all = { ...host, ...image.env, ...env, ...pod };
    started.push(await startProcess({ name, command, args, cwd: image.directory, env: all, logFile }));
  }

  async function startDapr(
    name: string,
    serving: Serving,
    components: KubeObject[],
    ports: { app: number; http: number; grpc: number },
  ) {
    // The app of an HTTP function is called by nobody but its callers.
    const isAsync = serving.spec.triggers?.http === undefined;
    const protocol = serving.spec.annotations?.['dapr.io/app-protocol'] ?? 'grpc';
    const process = await startDaprd({
      name,
      folder,
      components: components.map((each) => withoutNames(each, receiver)),
      http: ports.http,
      grpc: ports.grpc,
      ...(isAsync && { app: { port: ports.app, protocol } }),
    });
    started.push(process);
  }
});

/** The Serving of a manifest. */
function servingOf(fn: Function): Serving {
  const serving = sketchServing({ ...fn.spec.serving, version: fn.spec.version } as Partial<ServingSpec>);
  const { name } = fn.metadata;
  return { ...serving, metadata: { ...serving.metadata, labels: { 'openfunction.io/function': name } } };
}

function daprVariables(http: number, grpc: number): Record<string, string> {
  return { DAPR_HOST: '127.0.0.1', DAPR_HTTP_PORT: String(http), DAPR_GRPC_PORT: String(grpc) };
}

/** On a cluster each pod has the port to itself. */
function withPort(env: Record<string, string>, port: number): string {
  return JSON.stringify({ ...JSON.parse(env['FUNC_CONTEXT'] ?? '{}'), port: String(port) });
}

/** A Component whose URL leads to the receiver's port, where a cluster resolves its name; without scopes, as there is one app. */
function withoutNames(component: KubeObject, port: number): object {
  const { scopes: _scopes, ...rest } = component as KubeObject & { scopes?: string[] };
  const text = JSON.stringify({ ...rest, metadata: { name: rest.metadata.name } });
  return JSON.parse(text.replace('http://greetings.default.svc.cluster.local', `http://127.0.0.1:${port}`));
}
