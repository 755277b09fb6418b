import { describe, expect, it } from 'vitest';
import { CLUSTER_BUILD_STRATEGY } from '../kinds.ts';
import { ask, type Complaint, type Seen } from '../rules.ts';
import { built } from './examples.ts';
import { FUNCTION_RULES } from './rules.ts';

function said(id: string, object: unknown, seen: Seen = {}): string | undefined {
  const rule = FUNCTION_RULES.find((row) => row.id === id);
  if (rule === undefined) throw new Error(`no row ${id}`);
  const told = ask(rule, object, seen);
  return told === undefined ? undefined : [told].flat().map(words).join('; ');
}

function words(complaint: Complaint | readonly Complaint[]): string {
  const { at, value, detail } = complaint as Complaint;
  return [at?.join('.'), value, detail].filter((part) => part !== undefined).join(' ');
}

const ALONE = { builder: '', dockerfile: 'Dockerfile' };

describe('a Dockerfile alone', () => {
  it('is built by kaniko, which is said once', () => {
    expect(said('build.dockerfile.strategy', built(ALONE))).toContain('is built by the ClusterBuildStrategy "kaniko"');
    const old = built({ ...ALONE, dockerfile: 'other' });
    expect(said('build.dockerfile.strategy', built(ALONE), { old })).toBeUndefined();
    expect(said('build.dockerfile.strategy', built(ALONE), { old: built({}) })).toContain('kaniko');
  });

  it.each([
    ['a strategy is named', { ...ALONE, shipwright: { strategy: { name: 'buildah' } } }],
    ['there is a builder too', { dockerfile: 'Dockerfile' }],
    ['there is no Dockerfile', { dockerfile: ' ' }],
  ])('is no matter when %s', (_case, build) => {
    expect(said('build.dockerfile.strategy', built(build))).toBeUndefined();
  });

  it('is looked up under that strategy (N18)', () => {
    const exists: Seen['exists'] = (kind, name) => kind !== CLUSTER_BUILD_STRATEGY || name !== 'kaniko';
    const row = 'build.shipwright.strategy.found';
    expect(said(row, built(ALONE), { exists })).toContain('ClusterBuildStrategy kaniko not found yet');
    expect(said(row, built({}), { exists })).toBeUndefined();
  });
});

it('builderCredentials are warned of when they are set or changed', () => {
  const [one, two] = ['one', 'two'].map((name) => built({ builderCredentials: { name } }));
  expect(said('build.builderCredentials.used', one, { old: two })).toContain('v1beta1');
  expect(said('build.builderCredentials.used', one, { old: one })).toBeUndefined();
});

it('a parameter is given once: each that is not is named once', () => {
  const params = ['a', 'b', 'a', 'c', 'b', 'a'].map((name) => ({ name }));
  expect(said('build.shipwright.params.once', built({ shipwright: { params } }))).toBe(
    'a give it once; b give it once',
  );
  expect(said('build.shipwright.params.once', built({ shipwright: { params: [{}, {}, null, 1] } }))).toBeUndefined();
});

it('a variable that changes the builder is refused at its key, with the reason', () => {
  const env = {
    NODE_OPTIONS: '--require ./x',
    BASH_ENV: 'x',
    FUNC_NAME: 'hello',
    ENV: 'production',
    GOFLAGS: '-mod=mod',
  };
  const answer = said('build.env.builder', built({ env }));
  expect(answer?.split('; ')).toEqual([
    expect.stringMatching(/^spec\.build\.env\.NODE_OPTIONS changes the builder itself \(Node\.js/),
    expect.stringMatching(/^spec\.build\.env\.BASH_ENV changes the builder itself \(shells/),
  ]);
});
