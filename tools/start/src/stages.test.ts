import type { Condition, Function } from '@openfunction/api';
import { describe, expect, test } from 'vitest';
import { outcomeOf, stagesOf } from './stages.ts';

function withConditions(...conditions: [type: string, status: Condition['status'], reason: string][]): Function {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Function',
    metadata: { name: 'a', generation: 2 },
    spec: { image: 'i' },
    status: {
      conditions: conditions.map(([type, status, reason]) => ({
        type,
        status,
        reason,
        message: `${type} ${reason}.`,
        lastTransitionTime: '2026-01-01T00:00:00Z',
        observedGeneration: 2,
      })),
    },
  } as Function;
}

const names = (fn: Function) => stagesOf(fn).map(({ name }) => name);

describe('stages', () => {
  test('a new Function is being built', () => {
    expect(names(withConditions())).toEqual(['building']);
  });

  test('each part that is done leads to the next', () => {
    const fn = withConditions(['Built', 'True', 'Succeeded'], ['Served', 'Unknown', 'Starting']);
    expect(names(fn)).toEqual(['building', 'built', 'starting']);
    expect(stagesOf(fn).at(-1)?.message).toBe('Served Starting.');
  });

  test('a part that is not asked for is not mentioned', () => {
    const fn = withConditions(
      ['Built', 'True', 'Skipped'],
      ['Served', 'True', 'Running'],
      ['Routed', 'True', 'Accepted'],
    );
    expect(names(fn)).toEqual(['starting', 'running', 'routing', 'routed']);
  });

  test('conditions of an older spec do not count', () => {
    const fn = withConditions(['Built', 'True', 'Succeeded'], ['Ready', 'True', 'Ready']);
    const changed = { ...fn, metadata: { ...fn.metadata, generation: 3 } };
    expect(names(changed)).toEqual(['building']);
    expect(outcomeOf(changed)).toBeUndefined();
  });
});

describe('outcome', () => {
  test('ready', () => {
    expect(outcomeOf(withConditions(['Ready', 'True', 'Ready']))).toEqual({ ready: true });
  });

  test('failed when only the user can help, with reason and message', () => {
    const fn = withConditions(['Ready', 'False', 'BuildFailed'], ['Stalled', 'True', 'BuildFailed']);
    expect(outcomeOf(fn)).toEqual({ ready: false, reason: 'BuildFailed: Stalled BuildFailed.' });
  });

  test('not ready yet is no outcome', () => {
    expect(outcomeOf(withConditions(['Ready', 'Unknown', 'Building']))).toBeUndefined();
  });
});
