import { ANNOTATION, FUNCTION, FUNCTION_DEFAULTS, FUNCTION_RULES } from '@openfunction/api';
import { FUNCTION_SCHEMA } from '@openfunction/api/schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AdmissionReview } from './admission-review.ts';
import { type ReviewedKind, reviewMutating, reviewValidating } from './review.ts';

const REVIEWED: ReviewedKind = {
  kind: FUNCTION,
  version: 'v1beta2',
  schema: FUNCTION_SCHEMA,
  defaults: FUNCTION_DEFAULTS,
  rules: FUNCTION_RULES,
  isTraced: true,
};
const NEW_TRACE = '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01';
const OLD_TRACE = '00-cccccccccccccccccccccccccccccccc-dddddddddddddddd-01';
const HTTP_DEFAULTS = { port: 8080, route: { gatewayRef: { name: 'openfunction', namespace: 'openfunction' } } };

interface Sent {
  spec?: unknown;
  metadata?: object;
  old?: unknown;
  request?: object;
}

function fn(spec: unknown, metadata: object = {}): object {
  return { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function', metadata: { name: 'f1', ...metadata }, spec };
}

function reviewOf({ spec, metadata, old, request }: Sent): unknown {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u1',
      kind: { group: 'core.openfunction.io', version: 'v1beta2', kind: 'Function' },
      operation: old === undefined ? 'CREATE' : 'UPDATE',
      name: 'f1',
      namespace: 'demo',
      object: fn(spec, metadata),
      oldObject: old ?? null,
      ...request,
    },
  };
}

function mutate(sent: Sent): AdmissionReview['response'] {
  return reviewMutating(reviewOf(sent), REVIEWED, { newTraceparent: () => NEW_TRACE }).answer.response;
}

function patchIn(response: AdmissionReview['response']): { op: string; path: string; value: unknown }[] {
  return response.patch === undefined ? [] : JSON.parse(Buffer.from(response.patch, 'base64').toString());
}

function bullets(response: AdmissionReview['response']): string[] {
  const details = response.status?.['details'] as { causes: { field: string; message: string }[] } | undefined;
  return details?.causes.map(({ field, message }) => `${field}: ${message}`) ?? [];
}

/** What a Function with this spec is refused for. */
function refusals(spec: unknown, more: Sent = {}): string[] {
  return bullets(mutate({ spec, ...more }));
}

function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

function deepSpec(image: unknown): object {
  const metadata = [{ name: 'n', value: nest(100_000) }];
  return { image, serving: { bindings: { b: { type: 't', version: 'v', metadata } } } };
}

describe('defaults', () => {
  it('fills in what is missing, in as few operations as can be', () => {
    expect(patchIn(mutate({ spec: { image: 'i', serving: {} }, request: { dryRun: true } }))).toEqual([
      { op: 'add', path: '/spec/version', value: 'latest' },
      { op: 'add', path: '/spec/serving/triggers', value: { http: HTTP_DEFAULTS } },
    ]);
  });

  it('writes nothing when nothing is missing', () => {
    const spec = { image: 'i', version: 'v1', serving: { triggers: { http: HTTP_DEFAULTS } } };
    expect(mutate({ spec, request: { dryRun: true } })).toEqual({ uid: 'u1', allowed: true });
  });

  it('adds no HTTP trigger to a Dapr function, and one to a function that has inputs only', () => {
    const dapr = { image: 'i', version: 'v1', serving: { triggers: { dapr: [{ name: 'cron' }] } } };
    const inputs = { image: 'i', version: 'v1', serving: { triggers: { inputs: [{ dapr: { name: 'store' } }] } } };
    const request = { dryRun: true };
    expect(patchIn(mutate({ spec: dapr, request }))).toEqual([]);
    expect(patchIn(mutate({ spec: inputs, request }))).toEqual([
      { op: 'add', path: '/spec/serving/triggers/http', value: HTTP_DEFAULTS },
    ]);
  });

  it('turns port 0 into 8080 beside a Dapr trigger too, and warns that http wins', () => {
    const http = { port: 0, route: HTTP_DEFAULTS.route };
    const spec = { image: 'i', version: 'v1', serving: { triggers: { http, dapr: [{ name: 'cron' }] } } };
    const response = mutate({ spec, request: { dryRun: true } });
    expect(patchIn(response)).toEqual([{ op: 'replace', path: '/spec/serving/triggers/http/port', value: 8080 }]);
    expect(response.warnings).toContain('spec.serving.triggers: both `http` and `dapr` are set; `http` wins');
  });
});

