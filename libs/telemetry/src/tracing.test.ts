import { describe, expect, it } from 'vitest';
import { activeTraceparent, isTraceparent, traceIdOf, withSpan } from './tracing.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a traceparent', () => {
  it.each([
    [TRACEPARENT, true],
    ['00-00000000000000000000000000000000-00f067aa0ba902b7-01', false],
    ['01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', false],
    [`${TRACEPARENT}\n`, false],
    [undefined, false],
    [{}, false],
  ])('%s is one: %s', (value, expected) => {
    expect(isTraceparent(value)).toBe(expected);
  });

  it('gives its trace id, also while telemetry is off', () => {
    expect(traceIdOf(TRACEPARENT)).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(traceIdOf('nonsense')).toBeUndefined();
  });
});

it('a span gives back what the work gives, and lets its error through', async () => {
  expect(await withSpan('a', { traceparent: TRACEPARENT }, async () => 7)).toBe(7);
  await expect(withSpan('a', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

it('there is no trace to send on while telemetry is off', () => {
  expect(activeTraceparent()).toBeUndefined();
});
