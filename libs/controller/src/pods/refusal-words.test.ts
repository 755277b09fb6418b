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
  [
    'names the field that its definition does not declare',
    'PATCH /apis/serving.knative.dev/v1/namespaces/ns/services/a: failed to create typed patch object (ns/a; serving.knative.dev/v1, Kind=Service): .spec.template.spec.terminationGracePeriodSeconds: field not declared in schema',
    `Service ns/a: spec.template.spec.terminationGracePeriodSeconds: field not declared in schema. ${NEXT}`,
  ],
  [
    'names the entry that is there twice',
    'failed to create typed patch object (ns/a; apps/v1, Kind=Deployment): .spec.containers[name="b"].env: duplicate entries for key [name="A"]',
    `Deployment ns/a: spec.containers[name="b"].env: duplicate entries for key [name="A"]. ${NEXT}`,
  ],
  [
    'names every field, without the types of Go',
    'failed to create typed patch object (ns/a; keda.sh/v1alpha1, Kind=ScaledObject): errors:\n  .spec.a: expected string, got &value.valueUnstructured{Value:1}\n  .spec.b: field not declared in schema',
    `ScaledObject ns/a: spec.a: expected string; spec.b: field not declared in schema. ${NEXT}`,
  ],
])('a refusal %s', (_why, message, words) => {
  const said = explainRefusal(new CodedError('api.forbidden', message), 'spec.build');
  expect(said).toEqual({ reason: 'ChildRefused', message: words });
});

it('that a name is taken is said as it is', () => {
  const message = 'Service "a" exists and belongs to nobody: delete or rename it';
  expect(explainRefusal(new CodedError('name.taken', message), 'spec.build')).toEqual({ reason: 'NameTaken', message });
});
