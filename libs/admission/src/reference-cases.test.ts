import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FUNCTION, FUNCTION_DEFAULTS, FUNCTION_RULES } from '@openfunction/api';
import { FUNCTION_SCHEMA } from '@openfunction/api/schemas';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type ReviewedKind, reviewMutating, reviewValidating } from './review.ts';

const REVIEWED: ReviewedKind = {
  kind: FUNCTION,
  version: 'v1beta2',
  schema: FUNCTION_SCHEMA,
  defaults: FUNCTION_DEFAULTS,
  rules: FUNCTION_RULES,
};

function reviewOf(object: unknown): unknown {
  const request = { uid: 'u1', operation: 'CREATE', dryRun: true, object };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
}

/** The fields that the mutating review refuses an object for. */
function fields(object: unknown): string[] {
  const { answer } = reviewMutating(reviewOf(object), REVIEWED, { newTraceparent: () => '' });
  const details = answer.response.status?.['details'] as { causes: { field: string }[] } | undefined;
  return details?.causes.map(({ field }) => field) ?? [];
}

/** The original's own unit test, as far as its rules are in the table (V1-V9, V40); numbers are those of the specification. */
describe('cases of the original', () => {
  const parts = { image: 'test', imageCredentials: { name: 'secret' } };
  const build = { builder: 'b', srcRepo: { url: 'u' } };

  it.each<[number, object, string[]]>([
    [1, { ...parts, image: '', serving: {} }, ['spec.image']],
    [2, { image: 'test', build: {} }, ['spec.build.srcRepo', 'spec.build.builder']],
    [
      3,
      { image: 'test', imageCredentials: {}, build: {} },
      ['spec.imageCredentials.name', 'spec.build.srcRepo', 'spec.build.builder'],
    ],
    [4, { ...parts, build: {} }, ['spec.build.srcRepo', 'spec.build.builder']],
    [5, { ...parts, build: { builder: 'b', srcRepo: {} } }, ['spec.build.srcRepo']],
    [6, { ...parts, build: { ...build, timeout: '-1ns' } }, ['spec.build.timeout']],
    [
      7,
      { ...parts, build: { ...build, successfulBuildsHistoryLimit: -1 } },
      ['spec.build.successfulBuildsHistoryLimit'],
    ],
    [8, { ...parts, build: { ...build, failedBuildsHistoryLimit: -1 } }, ['spec.build.failedBuildsHistoryLimit']],
    [9, { ...parts, build: { ...build, builderMaxAge: '-1ns' } }, ['spec.build.builderMaxAge']],
    [15, { ...parts, serving: { triggers: { http: {} }, scaleOptions: { keda: {} } } }, []],
    [40, parts, ['spec.serving']],
  ])('%i is judged as there, at the right field', (_, spec, expected) => {
    expect(fields({ metadata: { name: 'f' }, spec })).toEqual(expected);
  });
});

const MANIFESTS = fileURLToPath(new URL('../../../../shared/data/openfunction/manifests/', import.meta.url));

describe.skipIf(!existsSync(MANIFESTS))('published manifests (skipped where ../shared/data is absent)', () => {
  /** Documentation fragments that no version accepts: they lack an image, a source, or the name of an output. */
  const isFragment = new Set(
    existsSync(MANIFESTS)
      ? readFileSync(`${MANIFESTS}INDEX.md`, 'utf8')
          .split('\n')
          .filter((line) => line.includes('| rejected: '))
          .map((line) => line.split('`')[1] ?? '')
      : [],
  );

  it.each(globSync('**/core.openfunction.io-v1beta2/*.function.*.yaml', { cwd: MANIFESTS }))('%s', (file) => {
    const object = parse(readFileSync(MANIFESTS + file, 'utf8'));
    if (isFragment.has(file)) {
      expect(fields(object)).not.toEqual([]);
      return;
    }
    const { answer, verdict } = reviewMutating(reviewOf(object), REVIEWED, { newTraceparent: () => '' });
    expect(answer.response.status).toBeUndefined();
    expect(answer.response.warnings).toBeUndefined();
    expect(verdict).toBe('allowed');
    expect(reviewValidating(reviewOf(object), REVIEWED).verdict).toBe('allowed');
  });
});
