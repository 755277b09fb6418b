import {
  type ReviewContext,
  type ReviewedKind,
  reviewConversion,
  reviewMutating,
  reviewValidating,
} from '@openfunction/admission';
import { apiVersionOf, CREATE_AND_UPDATE, convert, isObject, jsonOf, type Rule, valueAt } from '@openfunction/api';
import { type Case, drawCase } from './cases.ts';
import type { Choices } from './choices.ts';
import { applyPatch } from './json-patch.ts';
import { expectQuick } from './laws.ts';
import { changed } from './overlay.ts';
import { patchIn, reviewOf } from './reviews.ts';
import { SAMPLES } from './samples.ts';
import { withNoise } from './text.ts';

/** A body as it arrives, and what is done with it. */
export interface RawCase {
  review: 'mutating' | 'validating' | 'conversion';
  reviewed: ReviewedKind;
  text: string;
  cluster?: ReviewContext['cluster'];
}

/** How far a body came. */
export type Outcome = 'not JSON' | 'no review' | 'allowed' | 'denied' | 'converted';

/** Outcomes of bodies whose object was judged by the rules, or converted. */
export const REACHED: ReadonlySet<Outcome> = new Set(['allowed', 'denied', 'converted']);

/** A body for one of the reviews: most are as an API server sends them, with something else in them than it would send. */
export function drawRaw(choices: Choices): RawCase {
  const given = drawCase(choices);
  const review = choices.of(['mutating', 'mutating', 'validating', 'conversion'] as const);
  let body: unknown = review === 'conversion' ? conversionOf(choices, given) : reviewOf(given);
  if (choices.percent(8)) body = changed(choices, body);
  if (choices.percent(5)) body = withRequest(choices, body);
  const text = JSON.stringify(body);
  return {
    review,
    reviewed: given.reviewed,
    cluster: given.cluster,
    text: choices.percent(40) ? withNoise(choices, text) : text,
  };
}

const VERSIONS = ['v1beta1', 'v1beta2'];

function conversionOf(choices: Choices, { reviewed, object, old }: Case): object {
  const { kind, version } = reviewed;
  const other = choices.percent(90) ? VERSIONS.find((one) => one !== version) : choices.of([version, 'v1', '']);
  const objects = [object, ...(old === undefined ? [] : [old])];
  const request = { uid: 'u-2', desiredAPIVersion: apiVersionOf(kind, other), objects };
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request };
}

/** Members of a request that are not as they should be, or as they seldom are. */
const REQUESTS: readonly object[] = [
  { uid: '' },
  { uid: 7 },
  { uid: null },
  { uid: 'u'.repeat(5000) },
  { uid: '\u0000\ud800' },
  { operation: 'DELETE' },
  { operation: 'CONNECT' },
  { operation: 'create' },
  { operation: '__proto__' },
  { operation: 'UPDATE', oldObject: null },
  { operation: 'UPDATE', oldObject: 'x' },
  { operation: 'UPDATE', oldObject: { spec: null } },
  { subResource: 'status' },
  { dryRun: 'yes' },
  { kind: { group: 'apps', version: 'v1', kind: 'Deployment' } },
  { kind: 'Function' },
  { name: {}, namespace: [] },
  { object: null },
  { object: [] },
  { object: {} },
  { objects: {} },
  { objects: [null] },
  { desiredAPIVersion: 'core.openfunction.io/v9' },
];

function withRequest(choices: Choices, body: unknown): unknown {
  const request = valueAt(body, 'request');
  return isObject(body) ? { ...body, request: { ...(isObject(request) && request), ...choices.of(REQUESTS) } } : body;
}

/** Set by the rule that stands in every table, and has nothing to say. */
let isReached = false;

const PROBE: Rule = {
  id: 'probe',
  number: '',
  path: 'spec',
  on: CREATE_AND_UPDATE,
  level: 'deny',
  says: '',
  broken: () => {
    isReached = true;
    return undefined;
  },
  accepts: {},
  refuses: {},
};

const PROBED = new Map(SAMPLES.map(({ reviewed }) => [reviewed, { ...reviewed, rules: [PROBE, ...reviewed.rules] }]));

/** Answers the body as the server does, and holds the answer to what an API server may count on. Throws where it may not. */
export function answerRaw({ review, reviewed, text, cluster }: RawCase): Outcome {
  const body = parsed(text);
  if (body === undefined) return 'not JSON';
  if (review === 'conversion') return convertRaw(body.value);
  const kind = PROBED.get(reviewed) ?? reviewed;
  isReached = false;
  const context = { bytes: text.length, ...(cluster && { cluster }) };
  const { answer, verdict } = expectQuick(() =>
    review === 'mutating'
      ? reviewMutating(body.value, kind, { newTraceparent: () => 'trace', ...context })
      : reviewValidating(body.value, kind, context),
  );
  JSON.parse(jsonOf(answer));
  checkAdmission(answer.response, body.value, verdict);
  if (!isReached) return 'no review';
  return answer.response.allowed ? 'allowed' : 'denied';
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined; // The server answers 400 for it.
  }
}

function checkAdmission(
  response: ReturnType<typeof reviewMutating>['answer']['response'],
  body: unknown,
  verdict: string,
): void {
  const { uid, allowed, patch, patchType, status, warnings = [] } = response;
  expect(uid === textAt(body, 'request.uid'), 'the uid of the request');
  expect(typeof allowed === 'boolean' && allowed === (verdict === 'allowed'), 'a verdict');
  expect(
    (patch === undefined) === (patchType === undefined) && (patch === undefined || allowed),
    'a patch of what is allowed',
  );
  if (patch !== undefined) applyPatch(valueAt(body, 'request.object'), patchIn(patch));
  expect(
    warnings.every((warning) => typeof warning === 'string'),
    'warnings that are texts',
  );
  if (allowed) return;
  expect(status?.['code'] === (verdict === 'denied' ? 422 : 400), 'code 422, or 400 where there is nothing to review');
  expect(typeof status?.['message'] === 'string' && status['message'] !== '', 'a message');
  if (verdict === 'denied') checkCauses(valueAt(status, 'details.causes'));
}

function checkCauses(causes: unknown): void {
  expect(Array.isArray(causes) && causes.length > 0 && causes.length <= 100, 'causes');
  for (const cause of causes as unknown[])
    for (const member of ['reason', 'field', 'message'])
      expect(textAt(cause, member) !== '', `${member} in each cause`);
}

function convertRaw(body: unknown): Outcome {
  let count = 0;
  const { answer } = expectQuick(() => {
    count = 0;
    return reviewConversion(body, (object, apiVersion) => {
      const conversion = convert(object, apiVersion);
      if ('object' in conversion && conversion.object !== object) count += 1;
      return conversion;
    });
  });
  JSON.parse(jsonOf(answer));
  const { uid, result, convertedObjects } = answer.response;
  expect(uid === textAt(body, 'request.uid'), 'the uid of the request');
  if (result.status === 'Failure') {
    expect(result.message !== '' && convertedObjects.length === 0, 'a message and no object');
    return 'no review';
  }
  const objects = valueAt(body, 'request.objects') as unknown[];
  expect(convertedObjects.length === objects.length, 'one object for each');
  const wanted = textAt(body, 'request.desiredAPIVersion');
  expect(
    convertedObjects.every((object) => valueAt(object, 'apiVersion') === wanted),
    'objects of the wanted version',
  );
  return count > 0 ? 'converted' : 'no review';
}

function textAt(body: unknown, path: string): string {
  const value = valueAt(body, path);
  return typeof value === 'string' ? value : '';
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the answer must have ${what}`);
}
