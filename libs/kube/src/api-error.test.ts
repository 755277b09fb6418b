import { expect, it } from 'vitest';
import { apiError } from './api-error.ts';

const OBJECT = '(ns/a; serving.knative.dev/v1, Kind=Service)';
const answer = (message: string) => JSON.stringify({ kind: 'Status', status: 'Failure', message, code: 500 });

it.each([
  ['declares no such field', `failed to create typed patch object ${OBJECT}: .spec.a: field not declared in schema`],
  [
    'has the entry twice',
    `failed to create typed patch object ${OBJECT}: .spec.env: duplicate entries for key [name="A"]`,
  ],
])('an applied object whose schema %s is refused, whatever code the API server gives it', (_why, message) => {
  expect(apiError('PATCH /x', 500, answer(message)).code).toBe('api.invalid');
});

it.each([
  [
    'what is stored does not fit',
    500,
    `failed to create typed live object ${OBJECT}: .spec.a: field not declared in schema`,
  ],
  ['it only speaks of such an error', 500, 'etcdserver: failed to create typed patch object'],
  ['it is no answer of the API server', 503, `failed to create typed patch object ${OBJECT}: .spec.a`],
])('an error is no refusal where %s', (_why, code, message) => {
  expect(apiError('PATCH /x', code, answer(message)).code).toBe('api.unavailable');
});
