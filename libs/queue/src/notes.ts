import type { Floor, Key } from './contract.ts';
import { MARK_LIFE_MS } from './contract.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';
import type { Scripts } from './scripts.ts';

/** A failure count that nobody asks for any more goes away after a day. */
const FAILURES_LIFE_MS = 86_400_000;

/** What is remembered in Redis about an object beside its job: floor, failures, seen events. All of it may be lost. */
export class RedisNotes {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #scripts: Scripts;
  readonly #closing: AbortSignal;

  constructor(link: RedisLink, keys: RedisKeys, scripts: Scripts, closing: AbortSignal) {
    this.#closing = closing;
    this.#link = link;
    this.#keys = keys;
    this.#scripts = scripts;
  }

  /** The floor as it is now. Waits while Redis is away, unless the queue closes. */
  async floor(key: Key): Promise<Floor> {
    const read = () => this.#link.client.hgetall(this.#keys.floor(key.uid));
    return { ...(await this.#link.insist(read, this.#closing)) };
  }

  async raiseFloor(key: Key, floor: Floor): Promise<void> {
    const pairs = Object.entries(floor).flat();
    if (pairs.length === 0) return;
    await this.#link.attempt(
      () => this.#scripts.raiseFloor(this.#keys.floor(key.uid), MARK_LIFE_MS, ...pairs),
      undefined,
    );
  }

  async markSeen(uid: string, resourceVersion: string): Promise<void> {
    const mark = this.#keys.seen(uid, resourceVersion);
    await this.#link.attempt(() => this.#link.client.set(mark, '1', 'PX', MARK_LIFE_MS), null);
  }

  async isSeen(uid: string, resourceVersion: string): Promise<boolean> {
    return (await this.#link.attempt(() => this.#link.client.exists(this.#keys.seen(uid, resourceVersion)), 0)) === 1;
  }

  async failures(key: Key, generation: number): Promise<number> {
    const read = () => this.#link.client.hmget(this.#keys.failures(key.uid), 'generation', 'count');
    const [of, count] = await this.#link.attempt(read, []);
    return of === String(generation) ? Number(count) : 0;
  }

  async recordFailure(key: Key, generation: number): Promise<number> {
    const record = () => this.#scripts.recordFailure(this.#keys.failures(key.uid), generation, FAILURES_LIFE_MS);
    return Number(await this.#link.attempt(record, 1));
  }

  async clearFailures(key: Key): Promise<void> {
    await this.#link.attempt(() => this.#link.client.del(this.#keys.failures(key.uid)), 0);
  }
}
