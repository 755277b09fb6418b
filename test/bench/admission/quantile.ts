/** The figures of a set of times that are looked at, in milliseconds. */
export interface Quantiles {
  p50: number;
  p99: number;
  p999: number;
  max: number;
}

export function quantilesOf(times: readonly number[]): Quantiles {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** To the thousandth. */
export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
