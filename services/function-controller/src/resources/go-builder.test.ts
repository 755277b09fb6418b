import type { BuilderSpec, BuildSpec, Function } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { makeFunction } from '../testdata/world.ts';
import { goBuilderHash, goBuilderSpec } from './go-builder.ts';

const SMALL: BuildSpec = { builder: 'b', srcRepo: { url: 'https://x' } };

function hashOf(build: Partial<BuildSpec>, spec: Partial<Function['spec']> = {}): string {
  return goBuilderHash(makeFunction({ image: 'repo/img:v1', ...spec, build: { ...SMALL, ...build } }));
}

const params = (...list: NonNullable<NonNullable<BuildSpec['shipwright']>['params']>) => ({
  shipwright: { params: list },
});

describe('the hash that the Go operator gave a build', () => {
  // The first two are the vectors of controllers.md, appendix A; the others were printed by mitchellh/hashstructure v1.1.0 for
  // structs of the same names.
  it.each<[string, string, string]>([
    ['nothing at all', String(goBuilderSpec({} as BuilderSpec)), '14165285899942527405'],
    ['an image, a builder and a source', hashOf({}), '9662436686479197285'],
    [
      'credentials and environment',
      hashOf(
        { builderCredentials: {}, env: { FUNC_NAME: 'HelloWorld', FUNC_CLEAR_SOURCE: 'true', EMPTY: '' } },
        { imageCredentials: { name: 'push' } },
      ),
      '2769612956511621780',
    ],
    [
      'a bundle and a Dockerfile',
      goBuilderHash(
        makeFunction({
          image: 'repo/img:v1',
          build: {
            dockerfile: 'Dockerfile',
            srcRepo: {
              bundleContainer: { image: 'repo/src:v1' },
              revision: 'main',
              sourceSubPath: '',
              credentials: { name: 'git' },
            },
          },
        }),
      ),
      '13070107004578128993',
    ],
    ['an empty Shipwright section', hashOf({ shipwright: {} }), '2469902964016515811'],
    [
      'a strategy and every form of parameter',
      hashOf({
        shipwright: {
          strategy: { name: 'buildah', kind: 'ClusterBuildStrategy' },
          timeout: '90s',
          params: [
            { name: 'plain', value: '1' },
            { name: 'map', configMapValue: { name: 'cm', key: 'k' } },
            { name: 'secret', secretValue: { name: 'sec', key: 'k', format: `A=\${SECRET_VALUE}` } },
            { name: 'list', values: [{ value: 'x' }, { value: '' }, { configMapValue: { name: 'cm', key: 'k' } }] },
            { name: 'bare' },
            JSON.parse('{"name":"null","value":null}'),
          ],
        },
      }),
      '14399340302782810938',
    ],
    ['a parameter without a value', hashOf(params({ name: 'bare' })), '16846859764824317668'],
    [
      'a parameter whose value is null',
      hashOf(params(JSON.parse('{"name":"bare","value":null}'))),
      '9536418854448796842',
    ],
    [
      'a strategy without kind and a timeout of zero',
      hashOf({ shipwright: { strategy: { name: 's' }, timeout: '0s' } }),
      '14588829862649021954',
    ],
  ])('with %s', (_what, hash, expected) => {
    expect(hash).toBe(expected);
  });

  it.each<[string, Partial<BuildSpec>]>([
    ['history limits', { successfulBuildsHistoryLimit: 2, failedBuildsHistoryLimit: 0 }],
    ['a maximum age', { builderMaxAge: '24h' }],
    ['a timeout', { timeout: '10m' }],
    ['an empty environment', { env: {} }],
    ['nulls', JSON.parse('{"env":null,"dockerfile":null,"shipwright":null}')],
  ])('leaves out %s', (_what, more) => {
    expect(hashOf(more)).toBe(hashOf({}));
  });

  it('leaves out version, runtime and annotations of the Function', () => {
    const fn = makeFunction({ image: 'repo/img:v1', build: SMALL, version: 'v2.0.0', workloadRuntime: 'wasmedge' });
    expect(goBuilderHash({ ...fn, metadata: { ...fn.metadata, annotations: { a: 'b' } } })).toBe(hashOf({}));
  });

  it('does not tell how a duration is spelled', () => {
    expect(hashOf({ shipwright: { timeout: '1m30s' } })).toBe(hashOf({ shipwright: { timeout: '90s' } }));
  });

  it.each<[string, Partial<BuildSpec>, Partial<Function['spec']>]>([
    ['the image', {}, { image: 'repo/img:v2' }],
    ['its credentials', {}, { imageCredentials: {} }],
    ['an empty text instead of none', { dockerfile: '' }, {}],
    ['an empty section instead of none', { shipwright: {} }, {}],
    ['an environment variable', { env: { A: '' } }, {}],
  ])('tells %s', (_what, build, spec) => {
    expect(hashOf(build, spec)).not.toBe(hashOf({}));
  });
});
