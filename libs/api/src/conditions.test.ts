import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONDITION,
  type ConditionInput,
  dropCondition,
  findCondition,
  isConditionTrue,
  legalReason,
  REASON,
  setCondition,
} from './conditions.ts';
import type { Condition } from './object.ts';

const T1 = new Date('2025-01-01T10:00:00.900Z');
const T2 = new Date('2025-01-01T11:00:00Z');

function stated(type: string, status: Condition['status'], extra: Partial<ConditionInput> = {}): ConditionInput {
  return { type, status, reason: REASON.ready, message: '', ...extra };
}

describe('setCondition', () => {
  it('adds a condition with the time in whole seconds', () => {
    expect(setCondition(undefined, stated('Ready', 'True'), T1)).toEqual([
      { ...stated('Ready', 'True'), lastTransitionTime: '2025-01-01T10:00:00Z' },
    ]);
  });

  it('keeps the time while the status is the same, whatever else changes', () => {
    const before = setCondition([], stated('Ready', 'False', { reason: 'A' }), T1);
    const after = setCondition(before, stated('Ready', 'False', { reason: 'B', observedGeneration: 2 }), T2);
    expect(after).toEqual([{ ...before[0], reason: 'B', observedGeneration: 2 }]);
  });

  it('moves the time when the status changes', () => {
    const before = setCondition([], stated('Ready', 'Unknown'), T1);
    const [after] = setCondition(before, stated('Ready', 'True'), T2);
    expect(after?.lastTransitionTime).toBe('2025-01-01T11:00:00Z');
  });

  it('leaves the given list as it was', () => {
    const before = Object.freeze(setCondition([], stated('Ready', 'True'), T1));
    setCondition(before, stated('Ready', 'False'), T2);
    expect(before[0]?.status).toBe('True');
  });

  it('takes Reconciling and Stalled out unless they are True', () => {
    const list = setCondition([], stated(CONDITION.stalled, 'True'), T1);
    expect(isConditionTrue(list, CONDITION.stalled)).toBe(true);
    expect(setCondition(list, stated(CONDITION.stalled, 'False'), T2)).toEqual([]);
    expect(setCondition([], stated(CONDITION.reconciling, 'Unknown'), T2)).toEqual([]);
  });

  it('orders by vocabulary, foreign types last', () => {
    const types = ['Zebra', 'Ready', 'Built', 'Alpha', 'Routed', 'Served'];
    const list = types.reduce<Condition[]>((all, type) => setCondition(all, stated(type, 'True'), T1), []);
    expect(list.map(({ type }) => type)).toEqual(['Built', 'Served', 'Routed', 'Ready', 'Alpha', 'Zebra']);
  });

  it('gives an equal list when the same is stated again, in any order of statements', () => {
    const input = fc.record({
      type: fc.constantFrom(...Object.values(CONDITION), 'Other'),
      status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const),
      reason: fc.constantFrom('A', 'B'),
      message: fc.string(),
    });
    const byType = fc.uniqueArray(input, { selector: ({ type }) => type });
    const apply = (list: Condition[], inputs: ConditionInput[], now: Date) =>
      inputs.reduce((all, one) => setCondition(all, one, now), list);
    fc.assert(
      fc.property(byType, (inputs) => {
        const once = apply([], inputs, T1);
        expect(apply(once, inputs.toReversed(), T2)).toEqual(once);
        expect(apply([], inputs.toReversed(), T1)).toEqual(once);
      }),
    );
  });

  it('cuts a message that the API server would refuse', () => {
    const [condition] = setCondition([], stated('Ready', 'False', { message: 'x'.repeat(40_000) }), T1);
    expect(condition?.message.length).toBe(32768);
  });
});

describe('findCondition and dropCondition', () => {
  it('find and drop by type', () => {
    const list = setCondition(setCondition([], stated('Ready', 'True'), T1), stated('Built', 'True'), T1);
    expect(findCondition(list, 'Built')?.type).toBe('Built');
    expect(findCondition(undefined, 'Built')).toBeUndefined();
    expect(dropCondition(list, 'Built').map(({ type }) => type)).toEqual(['Ready']);
    expect(dropCondition(undefined, 'Built')).toEqual([]);
  });
});

describe('legalReason', () => {
  it.each([
    ['BuildRunTimeout', 'BuildRunTimeout'],
    ['exit code 1', 'exitcode1'],
    ['1st', 'st'],
    ['Ends:', 'Ends'],
    ['', REASON.failed],
    [undefined, REASON.failed],
    ['…', REASON.failed],
  ])('makes %s legal', (reason, legal) => {
    expect(legalReason(reason, REASON.failed)).toBe(legal);
  });

  it('always gives what the API server accepts', () => {
    fc.assert(
      fc.property(fc.string(), (reason) => {
        expect(legalReason(reason, REASON.failed)).toMatch(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
      }),
    );
  });

  it('has only legal reasons of its own', () => {
    for (const reason of Object.values(REASON)) expect(legalReason(reason, REASON.failed)).toBe(reason);
  });
});
