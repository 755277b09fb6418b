import type { Builder } from '@openfunction/api';
import { CodedError } from '@openfunction/errors';
import { expect, it } from 'vitest';
import { markFailed } from './conditions.ts';

const builder: Builder = {
  apiVersion: 'core.openfunction.io/v1beta2',
  kind: 'Builder',
  metadata: { name: 'b', namespace: 'ns', generation: 2 },
  spec: { image: 'acme/fn:v1', builder: 'x', srcRepo: { url: 'https://git.example/fn.git' } },
};

it.each([
  [
    'an object is refused: in the words of the API server, with a next step',
    new CodedError(
      'api.forbidden',
      'PATCH /apis/shipwright.io/v1beta1/namespaces/ns/builds/b: admission webhook "p" denied the request: no',
    ),
    'ChildRefused',
    'admission webhook "p" denied the request: no. Correct spec.build, or what the refusal names; it is tried again.',
  ],
  [
    'a name is taken: as that, in its own words',
    new CodedError('name.taken', 'Build ns/b belongs to Builder ns/other. Delete it.'),
    'NameTaken',
    'Build ns/b belongs to Builder ns/other. Delete it.',
  ],
])('%s', (_case, error, reason, message) => {
  const { conditions } = markFailed(builder, error, new Date('2026-01-01T12:00:00Z'));
  const ready = conditions?.find(({ type }) => type === 'Ready');
  expect(ready).toMatchObject({ status: 'False', observedGeneration: 2, reason, message });
});
