const BUCKET_MS = 500;
/** Nobody asks about a longer time: the longest window of an autoscaler. */
const KEPT_MS = 3_600_000;

/** How many requests were open, on average, over the last while. Times in milliseconds since the epoch. */
export class Load {
  /** Requests times milliseconds, by number of the bucket. */
  readonly #buckets = new Map<number, number>();
  #open = 0;
  #since: number;

  constructor(now: number) {
    this.#since = now;
  }

  /** From `now` on this many requests are open. */
  set(open: number, now: number): void {
    this.#advance(now);
    this.#open = open;
  }

  /** The average over the last `ms` milliseconds. */
  average(ms: number, now: number): number {
    this.#advance(now);
    const first = Math.ceil((now - ms) / BUCKET_MS);
    let sum = 0;
    for (const [bucket, amount] of this.#buckets) if (bucket >= first) sum += amount;
    return sum / Math.max(1, now - first * BUCKET_MS);
  }

  #advance(now: number): void {
    while (this.#open > 0 && this.#since < now) {
      const bucket = Math.floor(this.#since / BUCKET_MS);
      const end = Math.min(now, (bucket + 1) * BUCKET_MS);
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + this.#open * (end - this.#since));
      this.#since = end;
    }
    this.#since = Math.max(this.#since, now);
    for (const bucket of this.#buckets.keys()) {
      if (bucket * BUCKET_MS >= now - KEPT_MS) break; // in order of time
      this.#buckets.delete(bucket);
    }
  }
}
