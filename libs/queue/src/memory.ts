import { setImmediate } from 'node:timers/promises';
import type { Floor, Handler, Job, Key, QueueStats, Wake, WorkQueue } from './contract.ts';
import { AFTER_THROW_MS, keyId, MARK_LIFE_MS } from './contract.ts';
import { mergeFloors } from './floor.ts';
import { mergeWakes } from './wake.ts';

interface Waiting {
  key: Key;
  wake: Wake;
  queuedAt: number;
}

/** A queue in memory with the same promises, for tests. `resync` stands for Redis having lost its memory. */
export interface MemoryQueue extends WorkQueue {
  resync(): Promise<void>;
}

export function memoryQueue(): MemoryQueue {
  return new InMemoryQueue();
}

class InMemoryQueue implements MemoryQueue {
  readonly #waiting = new Map<string, Waiting>();
  readonly #active = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #floors = new Expiring<Floor>(MARK_LIFE_MS);
  readonly #seen = new Expiring<true>(MARK_LIFE_MS);
  readonly #failures = new Map<string, { generation: number; count: number }>();
  readonly #handlers: { handler: Handler; free: number }[] = [];
  #onResync: (() => Promise<void> | void) | undefined;
  #closed = false;

  async add(key: Key, wake: Wake = {}): Promise<void> {
    if (wake.floor !== undefined) await this.raiseFloor(key, wake.floor);
    if (wake.failureReset) await this.clearFailures(key);
    const id = keyId(key);
    const earlier = this.#waiting.get(id);
    const merged = earlier === undefined ? wake : mergeWakes(earlier.wake, wake);
    // A key that leaves the low lane goes to the end of the other one.
    if (earlier?.wake.priority === 'low' && merged.priority === undefined) this.#waiting.delete(id);
    this.#waiting.set(id, { key, wake: merged, queuedAt: earlier?.queuedAt ?? Date.now() });
    this.#pump();
  }

  async addAt(key: Key, when: Date): Promise<void> {
    await this.cancelTimer(key);
    const fire = () => {
      this.#timers.delete(key.uid);
      void this.add(key);
    };
    if (!this.#closed) this.#timers.set(key.uid, setTimeout(fire, Math.max(when.getTime() - Date.now(), 0)));
  }

  async cancelTimer(key: Key): Promise<void> {
    clearTimeout(this.#timers.get(key.uid));
    this.#timers.delete(key.uid);
  }

  async forget(key: Key): Promise<void> {
    await this.cancelTimer(key);
    this.#floors.delete(key.uid);
    this.#failures.delete(key.uid);
  }

  async markSeen(uid: string, resourceVersion: string): Promise<void> {
    this.#seen.set(`${uid}:${resourceVersion}`, true);
  }

  async isSeen(uid: string, resourceVersion: string): Promise<boolean> {
    return this.#seen.get(`${uid}:${resourceVersion}`) ?? false;
  }

  async raiseFloor(key: Key, floor: Floor): Promise<void> {
    this.#floors.set(key.uid, mergeFloors(this.#floors.get(key.uid), floor));
  }

  async failures(key: Key, generation: number): Promise<number> {
    const known = this.#failures.get(key.uid);
    return known?.generation === generation ? known.count : 0;
  }

  async recordFailure(key: Key, generation: number): Promise<number> {
    const count = (await this.failures(key, generation)) + 1;
    this.#failures.set(key.uid, { generation, count });
    return count;
  }

  async clearFailures(key: Key): Promise<void> {
    this.#failures.delete(key.uid);
  }

  /** May be called more than once: each call stands for one more replica. */
  work(handler: Handler, { concurrency }: { concurrency: number }): void {
    this.#handlers.push({ handler, free: concurrency });
    this.#pump();
  }

  onResync(callback: () => Promise<void> | void): void {
    this.#onResync = callback;
  }

  async resync(): Promise<void> {
    await this.#onResync?.();
  }

  async stats(): Promise<QueueStats> {
    const oldest = Math.min(Date.now(), ...[...this.#waiting.values()].map((one) => one.queuedAt));
    return {
      waiting: this.#waiting.size,
      active: this.#active.size,
      delayed: this.#timers.size,
      oldestAgeSeconds: (Date.now() - oldest) / 1_000,
    };
  }

  ready(): boolean {
    return !this.#closed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#running);
  }

  #pump(): void {
    for (const crew of this.#handlers) {
      for (let id = this.#next(); crew.free > 0 && id !== undefined && !this.#closed; id = this.#next()) {
        const run = this.#run(id, crew).finally(() => this.#running.delete(run));
        this.#running.add(run);
      }
    }
  }

  /** The first key that waits and is not at work; those of low priority last. */
  #next(): string | undefined {
    const free = [...this.#waiting].filter(([id]) => !this.#active.has(id));
    return (free.find(([, one]) => one.wake.priority !== 'low') ?? free[0])?.[0];
  }

  async #run(id: string, crew: { handler: Handler; free: number }): Promise<void> {
    const { key, wake, queuedAt } = this.#waiting.get(id) as Waiting;
    this.#waiting.delete(id);
    this.#active.add(id);
    crew.free -= 1;
    // As in Redis, the handler never begins inside the caller's `add`.
    await setImmediate();
    const job: Job = { key, floor: this.#floors.get(key.uid) ?? {}, queuedAt };
    if (wake.traceparent !== undefined) job.traceparent = wake.traceparent;
    try {
      await crew.handler(job);
    } catch {
      // As in Redis: a handler that throws, although it must not, gets a timer unless it has one.
      if (!this.#timers.has(key.uid)) await this.addAt(key, new Date(Date.now() + AFTER_THROW_MS));
    } finally {
      crew.free += 1;
      this.#active.delete(id);
      this.#pump();
    }
  }
}

/** A map whose entries go away some time after they were last set. */
class Expiring<T> {
  readonly #life: number;
  readonly #entries = new Map<string, { value: T; until: number }>();

  constructor(life: number) {
    this.#life = life;
  }

  get(name: string): T | undefined {
    const entry = this.#entries.get(name);
    return entry === undefined || entry.until < Date.now() ? undefined : entry.value;
  }

  set(name: string, value: T): void {
    const now = Date.now();
    // Entries are in the order in which they end.
    for (const [old, entry] of this.#entries) {
      if (entry.until >= now) break;
      this.#entries.delete(old);
    }
    this.#entries.delete(name);
    this.#entries.set(name, { value, until: now + this.#life });
  }

  delete(name: string): void {
    this.#entries.delete(name);
  }
}
