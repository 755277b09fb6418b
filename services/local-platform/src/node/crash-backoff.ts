/** A run this long counts as healthy: what happens after it is a new story. */
const HEALTHY_MS = 60_000;
/** A run this long may be repeated at once the first time it ends. */
const SETTLED_MS = 10_000;
const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** How long a container waits before it is started again: at once after a good while, else doubling from 1 s to 1 min. */
export class CrashBackoff {
  #crashes = 0;

  /** The wait after a run of `ranMs` milliseconds. */
  after(ranMs: number): number {
    if (ranMs >= HEALTHY_MS) this.#crashes = 0;
    const delay = this.#crashes === 0 && ranMs >= SETTLED_MS ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#crashes);
    this.#crashes += 1;
    return delay;
  }
}
