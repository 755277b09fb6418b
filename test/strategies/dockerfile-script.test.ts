import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { argumentsOf, fakeProgram, OUTPUT_IMAGE, type ParamValues, runStep, type StepRun } from './run-step.ts';
import { readStrategy, stepOf } from './strategy.ts';

// The scripts of the strategies that take a Dockerfile, run by /bin/sh with programs that only write down what they are asked.

const DIGEST = 'cd34'.repeat(16);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strategy-'));
  for (const name of ['source/fn', 'results', 'tools']) await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, 'source/Dockerfile'), 'FROM scratch\n');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const VALUES = [
  'HASH=a#b',
  'EQUALS==x=',
  'SPACES= a  b ',
  `QUOTES=it's "q" $(id) \\n`,
  'LINES=one\ntwo\n',
  'EMPTY=',
  'GLOB=*',
];

function buildArgs(values: string[]): string[] {
  return values.flatMap((value) => ['--build-arg', value]);
}

/** How often `--build-arg` and what, in order. */
function given(args: string[]): string[] {
  return args.flatMap((arg, index) => (args[index - 1] === '--build-arg' ? [arg] : []));
}

describe.each(['buildah', 'wasmedge'])('%s', (name) => {
  const program = (): string => join(folder, 'bin/buildah');

  async function build(params: ParamValues = {}): Promise<StepRun> {
    const strategy = await readStrategy(name);
    const env = { REGISTRIES_CONF: join(folder, 'registries.conf'), STORAGE_ROOT: join(folder, 'storage') };
    return runStep(strategy, stepOf(strategy, 'build-and-push'), folder, { params, env });
  }

  beforeEach(() => fakeProgram(program()));

  test('a Build without any parameter: builds the Dockerfile of the source, and pushes with TLS verified', async () => {
    expect(await build()).toMatchObject({ code: 0 });
    const args = await argumentsOf(program());
    const file = ['--file', join(folder, 'source/Dockerfile'), join(folder, 'source')];
    expect(args.join('\n')).toContain(['--tag', OUTPUT_IMAGE, ...file].join('\n'));
    const push = ['push', '--tls-verify=true', '--digestfile', join(folder, 'results/shp-image-digest')];
    expect(args.join('\n')).toContain([...push, OUTPUT_IMAGE, `docker://${OUTPUT_IMAGE}`].join('\n'));
    expect(await readFile(join(folder, 'registries.conf'), 'utf8')).toBe(
      'unqualified-search-registries = ["docker.io", "quay.io"]\n\n',
    );
  });

  test('env, ENV_VARS and build-args arrive byte for byte; env comes last and so wins', async () => {
    const params = { env: VALUES, ENV_VARS: 'T=1#2#U=a b#', 'build-args': ['B=x y'] };
    expect(await build(params)).toMatchObject({ code: 0 });
    expect(given(await argumentsOf(program()))).toEqual(['B=x y', 'T=1#2', 'U=a b', ...VALUES]);
  });

  test('a variable without a name is refused', async () => {
    expect((await build({ env: ['--volume=/:/host', 'x'] })).results['shp-error-reason']).toBe('InvalidEnv');
    expect((await build({ ENV_VARS: 'nothing' })).results['shp-error-reason']).toBe('InvalidEnv');
  });

  test('registries, by text and by list', async () => {
    const texts = { 'registry-search': 'ghcr.io', 'registry-insecure': 'a:5000, *.b', 'registry-block': 'c' };
    const lists = {
      'registries-search': ['d'],
      'registries-insecure': ['registry.example.com:5000'],
      'registries-block': ['e'],
    };
    expect(await build({ ...texts, ...lists })).toMatchObject({ code: 0 });
    const lines = (await readFile(join(folder, 'registries.conf'), 'utf8')).split('\n').filter((line) => line !== '');
    const table = (location: string, rest: string) => ['[[registry]]', `location = "${location}"`, rest];
    expect(lines).toEqual([
      'unqualified-search-registries = ["ghcr.io", "d"]',
      ...table('c', 'blocked = true'),
      ...table('e', 'blocked = true'),
      ...['a:5000', '*.b', 'registry.example.com:5000'].flatMap((host) => table(host, 'insecure = true')),
    ]);
    expect(await argumentsOf(program())).toContain('--tls-verify=false');
  });

  test('an output that the Build calls insecure is pushed without TLS', async () => {
    await build({ 'shp-output-insecure': 'true' });
    expect(await argumentsOf(program())).toContain('--tls-verify=false');
  });

  test('a registry that would break its file is refused', async () => {
    const { results } = await build({ 'registries-block': ['a"\ninsecure = true'] });
    expect(results['shp-error-reason']).toBe('InvalidRegistry');
  });

  test('no source folder, no Dockerfile: said in plain words', async () => {
    const folderless = await build({ 'shp-source-context': join(folder, 'source/none') });
    expect([folderless.code, folderless.results['shp-error-reason']]).toEqual([1, 'ContextDirNotFound']);
    const fileless = await build({ 'shp-source-context': join(folder, 'source/fn'), dockerfile: 'D' });
    expect([fileless.code, fileless.results['shp-error-reason']]).toEqual([1, 'DockerfileNotFound']);
    expect(fileless.results['shp-error-message']).toContain("'D' in the source folder 'fn'");
  });

  test('a node without user namespaces is named as the cause', async () => {
    await fakeProgram(program(), 'echo "Error during unshare(CLONE_NEWUSER): Operation not permitted" >&2; exit 1');
    expect((await build()).results['shp-error-reason']).toBe('UserNamespaceDenied');
  });

  test('a failed build keeps its exit code; a failed push has a reason', async () => {
    await fakeProgram(program(), 'case " $* " in *" bud "*) exit 125 ;; esac');
    expect(await build()).toMatchObject({ code: 125, results: {} });
    await fakeProgram(program(), 'case " $* " in *" push "*) exit 125 ;; esac');
    expect((await build()).results['shp-error-reason']).toBe('ImagePushFailed');
  });

  test('the annotation for crun is set by wasmedge, or by whoever asks for one', async () => {
    await build({ 'build-args': ['annotation=a=b'] });
    const args = await argumentsOf(program());
    const found = args.flatMap((arg, index) => (args[index - 1] === '--annotation' ? [arg] : []));
    expect(found).toEqual(name === 'wasmedge' ? ['a=b', 'module.wasm.image/variant=compat-smart'] : ['a=b']);
  });
});

