import { REVIEWED_KINDS, type ReviewedKind } from '@openfunction/admission';
import { FUNCTION_RULES, type Rule } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { answerRaw } from './raw.ts';
import { fuzz } from './run.ts';

/** Always the same cases: what a gate says must not depend on the day. `npm run fuzz` draws others. */
const SEED = 1;

/** Reviews whose object is judged or converted; `npm run fuzz` sends ten million. */
const REVIEWS = 200_000;

describe('an answer to any bytes', () => {
  it(`is what an API server counts on, ${REVIEWS} times`, { timeout: 480_000 }, async () => {
    const { raw, broken } = await fuzz({ objects: 0, reviews: REVIEWS, seed: SEED }, { processes: 1 });
    expect(broken).toEqual([]);
    const { runs = 0, counted = 0, outcomes } = raw ?? {};
    expect(counted).toBeGreaterThanOrEqual(REVIEWS);
    expect(counted / runs).toBeGreaterThan(0.7);
    for (const outcome of ['not JSON', 'no review', 'allowed', 'denied', 'converted'])
      expect(outcomes?.[outcome], outcome).toBeGreaterThan(REVIEWS / 100);
  });
});

describe('the judge of answers', () => {
  const [reviewed] = REVIEWED_KINDS as [ReviewedKind];
  const object = { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function', metadata: {}, spec: {} };
  const request = { uid: 'u', operation: 'CREATE', object };
  const text = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
  const ruled = (broken: Rule['broken']) => {
    const [first] = FUNCTION_RULES as [Rule];
    return { ...reviewed, rules: [{ ...first, broken }] };
  };

  it('lets an honest refusal pass', () => {
    expect(answerRaw({ review: 'mutating', reviewed, text })).toBe('denied');
  });

  it.each<[string, Rule['broken'], RegExp]>([
    ['throws', () => JSON.parse('{'), /JSON/],
    ['names no field', () => ({ reason: 'Forbidden', detail: 'no', at: [] }), /field in each cause/],
    ['takes 60 ms each time', () => spin(60), /took/],
  ])('fails where a rule %s', (_name, broken, message) => {
    expect(() => answerRaw({ review: 'mutating', reviewed: ruled(broken), text })).toThrow(message);
  });
});

function spin(milliseconds: number): undefined {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
  return undefined;
}
