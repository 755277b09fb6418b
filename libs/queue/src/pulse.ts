import { randomUUID } from 'node:crypto';
import { explain } from '@openfunction/errors';
import type { Key } from './contract.ts';
import { keyOfTimer, type RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';
import type { Scripts } from './scripts.ts';

const BEAT_EVERY_MS = 1_000;
/** A replica that took due timers and died loses them to the others after this. */
const LEASE_MS = 10_000;
const TIMERS_PER_BEAT = 200;

interface Options {
  link: RedisLink;
  keys: RedisKeys;
  scripts: Scripts;
  /** Whether this process works on the queue, and so takes timers. */
  working: () => boolean;
  /** A timer is due; resolves when its key is queued. */
  onDue: (key: Key) => Promise<void>;
  /** Redis lost its memory. */
  onLoss: () => void;
  /** Keys that wait, at each beat. */
  onWaiting: (waiting: number) => void;
}

/**
 * One command a second for each queue: compares the epoch, takes due timers, counts what waits. A replica that set a timer beats
 * right when it is due, so timers are on time; those of a dead replica are at most a second late.
 */
export class Pulse {
  readonly #options: Options;
  #epoch: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #nextAt = 0;
  #beating = false;
  #stopped = false;

  constructor(options: Options) {
    this.#options = options;
    this.#beatAt(Date.now());
  }

  /** Makes sure of a beat at `when` (milliseconds since the epoch). */
  wakeBy(when: number): void {
    if (when < this.#nextAt && !this.#beating) this.#beatAt(when);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #beatAt(when: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#nextAt = when;
    this.#timer = setTimeout(() => void this.#beat(), Math.max(when - Date.now(), 0));
  }

  async #beat(): Promise<void> {
    this.#beating = true;
    let next = Date.now() + BEAT_EVERY_MS;
    try {
      next = Math.max(Math.min(next, await this.#look()), Date.now() + 1);
    } catch (error) {
      if (!this.#stopped) this.#options.link.say('warn', 'Redis refused a command', explain(error));
    } finally {
      this.#beating = false;
      this.#beatAt(next);
    }
  }

  /** One look; answers when the next timer is due, or infinity. */
  async #look(): Promise<number> {
    const { keys, scripts, working } = this.#options;
    const now = Date.now();
    // Half a millisecond that no timer has tells a lease from a timer that was set anew.
    const lease = now + LEASE_MS + 0.5;
    const places = [keys.of('epoch'), keys.of('timers'), keys.of('wait'), keys.of('prioritized')];
    const answer = await scripts.beat(...places, randomUUID(), now, lease, working() ? TIMERS_PER_BEAT : 0);
    const [epoch, waiting, next, ...due] = answer as [string, number, string, ...string[]];
    for (const member of due) void this.#fire(member, lease);
    this.#compare(epoch);
    this.#options.onWaiting(waiting);
    if (due.length === TIMERS_PER_BEAT) return Date.now();
    return working() && Number(next) >= 0 ? Number(next) : Number.POSITIVE_INFINITY;
  }

  async #fire(member: string, lease: number): Promise<void> {
    try {
      await this.#options.onDue(keyOfTimer(member));
      await this.#options.scripts.dropTimer(this.#options.keys.of('timers'), member, lease);
    } catch (error) {
      // The lease ends by itself and the timer fires again.
      if (!this.#stopped) this.#options.link.say('warn', 'a timer fires again', explain(error));
    }
  }

  #compare(epoch: string): void {
    const lost = this.#epoch !== undefined && this.#epoch !== epoch;
    this.#epoch = epoch;
    if (lost) this.#options.onLoss();
  }
}
