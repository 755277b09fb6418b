import { round } from './quantile.ts';

/** How many took at most so many seconds; each bucket holds those of the buckets before it. */
export type Buckets = ReadonlyMap<number, number>;

/** A quantile as a histogram knows it: between two bounds, in milliseconds. */
export interface Between {
  above: number;
  /** Infinity is written as null in JSON. */
  upTo: number;
  /** Where it would be if all in its bucket were spread evenly. */
  about: number;
}

/** The buckets of a histogram in the Prometheus text format, over all series whose labels hold `labels`. */
export function readHistogram(text: string, name: string, labels: Readonly<Record<string, string>>): Buckets {
  const buckets = new Map<number, number>();
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${name}_bucket{`)) continue;
    if (!Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`))) continue;
    const bound = /le="([^"]+)"/.exec(line)?.[1];
    const count = Number(/} (\d+)/.exec(line)?.[1]);
    if (bound === undefined || Number.isNaN(count)) throw new Error(`not a bucket: ${line}`);
    const seconds = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
    buckets.set(seconds, (buckets.get(seconds) ?? 0) + count);
  }
  return buckets;
}

/** What came between two readings. */
export function since(before: Buckets, after: Buckets): Buckets {
  return new Map([...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)]));
}

export function totalOf(buckets: Buckets): number {
  return Math.max(0, ...buckets.values());
}

/** The share that took at most so many seconds; `seconds` must be one of the bounds. */
export function shareWithin(buckets: Buckets, seconds: number): number {
  return (buckets.get(seconds) ?? Number.NaN) / totalOf(buckets);
}

/** Between which bounds a quantile lies. */
export function quantileOf(buckets: Buckets, share: number): Between {
  const wanted = totalOf(buckets) * share;
  let lower = 0;
  let below = 0;
  for (const [bound, count] of [...buckets].sort(([a], [b]) => a - b)) {
    if (count >= wanted && count > below) {
      const upper = Number.isFinite(bound) ? bound : lower;
      const about = lower + ((upper - lower) * (wanted - below)) / (count - below);
      return { above: round(lower * 1000), upTo: round(bound * 1000), about: round(about * 1000) };
    }
    [lower, below] = [bound, count];
  }
  return { above: 0, upTo: 0, about: 0 };
}
