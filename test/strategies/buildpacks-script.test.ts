import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { argumentsOf, fakeProgram, OUTPUT_IMAGE, type ParamValues, runStep, type StepRun } from './run-step.ts';
import { readStrategy, stepOf } from './strategy.ts';

// The script of the strategy openfunction, run by /bin/sh with a lifecycle that only writes down what it is asked.

const DIGEST = `sha256:${'ab12'.repeat(16)}`;
const strategy = await readStrategy('openfunction');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strategy-'));
  for (const name of ['source', 'results', 'layers/config', 'platform', 'cnb']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await fakeProgram(join(folder, 'bin/chown'));
  await lifecycle('0.7 0.8 0.12 0.13');
  await writeFile(join(folder, 'cnb/run.toml'), '');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A lifecycle that speaks the given Platform APIs: like the real one, it ends with 11 when asked to speak another. */
async function lifecycle(apis: string, create = 'true'): Promise<void> {
  const speaks = `case " ${apis} " in *" $CNB_PLATFORM_API "*) ;; *) exit 11 ;; esac`;
  const asked = `[ "$1" != -version ] || exit 0; printf '%s %s' "$CNB_PLATFORM_API" "\${CNB_INSECURE_REGISTRIES-none}" > '${folder}/asked'`;
  const report = `printf '[image]\\n  tags = ["a"]\\n  digest = "${DIGEST}"\\n  manifest-size = 1083\\n' > '${folder}/layers/report.toml'`;
  await fakeProgram(join(folder, 'cnb/lifecycle/creator'), [speaks, asked, create, report].join('\n'));
  await fakeProgram(join(folder, 'cnb/lifecycle/exporter'), report);
}

async function build(params: ParamValues = {}, env: Record<string, string> = {}): Promise<StepRun> {
  const paths = { CNB_DIR: 'cnb', CACHE_DIR: 'cache', LAYERS_DIR: 'layers', PLATFORM_DIR: 'platform' };
  const inside = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, join(folder, path)]));
  return runStep(strategy, stepOf(strategy, 'create'), folder, { params, env: { ...inside, ...env } });
}

/** What buildpacks would find under the platform's env folder. */
async function variables(): Promise<Record<string, string>> {
  const names = await readdir(join(folder, 'platform/env'));
  const texts = names.map((name) => readFile(join(folder, 'platform/env', name), 'utf8'));
  return Object.fromEntries((await Promise.all(texts)).map((text, index) => [names[index] as string, text]));
}

/** Arguments of the run that built, without those of the probes before it. */
async function createArguments(): Promise<string[]> {
  const all = await argumentsOf(join(folder, 'cnb/lifecycle/creator'));
  return all.filter((arg) => arg !== '-version');
}

const AWKWARD = {
  HASH: 'a#b#',
  EQUALS: '=x==y=',
  SPACES: '  two  spaces ',
  QUOTES: `it's "quoted" \`id\` $(id) \\n`,
  LINES: 'one\ntwo\n\n',
  EMPTY: '',
  GLOB: '*',
  DASH: '-n',
};

test('env: every value arrives byte for byte', async () => {
  const env = Object.entries(AWKWARD).map(([name, value]) => `${name}=${value}`);
  expect(await build({ env })).toMatchObject({ code: 0 });
  expect(await variables()).toEqual(AWKWARD);
});

test('ENV_VARS: every value arrives byte for byte, "#" included', async () => {
  const text = Object.entries(AWKWARD).map(([name, value]) => `${name}=${value}#`);
  expect(await build({ ENV_VARS: text.join('') })).toMatchObject({ code: 0 });
  expect(await variables()).toEqual(AWKWARD);
});

test.each([
  ['FUNC_NAME=Hello#FUNC_TYPE=http', { FUNC_NAME: 'Hello', FUNC_TYPE: 'http' }, 'no "#" at the end'],
  ['A=#B=2#', { A: '', B: '2' }, 'an empty value'],
  ['A=x#y=z#', { A: 'x', y: 'z' }, 'what looks like a variable is one: the limit of this form'],
  ['A=x#1=z#', { A: 'x#1=z' }, 'a name starts with a letter'],
])('ENV_VARS %j', async (text, expected, _why) => {
  expect(await build({ ENV_VARS: text })).toMatchObject({ code: 0 });
  expect(await variables()).toMatchObject(expected);
});

test('env wins over ENV_VARS', async () => {
  await build({ ENV_VARS: 'A=old#B=kept#', env: ['A=new'] });
  expect(await variables()).toEqual({ A: 'new', B: 'kept' });
});

test("FUNC_NAME and FUNC_TYPE are given to Google's buildpacks too", async () => {
  await build({ ENV_VARS: 'FUNC_NAME=Hello#FUNC_TYPE=cloudevent#' });
  expect(await variables()).toEqual({
    FUNC_NAME: 'Hello',
    FUNC_TYPE: 'cloudevent',
    GOOGLE_FUNCTION_TARGET: 'Hello',
    GOOGLE_FUNCTION_SIGNATURE_TYPE: 'cloudevent',
  });
});

test("what a user says of Google's variables stays", async () => {
  await build({ env: ['FUNC_NAME=Hello', 'GOOGLE_FUNCTION_TARGET=Other', 'FUNC_TYPE=http'] });
  expect(await variables()).toMatchObject({ GOOGLE_FUNCTION_TARGET: 'Other', GOOGLE_FUNCTION_SIGNATURE_TYPE: 'http' });
});

