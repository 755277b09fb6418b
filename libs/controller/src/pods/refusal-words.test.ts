import { CodedError } from '@openfunction/errors';
import { expect, it } from 'vitest';
import { explainRefusal } from './refusal-words.ts';

const QUOTA = 'builders.core.openfunction.io "a" is forbidden: exceeded quota: few, requested: 1, used: 1, limited: 1';
const NEXT = 'Correct spec.build, or what the refusal names; it is tried again.';

it.each([
  [
    'loses its request',
    `PATCH /apis/core.openfunction.io/v1beta2/namespaces/ns/builders/a: ${QUOTA}`,
    `${QUOTA}. ${NEXT}`,
  ],
  ['is a sentence only once', 'POST /api/v1/namespaces/ns/services: it is refused.', `it is refused. ${NEXT}`],
  ['keeps what only looks like a request', 'the path /a: it is wrong', `the path /a: it is wrong. ${NEXT}`],
])('a refusal %s', (_why, message, words) => {
  const said = explainRefusal(new CodedError('api.forbidden', message), 'spec.build');
  expect(said).toEqual({ reason: 'ChildRefused', message: words });
});

it('that a name is taken is said as it is', () => {
  const message = 'Service "a" exists and belongs to nobody: delete or rename it';
  expect(explainRefusal(new CodedError('name.taken', message), 'spec.build')).toEqual({ reason: 'NameTaken', message });
});
