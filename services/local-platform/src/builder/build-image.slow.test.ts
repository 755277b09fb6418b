import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImageStore, type StoredImage } from '../images/index.ts';
import { makeBuildEnvironment } from './build-environment.ts';
import { BuildFailure, BuildStopped } from './build-failure.ts';
import { type BuildResult, buildImage } from './build-image.ts';
import { LayerCache } from './layer-cache.ts';

const SAMPLES = join(import.meta.dirname, '../../../../samples');
const CACHE = process.env.OPENFUNCTION_CACHE ?? join(homedir(), '.cache/openfunction');
const COLD_MS = 300_000;

let root: string;
let repository: string;
let images: ImageStore;
const started = new Set<ChildProcess>();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'builder-'));
  repository = join(root, 'samples');
  images = new ImageStore(join(root, 'images'));
  await cp(SAMPLES, repository, { recursive: true });
  git('init', '-q', '-b', 'main');
  commitAll('first');
});

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

function git(...args: string[]): string {
  const identity = {
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  };
  return execFileSync('git', args, { cwd: repository, encoding: 'utf8', env: { ...process.env, ...identity } }).trim();
}

function commitAll(message: string): string {
  git('add', '-A');
  git('commit', '-q', '-m', message);
  return git('rev-parse', 'HEAD');
}

async function edit(file: string, from: string, to: string): Promise<void> {
  const path = join(repository, file);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
}

interface Wanted {
  env?: Record<string, string>;
  revision?: string;
  url?: string;
  signal?: AbortSignal;
  offline?: boolean;
}

/** Settings with which no build tool can reach its packages. */
const OFFLINE = {
  GOPROXY: 'off',
  npm_config_registry: 'http://127.0.0.1:1/',
  npm_config_offline: 'true',
  PIP_NO_INDEX: '1',
};

async function build(
  contextDir: string,
  { env = {}, revision, url = 'local://samples', signal, offline = false }: Wanted = {},
): Promise<BuildResult> {
  const request = { source: { url, revision, contextDir }, image: `local/${contextDir}:v1`, env };
  const environment = { ...makeBuildEnvironment(process.env), ...(offline && OFFLINE) };
  return await buildImage(request, {
    images,
    layers: new LayerCache(join(CACHE, 'builder')),
    environment,
    localRepository: repository,
    signal,
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts an image as the node does, asks it once, ends it, and says what it answered. */
async function ask(image: StoredImage): Promise<string> {
  const port = await freePort();
  const [program = '', ...args] = image.command;
  const context = JSON.stringify({ name: 'f', version: 'v1', runtime: 'Knative', port: '8080' });
  const pod = { PORT: String(port), POD_NAME: 'pod', POD_NAMESPACE: 'ns', FUNC_CONTEXT: context };
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...image.env, ...pod };
  const child = spawn(program, args, { cwd: image.directory, env, stdio: 'ignore' });
  started.add(child);
  try {
    return await answer(port, child);
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    started.delete(child);
  }
}

async function answer(port: number, child: ChildProcess): Promise<string> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline && child.exitCode === null) {
    const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (response !== undefined) return await response.text();
    await delay(50);
  }
  throw new Error(`the function gave no answer; exit code ${child.exitCode}`);
}

async function failure(attempt: Promise<unknown>): Promise<BuildFailure['facts']> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BuildFailure);
  return (error as BuildFailure).facts;
}

const LANGUAGES = [
  { folder: 'hello-node', name: 'helloWorld', file: 'index.js', warmMs: 5_000 },
  { folder: 'hello-typescript', name: 'helloWorld', file: 'index.ts', warmMs: 5_000 },
  { folder: 'hello-python', name: 'hello_world', file: 'main.py', warmMs: 5_000 },
  { folder: 'hello-go', name: 'HelloWorld', file: 'hello.go', warmMs: 10_000 },
];