test.each([['../../etc/passwd=x'], ['=x'], ['no equals sign'], ['1A=x'], ['A B=x'], ['A\nB=x'], ['..=x']])(
  'refuses the variable %j, without repeating its value',
  async (pair) => {
    const { code, results } = await build({ env: [pair] });
    expect(code).toBe(1);
    expect(results['shp-error-reason']).toBe('InvalidEnv');
    expect(results['shp-error-message']).not.toContain(pair);
  },
);

test('a Build with a builder image alone: creator runs once, as the user of the builder image', async () => {
  const { code, results } = await build({}, { CNB_USER_ID: '33', CNB_GROUP_ID: '34' });
  expect(code).toBe(0);
  expect(await argumentsOf(join(folder, 'bin/chown'))).toEqual(['-hR', '33:34', join(folder, 'source')]);
  expect((await createArguments()).toSorted()).toEqual(
    [
      `-app=${folder}/source`,
      `-cache-dir=${folder}/cache`,
      '-gid=34',
      `-layers=${folder}/layers`,
      `-platform=${folder}/platform`,
      '-process-type=web',
      `-report=${folder}/layers/report.toml`,
      '-skip-restore=false',
      '-uid=33',
      OUTPUT_IMAGE,
    ].toSorted(),
  );
  // manifest-size is the size of the manifest, not of the image: no size is claimed.
  expect(results).toEqual({ 'shp-image-digest': DIGEST });
});

test('parameters of old have their effect', async () => {
  const params = {
    PROCESS_TYPE: 'api',
    RUN_IMAGE: 'run:1',
    CACHE_IMAGE: 'c:1',
    SKIP_RESTORE: 'true',
    USER_ID: '7',
    GROUP_ID: '8',
  };
  await build(params, { CNB_USER_ID: '33', CNB_GROUP_ID: '34' });
  const expected = [
    '-process-type=api',
    '-run-image=run:1',
    '-cache-image=c:1',
    '-skip-restore=true',
    '-uid=7',
    '-gid=8',
  ];
  expect(await createArguments()).toEqual(expect.arrayContaining(expected));
});

test.each([
  ['0.3 0.4 0.5 0.6 0.7 0.8', true, '', '0.8', 'an openfunction/builder-* image'],
  ['0.7 0.8 0.9 0.10 0.11 0.12 0.13 0.14', true, '', '0.14', 'a builder of today'],
  ['0.11 0.12 0.13', false, '', '0.11', 'a new lifecycle in a builder without run.toml'],
  ['0.11 0.12 0.13', true, '0.12', '0.12', 'asked for'],
])('Platform API: of %s with run.toml %s, asked for %j: %s (%5$s)', async (apis, hasRun, asked, spoken) => {
  await lifecycle(apis);
  if (!hasRun) await rm(join(folder, 'cnb/run.toml'));
  expect(await build({ 'platform-api': asked })).toMatchObject({ code: 0 });
  expect(await readFile(join(folder, 'asked'), 'utf8')).toBe(`${spoken} none`);
});

test('a builder that speaks an unknown Platform API is named as such', async () => {
  await lifecycle('0.99');
  expect((await build()).results['shp-error-reason']).toBe('PlatformApiUnknown');
});

test.each<[ParamValues, string]>([
  [{ 'registry-insecure': 'a:5000,b' }, 'a:5000,b'],
  [{ 'shp-output-insecure': 'true' }, 'registry.example.com:5000'],
  [{ 'registry-insecure': 'a', 'shp-output-insecure': 'true' }, 'registry.example.com:5000,a'],
])('insecure registries: %j', async (params, expected) => {
  expect(await build(params)).toMatchObject({ code: 0 });
  expect(await readFile(join(folder, 'asked'), 'utf8')).toBe(`0.13 ${expected}`);
});

test.each(['0.8', '0.12'])(
  'insecure registries with Platform API %s: said, instead of failing at the push',
  async (api) => {
    await lifecycle(api);
    const { code, results } = await build({ 'registry-insecure': 'a' });
    expect([code, results['shp-error-reason']]).toEqual([1, 'InsecureRegistryUnsupported']);
  },
);

test('no such source folder, and no builder, are said', async () => {
  const missing = await build({ 'shp-source-context': join(folder, 'source/fn') });
  expect([missing.code, missing.results['shp-error-reason']]).toEqual([1, 'ContextDirNotFound']);
  expect(missing.results['shp-error-message']).toContain("'fn'");
  await rm(join(folder, 'cnb/lifecycle'), { recursive: true });
  expect((await build()).results['shp-error-reason']).toBe('NotABuilder');
});

function metadata(types: string[], standard: string): string {
  const top = standard === '' ? '' : `buildpack-default-process-type = "${standard}"\n`;
  const processes = types.map((type) => `[[processes]]\n  type = "${type}"`);
  return `cat > '${folder}/layers/config/metadata.toml' <<'END'\n${top}${processes.join('\n')}\nEND\nexit 62`;
}

test('an application without a process "web": exported again with the default of its buildpacks', async () => {
  await lifecycle('0.12', metadata(['workspace'], 'workspace'));
  expect(await build()).toMatchObject({ code: 0, results: { 'shp-image-digest': DIGEST } });
  const args = await argumentsOf(join(folder, 'cnb/lifecycle/exporter'));
  expect(args.at(-1)).toBe(OUTPUT_IMAGE);
  expect(args.join(' ')).not.toContain('-process-type');
});

test.each([
  [['web'], 'web', 'another failure'],
  [['worker'], '', 'no default'],
])('processes %j with default %j: the failure of the lifecycle stays (%s)', async (types, standard) => {
  await lifecycle('0.12', metadata(types, standard));
  expect((await build()).code).toBe(62);
});
