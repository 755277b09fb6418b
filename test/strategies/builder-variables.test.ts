import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILDER_VARIABLES } from '@openfunction/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fakeProgram, type ParamValues, runStep, type StepRun } from './run-step.ts';
import { NAMES, readStrategy, stepOf } from './strategy.ts';

// Variables that change the builder itself: refused by the scripts that hand variables to the programs which build. Admission cannot see
// those that come from a ConfigMap or a Secret.

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strategy-'));
  for (const name of ['source', 'results', 'platform', 'tools']) await mkdir(join(folder, name));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Steps that put the user's variables into the environment of what they run. */
const HANDING_ON = [
  ['openfunction', 'create'],
  ['ko', 'prepare'],
  ['ko', 'build-and-push'],
] as const;

/** The names in the script's own list. */
function listIn(script: string): string[] {
  const list = /case "\$\{1%%=\*\}" in\n([^)]*)\)\s+fail InvalidEnv "The build variable/.exec(script)?.[1] ?? '';
  return list.split('|').map((name) => name.replace('\\\n', '').trim());
}

describe.each(HANDING_ON)('%s, %s', async (name, stepName) => {
  const strategy = await readStrategy(name);
  const step = stepOf(strategy, stepName);

  /** Runs the step with programs that end at once: the lifecycle, go and ko. */
  async function run(params: ParamValues): Promise<StepRun> {
    for (const program of ['cnb/lifecycle/creator', 'bin/go', 'tools/ko', 'bin/chown'])
      await fakeProgram(join(folder, program), 'exit 3');
    const inside = { CNB_DIR: 'cnb', PLATFORM_DIR: 'platform', TOOLS: 'tools' };
    const env = Object.fromEntries(Object.entries(inside).map(([key, path]) => [key, join(folder, path)]));
    return runStep(strategy, step, folder, { params, env });
  }

  test('its list is the one of admission', () => {
    expect(listIn(step.args[1] as string)).toEqual(BUILDER_VARIABLES);
  });

  test.each<[string, string, ParamValues]>([
    ['an item of the list', 'PATH', { env: ['A=b', 'PATH=/workspace/source/bin'] }],
    ['an item whose name only begins like it', 'GIT_CONFIG_VALUE_7', { env: ['GIT_CONFIG_VALUE_7=x'] }],
    ['the first of the text', 'LD_PRELOAD', { ENV_VARS: 'LD_PRELOAD=/x.so' }],
    ['the last of the text', 'NODE_OPTIONS', { ENV_VARS: 'A=b#c#NODE_OPTIONS=--require=x#' }],
  ])('%s is refused, with its name', async (_what, variable, params) => {
    const { code, results } = await run(params);
    expect([code, results['shp-error-reason']]).toEqual([1, 'InvalidEnv']);
    expect(results['shp-error-message']).toBe(
      `The build variable ${variable} changes the builder itself: set it in a builder image of your own.`,
    );
  });

  test('others are not', async () => {
    const params = { env: ['PATHS=/x', 'MY_PATH=/x', 'A=PATH=/x', 'GIT_CONFIG_NOSYSTEM=1'], ENV_VARS: 'B=c#d=e#' };
    expect((await run(params)).results['shp-error-reason']).not.toBe('InvalidEnv');
  });
});

test('no other strategy hands variables to a program but as build arguments', async () => {
  for (const name of NAMES) {
    const { spec } = await readStrategy(name);
    const taking = spec.steps.filter(({ args }) => args.includes('$(params.env[*])'));
    const others = taking.filter((step) => !HANDING_ON.some(([of, at]) => of === name && at === step.name));
    for (const step of others) {
      expect(step.args[step.args.indexOf('-c') + 1], name).toContain('set -- "$@" --build-arg "$arg"');
      expect(step.args[step.args.indexOf('-c') + 1], name).not.toMatch(/\benv "\$@"|^\s*export /m);
    }
  }
});
