import { CodedError, type ErrorCode } from '@openfunction/errors';
import { expect, it } from 'vitest';
import { markFailed } from './conditions.ts';
import { makeFunction, NOW } from './testdata/world.ts';

const QUOTA = 'builders.core.openfunction.io "a" is forbidden: exceeded quota: few';
const TAKEN = 'Service "fn" exists and belongs to nobody: delete or rename it, or rename this object';

it.each<[ErrorCode, string, string, string]>([
  [
    'api.forbidden',
    `PATCH /apis/core.openfunction.io/v1beta2/namespaces/ns/builders/a?force=true: ${QUOTA}`,
    'ChildRefused',
    `${QUOTA}. Correct the Function, or what the refusal names; it is tried again.`,
  ],
  ['name.taken', TAKEN, 'NameTaken', TAKEN],
])('a refusal (%s) is said in words, with a next step', (code, said, reason, message) => {
  const { conditions } = markFailed(makeFunction({}), new CodedError(code, said), NOW);
  const find = (type: string) => conditions?.find((condition) => condition.type === type);
  expect(find('Ready')).toMatchObject({ status: 'False', reason, message, observedGeneration: 1 });
  expect(find('Stalled')).toMatchObject({ status: 'True', reason, message });
});
