import type { Builder, BuilderSpec } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { makeBuild, makeBuildRun } from './make.ts';
import { hasParams, type Target, unusedCredentials } from './params.ts';
import type { DeclaredParams } from './strategy.ts';
import type { ShipwrightVersion } from './version.ts';

const GIT = {
  url: 'https://git.example.com/fn.git',
  revision: 'main',
  sourceSubPath: 'fn',
  credentials: { name: 'git' },
};
const BUNDLE = { url: 'ignored', bundleContainer: { image: 'acme/source:v1' }, credentials: { name: 'pull' } };

function makeBuilder(spec: Partial<BuilderSpec> = {}): Builder {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Builder',
    metadata: { name: 'builder-a', namespace: 'ns', uid: 'uid-b' },
    spec: { image: 'acme/fn:v1', srcRepo: { url: 'https://git.example.com/fn.git' }, ...spec },
  };
}

const all: DeclaredParams = new Map([
  ['builder-image', 'string'],
  ['dockerfile', 'string'],
  ['env', 'array'],
  ['ENV_VARS', 'string'],
  ['build-args', 'array'],
]);
const only = (...names: string[]): DeclaredParams => new Map([...all].filter(([name]) => names.includes(name)));
const specOf = (spec: Partial<BuilderSpec>, target: Partial<Target> = {}) =>
  makeBuild(makeBuilder(spec), { version: 'v1beta1', declared: all, ...target })['spec'];

const EVERYTHING: Partial<BuilderSpec> = {
  srcRepo: GIT,
  imageCredentials: { name: 'push' },
  builder: 'example.com/builder',
  builderCredentials: { name: 'pull' },
  dockerfile: 'Dockerfile',
  env: { B: '2', A: '1' },
  timeout: '10m',
  shipwright: { strategy: { name: 'mine', kind: 'BuildStrategy' }, params: [{ name: 'p', value: 'v' }] },
};

describe('a Build with every field', () => {
  it('of v1beta1', () => {
    expect(specOf(EVERYTHING)).toEqual({
      source: {
        type: 'Git',
        git: { url: 'https://git.example.com/fn.git', revision: 'main', cloneSecret: 'git' },
        contextDir: 'fn',
      },
      strategy: { name: 'mine', kind: 'BuildStrategy' },
      paramValues: [
        { name: 'builder-image', value: 'example.com/builder' },
        { name: 'dockerfile', value: 'Dockerfile' },
        { name: 'p', value: 'v' },
        { name: 'env', values: [{ value: 'A=1' }, { value: 'B=2' }] },
      ],
      timeout: '10m',
      output: { image: 'acme/fn:v1', pushSecret: 'push' },
    });
  });

  it('of v1alpha1 (controllers.md §2.3)', () => {
    expect(specOf(EVERYTHING, { version: 'v1alpha1', declared: only('ENV_VARS') })).toEqual({
      source: {
        url: 'https://git.example.com/fn.git',
        revision: 'main',
        contextDir: 'fn',
        credentials: { name: 'git' },
      },
      builder: { image: 'example.com/builder', credentials: { name: 'pull' } },
      dockerfile: 'Dockerfile',
      strategy: { name: 'mine', kind: 'BuildStrategy' },
      paramValues: [
        { name: 'p', value: 'v' },
        { name: 'ENV_VARS', value: 'A=1#B=2#' },
      ],
      timeout: '10m',
      output: { image: 'acme/fn:v1', credentials: { name: 'push' } },
    });
  });
});

it.each(['v1beta1', 'v1alpha1'] as const)('variables that no parameter takes are those of the steps: %s', (version) => {
  const env = { B: '2', A: '1' };
  const spec = [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
  ];
  expect(specOf({ env }, { version, declared: only() })).toMatchObject({ env: spec });
  expect(specOf({ env }, { version, declared: undefined })).not.toHaveProperty('env');
  expect(specOf({ env }, { version })).not.toHaveProperty('env');
});

it.each([
  ['v1beta1', { source: { type: 'Git', git: { url: 'https://x' } }, output: { image: 'acme/fn:v1' } }],
  ['v1alpha1', { source: { url: 'https://x' }, builder: { image: 'b' }, output: { image: 'acme/fn:v1' } }],
] as [ShipwrightVersion, object][])('what is blank counts as not given: %s', (version, spec) => {
  const blank = { name: ' ' };
  const made = specOf(
    {
      srcRepo: { url: 'https://x', revision: '', sourceSubPath: ' ', credentials: { name: '' } },
      builder: 'b',
      builderCredentials: blank,
      imageCredentials: blank,
    },
    { version, declared: only() },
  );
  expect(made).toEqual({ ...spec, strategy: made.strategy });
  expect(unusedCredentials({ image: 'i', srcRepo: {}, builderCredentials: blank }, version)).toBeUndefined();
});

