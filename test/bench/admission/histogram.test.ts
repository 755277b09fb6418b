import { describe, expect, it } from 'vitest';
import { quantileOf, readHistogram, shareWithin, since, totalOf } from './histogram.ts';

const TEXT = `# TYPE took_seconds histogram
took_seconds_count{kind="Function",review="mutating"} 100
took_seconds_bucket{kind="Function",review="mutating",le="0.001"} 50 1700000000000
took_seconds_bucket{kind="Function",review="mutating",le="0.002"} 99 1700000000000
took_seconds_bucket{kind="Function",review="mutating",le="+Inf"} 100 1700000000000
took_seconds_bucket{kind="Builder",review="mutating",le="0.001"} 7
took_seconds_bucket{kind="Builder",review="mutating",le="+Inf"} 7
other_seconds_bucket{kind="Function",review="mutating",le="0.001"} 9
`;

describe('a histogram', () => {
  const read = readHistogram(TEXT, 'took_seconds', { kind: 'Function' });

  it('is read for the series that are asked for', () => {
    expect([...read]).toEqual([
      [0.001, 50],
      [0.002, 99],
      [Number.POSITIVE_INFINITY, 100],
    ]);
    expect(totalOf(readHistogram(TEXT, 'took_seconds', {}))).toBe(107);
  });

  it('knows shares exactly at its bounds', () => {
    expect(shareWithin(read, 0.002)).toBe(0.99);
  });

  it('knows between which bounds a quantile lies', () => {
    expect(quantileOf(read, 0.25)).toEqual({ above: 0, upTo: 1, about: 0.5 });
    expect(quantileOf(read, 0.99)).toEqual({ above: 1, upTo: 2, about: 2 });
    expect(quantileOf(read, 0.999)).toMatchObject({ above: 2, upTo: Number.POSITIVE_INFINITY });
  });

  it('tells what came between two readings', () => {
    const before = new Map([
      [0.001, 10],
      [0.002, 10],
      [Number.POSITIVE_INFINITY, 10],
    ]);
    expect([...since(before, read).values()]).toEqual([40, 89, 90]);
  });
});