/** An image layout as kaniko and ko write it: one image, or an index of two. */
async function writeLayout(layout: string, kinds: 'image' | 'index'): Promise<string> {
  const image = (size: number) =>
    JSON.stringify({ config: { digest: `sha256:${'0'.repeat(64)}`, size: 100 }, layers: [{ size }, { size: 7 }] });
  const blobs = { ['1'.repeat(64)]: image(1000), ['2'.repeat(64)]: image(2000) };
  const point = (digest: string) => ({ digest: `sha256:${digest}`, size: 5 });
  const both = JSON.stringify({ manifests: Object.keys(blobs).map(point) });
  const top = kinds === 'image' ? '1'.repeat(64) : '3'.repeat(64);
  const files = { ...blobs, ['3'.repeat(64)]: both };
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  for (const [digest, text] of Object.entries(files)) await writeFile(join(layout, 'blobs/sha256', digest), text);
  await writeFile(join(layout, 'index.json'), JSON.stringify({ manifests: [point(top)] }, null, 2));
  return layout;
}

describe('kaniko', async () => {
  const strategy = await readStrategy('kaniko');
  const program = (): string => join(folder, 'executor');

  async function build(params: ParamValues = {}): Promise<StepRun> {
    const env = { KANIKO: program(), LAYOUT: await writeLayout(join(folder, 'layout'), 'image') };
    return runStep(strategy, stepOf(strategy, 'build-and-push'), folder, { params, env });
  }

  beforeEach(() => fakeProgram(program()));

  test('a Build without any parameter', async () => {
    const { code, results } = await build();
    expect(code).toBe(0);
    expect(await argumentsOf(program())).toEqual([
      ...['--force', '--context', join(folder, 'source'), '--dockerfile', join(folder, 'source/Dockerfile')],
      ...['--destination', OUTPUT_IMAGE, '--digest-file', join(folder, 'results/shp-image-digest')],
      ...['--oci-layout-path', join(folder, 'layout'), '--push-retry', '3', '--ignore-path', '/product_uuid'],
    ]);
    expect(results['shp-image-size']).toBe('1107');
  });

  test('variables, build arguments, target and insecure registries', async () => {
    const params = {
      env: VALUES,
      ENV_VARS: 'T=1#2#',
      'build-args': ['B=x y'],
      target: 'run',
      'registry-insecure': 'a,b:5000',
    };
    expect(await build(params)).toMatchObject({ code: 0 });
    const insecure = ['a', 'b:5000'].flatMap((host) => [
      '--insecure-registry',
      host,
      '--skip-tls-verify-registry',
      host,
    ]);
    const args = await argumentsOf(program());
    expect(args.slice(0, args.indexOf('--force'))).toEqual([
      ...buildArgs(['B=x y', 'T=1#2', ...VALUES]),
      ...['--target', 'run', ...insecure],
    ]);
  });

  test('a failed build keeps its exit code and claims no size', async () => {
    await fakeProgram(program(), 'exit 3');
    expect(await build()).toMatchObject({ code: 3, results: {} });
  });

  test('prepare: what is missing is said', async () => {
    const prepare = (params: ParamValues) => runStep(strategy, stepOf(strategy, 'prepare'), folder, { params });
    const folderless = await prepare({ 'shp-source-context': join(folder, 'source/none') });
    expect(folderless.results['shp-error-reason']).toBe('ContextDirNotFound');
    expect((await prepare({ dockerfile: 'D' })).results['shp-error-reason']).toBe('DockerfileNotFound');
  });
});