it.each([
  ['v1beta1', { type: 'OCI', ociArtifact: { image: 'acme/source:v1', pullSecret: 'pull' } }],
  ['v1alpha1', { bundleContainer: { image: 'acme/source:v1' }, credentials: { name: 'pull' } }],
] as [ShipwrightVersion, object][])('a bundle wins over a URL: %s', (version, source) => {
  expect(specOf({ srcRepo: BUNDLE }, { version }).source).toEqual(source);
});

it.each([
  ['v1beta1', { build: { name: 'B' }, serviceAccount: '.generate' }],
  ['v1alpha1', { buildRef: { name: 'B' }, serviceAccount: { generate: true } }],
] as [ShipwrightVersion, object][])('a BuildRun has an account of its own: %s', (version, spec) => {
  const builder = { ...makeBuilder(), status: { resourceRef: { 'shipwright.io/build': 'B' } } };
  expect(makeBuildRun(builder, { version, cancel: false })['spec']).toEqual(spec);
  expect(makeBuildRun(builder, { version, cancel: true })['spec']).toEqual({ ...spec, state: 'BuildRunCanceled' });
});

it.each([
  ['a builder image: buildpacks', { builder: 'b' }, 'openfunction'],
  ['a Dockerfile alone: one that reads it (Q22)', { dockerfile: 'Dockerfile' }, 'kaniko'],
  ['an empty builder image counts as none', { builder: ' ', dockerfile: 'Dockerfile' }, 'kaniko'],
  ['both: buildpacks', { builder: 'b', dockerfile: 'Dockerfile' }, 'openfunction'],
])('the default strategy of %s', (_case, spec, name) => {
  expect(specOf(spec).strategy).toEqual({ name, kind: 'ClusterBuildStrategy' });
});

it.each([
  ['neither', {}, undefined],
  ['of the build only', { timeout: '10m' }, '10m'],
  ['of Shipwright only (Q23)', { shipwright: { timeout: '5m' } }, '5m'],
  ['of both the earlier: the build', { timeout: '90s', shipwright: { timeout: '2m' } }, '90s'],
  ['of both the earlier: Shipwright', { timeout: '1h', shipwright: { timeout: '59m' } }, '59m'],
  ['of Shipwright 0, which is none', { timeout: '1h', shipwright: { timeout: '0s' } }, '1h'],
])('a time limit, %s', (_case, spec, timeout) => {
  expect(specOf(spec).timeout).toBe(timeout);
});

describe('parameters', () => {
  const params = (spec: Partial<BuilderSpec>, declared: DeclaredParams | undefined) =>
    specOf(spec, { declared }).paramValues;
  const BOTH = { builder: 'b', dockerfile: 'Dockerfile' };

  it('are sent only where the strategy declares them, or Shipwright would refuse the Build', () => {
    expect(params(BOTH, only('builder-image'))).toEqual([{ name: 'builder-image', value: 'b' }]);
    expect(params(BOTH, only('dockerfile'))).toEqual([{ name: 'dockerfile', value: 'Dockerfile' }]);
    expect(params(BOTH, only())).toBeUndefined();
    expect(params({ builder: ' ' }, all)).toBeUndefined();
  });

  it('are assumed to be declared while the strategy is not known', () => {
    expect(params({ ...BOTH, env: { A: '1' } }, undefined)).toEqual([
      { name: 'builder-image', value: 'b' },
      { name: 'dockerfile', value: 'Dockerfile' },
      { name: 'env', values: [{ value: 'A=1' }] },
    ]);
  });

  it('of the user win over ours, and are sent as they are, declared or not', () => {
    const own = [
      { name: 'builder-image', value: 'mine' },
      { name: 'secret', secretValue: { name: 's', key: 'k' } },
      { name: 'list', values: [{ value: '$(x)' }] },
    ];
    expect(params({ builder: 'b', shipwright: { params: own } }, all)).toEqual(own);
  });

  it('lose the nulls that Go writes', () => {
    const written = [{ name: 'p', value: 'v', configMapValue: null, values: null }] as never;
    expect(params({ shipwright: { params: written } }, all)).toEqual([{ name: 'p', value: 'v' }]);
  });

  it('of a Build are compared without regard to order and nulls', () => {
    const target: Target = { version: 'v1beta1', declared: all };
    const build = makeBuild(makeBuilder({ ...BOTH, env: { A: '1' } }), target);
    const wanted = build['spec'].paramValues;
    const turned = {
      ...build,
      spec: { paramValues: [...wanted].reverse().map((one: object) => ({ configMapValue: null, ...one })) },
    };
    expect(hasParams(turned, wanted)).toBe(true);
    expect(hasParams(build, wanted.slice(1))).toBe(false);
    expect(hasParams({ ...build, spec: {} }, [])).toBe(true);
  });
});