describe('denials', () => {
  it('names every mistake at once, in document order, as a Status of 422', () => {
    const response = mutate({ spec: { build: { builder: 'b', timeout: '-5m' }, serving: { timeout: '10' } } });
    expect(response.allowed).toBe(false);
    expect(response.status).toMatchObject({
      code: 422,
      reason: 'Invalid',
      details: { group: 'core.openfunction.io', kind: 'Function', name: 'f1' },
    });
    expect(bullets(response)).toEqual([
      'spec.image: Required value: must be specified',
      'spec.build.srcRepo: Required value: must be specified when `spec.build` is set',
      'spec.build.timeout: Invalid value: "-5m": must be greater than or equal to 0',
      'spec.serving.timeout: Invalid value: "10": must be a duration such as "90s", "5m" or "1h30m"',
    ]);
    const details = response.status?.['details'] as { causes: { reason: string }[] };
    expect(details.causes.map(({ reason }) => reason)).toEqual([
      'FieldValueRequired',
      'FieldValueRequired',
      'FieldValueInvalid',
      'FieldValueInvalid',
    ]);
  });

  it('says what schema and rules say in the same answer', () => {
    const keda = { scaledObject: { fallback: {} } };
    expect(
      refusals({
        imageCredentials: {},
        serving: { scaleOptions: { minReplicas: '1', keda }, triggers: { http: { route: { hostnames: ['No!'] } } } },
      }),
    ).toEqual([
      'spec.image: Required value: must be specified',
      'spec.imageCredentials.name: Required value: must be specified when `spec.imageCredentials` is set',
      expect.stringMatching(/^spec\.serving\.triggers\.http\.route\.hostnames\[0]: Invalid value: "No!": must match/),
      'spec.serving.scaleOptions.minReplicas: Invalid value: "1": must be an integer: write 1 without quotes',
      'spec.serving.scaleOptions.keda.scaledObject.fallback.failureThreshold: Required value',
      'spec.serving.scaleOptions.keda.scaledObject.fallback.replicas: Required value',
    ]);
  });

  it.each<[string, unknown, string]>([
    ['a spec that is a text', 'x', 'spec: Invalid value: "x": must be an object, not a string'],
    [
      'a number for a text',
      { image: 5, serving: {} },
      'spec.image: Invalid value: 5: must be a string: write "5" in quotes',
    ],
    [
      'a number for a duration',
      { image: 'i', serving: { timeout: 5 } },
      'spec.serving.timeout: Invalid value: 5: must be a duration such as "90s", "5m" or "1h30m"',
    ],
    [
      'too large a number',
      { image: 'i', serving: { scaleOptions: { maxReplicas: 3e9 } } },
      'spec.serving.scaleOptions.maxReplicas: Invalid value: 3000000000: must be between -2147483648 and 2147483647 (int32)',
    ],
    [
      'a key twice',
      { image: 'i', serving: { template: { containers: [{ name: 'a' }, { name: 'a' }] } } },
      'spec.serving.template.containers[1]: Duplicate value: {"name":"a"}',
    ],
    [
      'a word that is not known',
      { image: 'i', serving: { triggers: { http: { route: { rules: [{ matches: [{ method: 'get' }] }] } } } } },
      'spec.serving.triggers.http.route.rules[0].matches[0].method: Unsupported value: "get": supported values: "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"',
    ],
    [
      'an entry of a map',
      { image: 'i', build: { builder: 'b', srcRepo: { url: 'u' }, env: { 'a.b': 1 } } },
      'spec.build.env[a.b]: Invalid value: 1: must be a string: write "1" in quotes',
    ],
  ])('refuses %s once', (_, spec, expected) => {
    expect(refusals(spec)).toEqual([expected]);
  });

  it('takes any JSON as the value of a Dapr component', () => {
    for (const value of [1, 'x', true, { a: [null] }, [], null])
      expect(
        refusals({
          image: 'i',
          serving: { bindings: { b: { type: 't', version: 'v1', metadata: [{ name: 'n', value }] } } },
        }),
      ).toEqual([]);
  });

  it('uses the generateName where there is no name yet', () => {
    const response = mutate({
      spec: {},
      metadata: { name: undefined, generateName: 'f-' },
      request: { name: undefined },
    });
    expect(response.status).toMatchObject({ details: { name: 'f-' } });
  });

  it('is the same from the validating review', () => {
    const body = reviewOf({ spec: { serving: {} } });
    const context = { newTraceparent: () => NEW_TRACE };
    expect(reviewValidating(body, REVIEWED).answer).toEqual(reviewMutating(body, REVIEWED, context).answer);
  });
});