describe('ko', async () => {
  const strategy = await readStrategy('ko');
  const program = (): string => join(folder, 'tools/ko');

  async function build(params: ParamValues = {}): Promise<StepRun> {
    const layout = join(folder, 'layout');
    await writeLayout(layout, 'index');
    const env = { TOOLS: join(folder, 'tools'), LAYOUT: layout };
    return runStep(strategy, stepOf(strategy, 'build-and-push'), folder, { params, env });
  }

  beforeEach(async () => {
    await fakeProgram(program(), `env -0 > '${folder}/environment'; echo '${OUTPUT_IMAGE}@sha256:${DIGEST}'`);
    await fakeProgram(join(folder, 'bin/go'), '[ "$1" != env ] || echo arm64');
  });

  async function environment(): Promise<string[]> {
    return (await readFile(join(folder, 'environment'), 'utf8')).split('\0');
  }

  test('a Build without any parameter: repository and tag apart, the platform of the node, digest and size', async () => {
    const { code, results } = await build();
    expect(code).toBe(0);
    expect(await argumentsOf(program())).toEqual([
      ...['build', '--bare', '--tags', 'v1', '--platform', 'linux/arm64', '--sbom', 'none'],
      ...['--oci-layout-path', join(folder, 'layout'), './.'],
    ]);
    expect(await environment()).toEqual(
      expect.arrayContaining(['KO_DOCKER_REPO=registry.example.com:5000/team/hello', 'GOTOOLCHAIN=auto']),
    );
    expect(results).toEqual({ 'shp-image-digest': `sha256:${DIGEST}`, 'shp-image-size': '3214' });
  });

  test.each([
    ['registry:5000/a', 'registry:5000/a', 'latest'],
    ['a/b:v2@sha256:00', 'a/b', 'v2'],
  ])('output %s', async (image, repository, tag) => {
    await build({ 'shp-output-image': image });
    expect((await argumentsOf(program()))[3]).toBe(tag);
    expect(await environment()).toContain(`KO_DOCKER_REPO=${repository}`);
  });

  test.each([
    ['1.24', 'go1.24.0+auto'],
    ['1.24.3', 'go1.24.3+auto'],
    ['1.18', 'go1.18+auto'],
    ['1.25-alpine', 'go1.25.0+auto'],
    ['latest', 'auto'],
  ])('go-version %s', async (version, toolchain) => {
    await build({ 'go-version': version });
    expect(await environment()).toContain(`GOTOOLCHAIN=${toolchain}`);
  });

  test('variables reach go and ko byte for byte, and change nothing for the script', async () => {
    const params = {
      env: [...VALUES, 'LAYOUT=/elsewhere', 'TOOLS=/elsewhere'],
      ENV_VARS: 'T=1#2#',
      'go-flags': '-mod=vendor',
    };
    expect(await build(params)).toMatchObject({ code: 0 });
    expect(await environment()).toEqual(expect.arrayContaining([...VALUES, 'T=1#2', 'GOFLAGS=-mod=vendor']));
  });

  test('other parameters', async () => {
    await mkdir(join(folder, 'source/cmd/fn'), { recursive: true });
    const params = {
      'package-directory': 'cmd/fn',
      'target-platform': 'all',
      'registry-insecure': 'x,registry.example.com:5000',
    };
    await build(params);
    const args = await argumentsOf(program());
    expect(args).toEqual(expect.arrayContaining(['all', '--insecure-registry']));
    expect(args.at(-1)).toBe('./cmd/fn');
  });

  test('a missing package folder is said', async () => {
    expect((await build({ 'package-directory': 'none' })).results['shp-error-reason']).toBe('PackageDirNotFound');
  });

  test.each([
    ['v0.18.0', 'v0.18.0'],
    ['0.15.4', 'v0.15.4'],
    ['latest', 'latest'],
  ])('prepare: ko %s from its module', async (asked, version) => {
    const env = { TOOLS: join(folder, 'tools') };
    await runStep(strategy, stepOf(strategy, 'prepare'), folder, { params: { 'ko-version': asked }, env });
    expect(await argumentsOf(join(folder, 'bin/go'))).toEqual(['install', `github.com/google/ko@${version}`]);
  });

  test('prepare: without the module proxy, it says so', async () => {
    await fakeProgram(join(folder, 'bin/go'), 'exit 1');
    const { results } = await runStep(strategy, stepOf(strategy, 'prepare'), folder, {});
    expect(results['shp-error-reason']).toBe('KoUnavailable');
  });
});
