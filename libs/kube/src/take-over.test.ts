import type { ManagedFields } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { isUpdatedBy, takeOverFields } from './take-over.ts';

const V1 = 'core.openfunction.io/v1beta2';
const OLD = 'core.openfunction.io/v1beta1';

function entry(manager: string, operation: 'Apply' | 'Update', fieldsV1: object, more: ManagedFields = {}) {
  return { manager, operation, apiVersion: V1, fieldsType: 'FieldsV1', fieldsV1, ...more } as ManagedFields;
}

const spec = (...names: string[]) => ({ 'f:spec': Object.fromEntries(names.map((name) => [`f:${name}`, {}])) });
const go = entry('openfunction', 'Update', spec('image', 'old'), { time: '2024-01-01T00:00:00Z' });
const status = entry('openfunction', 'Update', { 'f:status': {} }, { subresource: 'status' });
const kubectl = entry('kubectl-edit', 'Update', spec('theirs'));
const ours = entry('me', 'Apply', spec('image', 'new'));
const take = (...entries: ManagedFields[]) => takeOverFields(entries, ['openfunction', 'manager'], 'me');

describe('taking over managed fields', () => {
  const cases: { name: string; before: ManagedFields[]; after: ManagedFields[] }[] = [
    {
      name: 'an update of the Go operator becomes our apply',
      before: [go],
      after: [{ ...go, manager: 'me', operation: 'Apply' }],
    },
    {
      name: 'others, and the status, stay as they are',
      before: [kubectl, go, status],
      after: [kubectl, status, { ...go, manager: 'me', operation: 'Apply' }],
    },
    {
      name: 'what we own already is joined with it',
      before: [ours, go],
      after: [{ ...ours, fieldsV1: spec('image', 'new', 'old') }],
    },
    {
      name: 'two names of one operator become one',
      before: [
        entry('manager', 'Update', spec('a')),
        entry('openfunction', 'Update', spec('b'), { time: '2024-01-01T00:00:00Z' }),
      ],
      after: [entry('me', 'Apply', spec('b', 'a'), { time: '2024-01-01T00:00:00Z' })],
    },
    {
      name: 'fields of another version than ours are let go',
      before: [ours, { ...go, apiVersion: OLD }],
      after: [ours],
    },
    {
      name: 'of several versions the latest is taken',
      before: [entry('openfunction', 'Update', spec('a'), { apiVersion: OLD, time: '2023-01-01T00:00:00Z' }), go],
      after: [{ ...go, manager: 'me', operation: 'Apply' }],
    },
    {
      name: 'nothing of that operator, nothing to do',
      before: [ours, kubectl, status],
      after: [ours, kubectl, status],
    },
  ];

  it.each(cases)('$name', ({ before, after }) => {
    const result = take(...before);
    expect(result).toEqual(after);
    expect(take(...result)).toEqual(after);
    const metadata = { name: 'a', managedFields: result };
    expect(isUpdatedBy({ apiVersion: V1, kind: 'Builder', metadata }, ['openfunction', 'manager'])).toBe(false);
  });

  it('joins nested field sets without losing a path', () => {
    const a = { 'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } } };
    const b = { 'f:metadata': { 'f:labels': { 'f:b': {} }, 'f:annotations': {} } };
    const [joined] = take(entry('me', 'Apply', a), entry('manager', 'Update', b));
    expect(joined?.fieldsV1).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:a': {}, 'f:b': {} }, 'f:annotations': {} },
    });
  });
});