describe('updates', () => {
  const stored = { image: 'i', version: 'v1', imageCredentials: {}, serving: { triggers: { http: HTTP_DEFAULTS } } };

  it('leaves an object that was stored with nothing in it', () => {
    expect(refusals(undefined, { old: fn(undefined), metadata: { labels: { a: 'b' } } })).toEqual([]);
    expect(refusals({}, { old: fn(undefined) })).not.toEqual([]);
  });

  it('leaves what was stored before a rule existed', () => {
    expect(refusals({ ...stored, image: 'j' }, { old: fn(stored) })).toEqual([]);
    expect(refusals({ ...stored, imageCredentials: { name: '' } }, { old: fn(stored) })).toHaveLength(1);
  });

  it('refuses a mistake that the update brings', () => {
    const old = fn({ image: 'i', build: { builder: 'b', srcRepo: { url: 'u' } } });
    expect(refusals({ image: 'i' }, { old })).toEqual([
      'spec.serving: Required value: set `spec.build`, `spec.serving` or both',
    ]);
    expect(refusals({ image: 'i', build: { builder: '', srcRepo: { url: 'u' } } }, { old })).toHaveLength(1);
  });

  it('leaves route rules that no HTTPRoute may hold, and looks again at those that change', () => {
    const routed = (type: string, image = 'i') => {
      const route = { ...HTTP_DEFAULTS.route, rules: [{ matches: [{ path: { type, value: 'a//b' } }] }] };
      return { image, version: 'v1', serving: { triggers: { http: { port: 8080, route } } } };
    };
    expect(refusals(routed('PathPrefix', 'j'), { old: fn(routed('PathPrefix')) })).toEqual([]);
    expect(refusals(routed('Exact'), { old: fn(routed('RegularExpression')) })).toEqual([
      expect.stringMatching(/rules\[0\]\.matches\[0\]\.path: Invalid value: "a\/\/b": must begin with/),
    ]);
  });

  it('leaves unchanged parts that the schema refuses, as the API server does', () => {
    const template = { containers: [{ name: 'function', ports: [{ containerPort: 'x' }] }] };
    const old = fn({ ...stored, imageCredentials: undefined, serving: { ...stored.serving, template } });
    const serving = { ...stored.serving, template, timeout: '5m' };
    expect(refusals({ image: 'i', version: 'v1', serving }, { old })).toEqual([]);
    expect(
      refusals(
        { image: 'i', version: 'v1', serving: { ...serving, template: { containers: [{ name: 1 }] } } },
        { old },
      ),
    ).toHaveLength(1);
  });

  it('never holds up an object that is being deleted', () => {
    const metadata = { deletionTimestamp: '2024-05-01T12:00:00Z' };
    expect(mutate({ spec: {}, metadata, old: fn(stored) })).toEqual({ uid: 'u1', allowed: true });
  });
});

