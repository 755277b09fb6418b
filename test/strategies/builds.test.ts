import type { Builder, BuilderSpec } from '@openfunction/api';
import { describe, expect, test } from 'vitest';
import { findEnvTrouble } from '../../services/build-controller/src/engines/shipwright/env.ts';
import { makeBuild, makeBuildRun } from '../../services/build-controller/src/engines/shipwright/make.ts';
import { declaredParams } from '../../services/build-controller/src/engines/shipwright/strategy.ts';
import { faults, shipwrightSchema } from './schema.ts';
import { NAMES, readStrategy } from './strategy.ts';

// What the build-controller hands to Shipwright, against Shipwright's own schemas and the strategies that users install.

function makeBuilder(spec: Partial<BuilderSpec>): Builder {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Builder',
    metadata: { name: 'builder-a', namespace: 'ns', uid: 'uid-b', labels: { 'openfunction.io/function': 'fn' } },
    spec: { image: 'acme/fn:v1', srcRepo: { url: 'https://git.example.com/fn.git' }, ...spec },
  };
}

const FULL: Partial<BuilderSpec> = {
  srcRepo: {
    url: 'https://git.example.com/fn.git',
    revision: 'main',
    sourceSubPath: 'fn',
    credentials: { name: 'git' },
  },
  imageCredentials: { name: 'push' },
  builder: 'example.com/builder',
  builderCredentials: { name: 'pull' },
  dockerfile: 'Dockerfile',
  env: { A: 'x=1#y' },
  timeout: '10m',
  shipwright: {
    strategy: { name: 'mine', kind: 'ClusterBuildStrategy' },
    params: [
      { name: 'p', value: 'v' },
      { name: 'q', secretValue: { name: 's', key: 'k', format: 'x' } },
      { name: 'r', values: [{ value: '1' }, { configMapValue: { name: 'c', key: 'k' } }] },
    ],
  },
};
const SPECS: [string, Partial<BuilderSpec>][] = [
  ['everything from Git', FULL],
  ['a bundle', { srcRepo: { bundleContainer: { image: 'acme/source' }, credentials: { name: 'pull' } }, builder: 'b' }],
  ['the least', { dockerfile: 'Dockerfile' }],
];

describe.each(['v1beta1', 'v1alpha1'] as const)('%s', async (version) => {
  const [builds, runs] = await Promise.all(
    (['builds', 'buildruns'] as const).map((plural) => shipwrightSchema(plural, version)),
  );

  test.skipIf(builds === undefined).each(SPECS)('a Build of %s has the fields that Shipwright knows', (_what, spec) => {
    const declared = declaredParams({ ...BUILDPACKS });
    const build = makeBuild(makeBuilder(spec), { version, declared });
    expect(build.apiVersion).toBe(`shipwright.io/${version}`);
    expect(faults(builds ?? {}, build)).toEqual([]);
  });

  test.skipIf(runs === undefined).each([true, false])('so has its BuildRun, cancelled: %s', (cancel) => {
    expect(faults(runs ?? {}, makeBuildRun(makeBuilder(FULL), { version, cancel }))).toEqual([]);
  });
});

const BUILDPACKS = await readStrategy('openfunction');

test.each(NAMES)('the strategy %s takes every variable, and no parameter that it does not declare', async (name) => {
  const declared = declaredParams({ ...(await readStrategy(name)) });
  const { shipwright: _own, ...spec } = FULL;
  const builder = makeBuilder(spec);
  expect(findEnvTrouble(builder, declared, name)).toBeUndefined();
  const params: { name: string }[] = makeBuild(builder, { version: 'v1beta1', declared })['spec'].paramValues;
  expect(params).toContainEqual({ name: 'env', values: [{ value: 'A=x=1#y' }] });
  expect(params.filter((param) => !declared.has(param.name))).toEqual([]);
});