describe.each(LANGUAGES)('$folder', ({ folder, name, file, warmMs }) => {
  const env = { FUNC_NAME: name };

  test('is built and answers, again with the new text, and with no network once it was built', {
    timeout: COLD_MS,
  }, async () => {
    const commit = git('rev-parse', 'HEAD');
    const cold = await build(folder, { env });
    expect(cold.source).toEqual({ commitSha: commit, commitAuthor: 'Ann', branchName: 'main' });
    const image = await images.resolve(`local/${folder}:v1@${cold.digest}`);
    expect(await ask(image as StoredImage)).toBe('Hello, World!\n');

    expect((await build(folder, { env })).digest).toBe(cold.digest);

    await edit(`${folder}/${file}`, 'World!', 'Moon!');
    const second = commitAll('moon');
    const since = performance.now();
    const warm = await build(folder, { env, revision: second, offline: true });
    const took = performance.now() - since;
    console.log(
      JSON.stringify({
        folder,
        coldMs: cold.milliseconds,
        warmMs: Math.round(took),
        sizeMB: Math.round(warm.size / 1e6),
      }),
    );
    expect(took).toBeLessThan(warmMs);
    expect(await ask((await images.resolve(`local/${folder}:v1`)) as StoredImage)).toBe('Hello, Moon!\n');
  });
});

describe('a build that cannot succeed', () => {
  test('names a Go compiler error with file and line, exit code and step', { timeout: COLD_MS }, async () => {
    await edit('hello-go/hello.go', 'fmt.Fprintln(w, ', 'fmt.Fprintln(nowhere, ');
    commitAll('broken');
    const facts = await failure(build('hello-go', { env: { FUNC_NAME: 'HelloWorld' } }));
    expect(facts).toMatchObject({ step: 'step-build', reason: 'StepFailed', exitCode: 1 });
    expect(facts.lines?.join('\n')).toMatch(/hello\.go:\d+:\d+: undefined: nowhere/);
    expect(JSON.stringify(facts)).not.toContain(root);
  });

  test('names a TypeScript file that does not parse', { timeout: COLD_MS }, async () => {
    await edit('hello-typescript/index.ts', '): void {', '): void {{');
    commitAll('broken');
    const facts = await failure(build('hello-typescript', { env: { FUNC_NAME: 'helloWorld' } }));
    expect(facts).toMatchObject({ step: 'step-build', exitCode: 1 });
    expect(facts.sentence).toContain('index.ts');
  });

  test('names a Python file that does not parse', { timeout: COLD_MS }, async () => {
    await edit('hello-python/main.py', 'return "', 'return ("');
    commitAll('broken');
    const facts = await failure(build('hello-python', { env: { FUNC_NAME: 'hello_world' } }));
    expect(facts).toMatchObject({ step: 'step-build', exitCode: 1 });
    expect(facts.sentence).toMatch(/main\.py:\d+/);
  });

  test('says which package npm could not find', { timeout: COLD_MS }, async () => {
    await edit('hello-node/package.json', '"@google-cloud', '"left-pad": "999.0.0",\n    "@google-cloud');
    commitAll('broken');
    const facts = await failure(build('hello-node', { env: { FUNC_NAME: 'helloWorld' } }));
    expect(facts).toMatchObject({ step: 'step-prepare', exitCode: 1 });
    expect(facts.sentence).toContain('left-pad');
  });

  test('names a Go function that is not there', async () => {
    const facts = await failure(build('hello-go', { env: { FUNC_NAME: 'Nobody' } }));
    expect(facts.sentence).toBe('FUNC_NAME "Nobody" names no function of package hello');
  });

  test('says that FUNC_NAME is missing before anything is fetched', async () => {
    expect((await failure(build('hello-go'))).reason).toBe('FunctionNameMissing');
  });

  test('stops at once when it is cancelled, and leaves nothing behind', { timeout: 20_000 }, async () => {
    const stop = new AbortController();
    await mkdir(join(repository, 'slow'));
    await writeFile(
      join(repository, 'slow/package.json'),
      JSON.stringify({ main: 'index.js', dependencies: { x: 'file:./x' }, scripts: { preinstall: 'sleep 60' } }),
    );
    await writeFile(join(repository, 'slow/index.js'), '');
    commitAll('slow');
    const attempt = build('slow', { env: { FUNC_NAME: 'f' }, signal: stop.signal });
    const since = Date.now();
    setTimeout(() => stop.abort(new BuildStopped('BuildRunCanceled', 'cancelled')), 1_000);
    await expect(attempt).rejects.toMatchObject({ reason: 'BuildRunCanceled' });
    expect(Date.now() - since).toBeLessThan(10_000);
    expect(await readdir(join(root, 'images/work'))).toEqual([]);
  });
});