describe('trace', () => {
  const spec = { image: 'i', version: 'v1', serving: { triggers: { http: HTTP_DEFAULTS } } };
  const changed = { ...spec, image: 'j' };
  const held = { annotations: { [ANNOTATION.traceparent]: OLD_TRACE } };
  const stored = fn(spec, held);
  const setTo = (value: string) => [
    {
      op: expect.any(String),
      path: expect.stringMatching(/^\/metadata\/annotations/),
      value: expect.toSatisfy((set) => set === value || set[ANNOTATION.traceparent] === value),
    },
  ];
  const applied = {
    managedFields: [
      {
        manager: 'kubectl',
        operation: 'Apply',
        fieldsV1: { 'f:metadata': { 'f:annotations': { [`f:${ANNOTATION.traceparent}`]: {} } } },
      },
    ],
  };
  const lastApplied = { annotations: { ...held.annotations, [ANNOTATION.kubectlLastApplied]: JSON.stringify(stored) } };
  const callers = { annotations: { [ANNOTATION.traceparent]: 'mine' } };

  it.each<[string, Sent, unknown[]]>([
    ['begins on create', { spec }, setTo(NEW_TRACE)],
    ['does not begin on a dry run', { spec, request: { dryRun: true } }, []],
    ['is the one the caller brings on create', { spec, metadata: callers }, []],
    ['begins on a change of the spec', { spec: changed, metadata: held, old: stored }, setTo(NEW_TRACE)],
    [
      'begins on a change of the spec by a client that drops the annotation',
      { spec: changed, old: stored },
      setTo(NEW_TRACE),
    ],
    ['is the one the caller brings with a change', { spec: changed, metadata: callers, old: stored }, []],
    ['stays when the spec stays', { spec, metadata: { ...held, labels: { a: 'b' } }, old: stored }, []],
    ['is put back when a client drops it and changes nothing', { spec, old: stored }, setTo(OLD_TRACE)],
    [
      'does not begin when only a default is filled in',
      { spec: { ...spec, serving: {} }, metadata: {}, old: fn({ ...spec, serving: {} }) },
      [expect.objectContaining({ path: '/spec/serving/triggers' })],
    ],
    [
      'stays as the manifest of a server-side apply has it',
      { spec: changed, metadata: { ...held, ...applied }, old: stored },
      [],
    ],
    ['stays as the manifest of a client-side apply has it', { spec: changed, metadata: lastApplied, old: stored }, []],
    ['stays on a dry run of a change', { spec: changed, metadata: held, old: stored, request: { dryRun: true } }, []],
  ])('%s', (_, sent, patch) => {
    expect(patchIn(mutate(sent))).toEqual(patch);
  });
});

describe('malformed reviews', () => {
  it.each<[string, unknown, string]>([
    ['no object', 5, 'the body must be an AdmissionReview object'],
    [
      'another version',
      { apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview', request: { uid: 'u' } },
      'apiVersion and kind must be admission.k8s.io/v1 AdmissionReview',
    ],
    ['no request', { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }, 'request: must be an object'],
    ['no uid', reviewOf({ request: { uid: undefined } }), 'request.uid: must be specified'],
    [
      'no object to review',
      reviewOf({ request: { object: null } }),
      'request.object: must be an object: there is nothing to review',
    ],
    [
      'another kind',
      reviewOf({ request: { kind: { group: 'a', version: 'v1', kind: 'B' } } }),
      'request.kind: this path reviews Function of core.openfunction.io/v1beta2',
    ],
  ])('%s gets a clear answer', (_, body, message) => {
    const { answer } = reviewValidating(body, REVIEWED);
    expect(answer.response).toMatchObject({ allowed: false, status: { code: 400, message } });
  });

  it('anything but a create or an update is allowed', () => {
    for (const request of [{ operation: 'DELETE', object: null }, { operation: 'CONNECT' }, { subResource: 'status' }])
      expect(mutate({ spec: {}, request })).toEqual({ uid: 'u1', allowed: true });
  });

  it('never throws, whatever the JSON, and echoes the uid', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.jsonValue({ maxDepth: 5 }), (object, old) => {
        const body = reviewOf({ request: { operation: 'UPDATE', object, oldObject: old } });
        const { answer } = reviewMutating(body, REVIEWED, { newTraceparent: () => NEW_TRACE });
        expect(answer.response.uid).toBe('u1');
        reviewValidating(object, REVIEWED);
      }),
    );
  });

  it('never throws on what is nested a hundred thousand deep', () => {
    const old = fn(deepSpec('i'));
    expect(refusals(deepSpec(nest(100_000)), { old })).toHaveLength(1);
  });
});
