import type { Logger, Meter } from '@openfunction/telemetry';
import { Queue } from 'bullmq';
import type { Floor, Handler, Key, QueueStats, Wake, WorkQueue } from './contract.ts';
import { AFTER_THROW_MS, keyId, MARK_LIFE_MS } from './contract.ts';
import { Crew, type JobData } from './crew.ts';
import { RedisKeys, timerMember } from './keys.ts';
import { RedisLink } from './link.ts';
import { measureQueue } from './metrics.ts';
import { RedisNotes } from './notes.ts';
import { Outbox } from './outbox.ts';
import { Pulse } from './pulse.ts';
import { Resync } from './resync.ts';
import { type Scripts, scriptsOf } from './scripts.ts';
import { Sweeper } from './sweeper.ts';

export interface QueueOptions {
  /** `redis://` or `rediss://`. */
  url: string;
  /** The kind whose keys it holds, for instance `function`. */
  name: string;
  /** What all Redis keys begin with; installations that share a Redis differ in it. Default `openfunction`. */
  prefix?: string;
  logger: Logger;
  meter?: Meter;
  /** How often everything is queued again, in milliseconds. Default 10 minutes. */
  resyncMs?: number;
}

/** BullMQ's name of every job: it ends up in the event stream, so it says nothing. */
const JOB_NAME = 'key';
/** BullMQ serves its plain list first, then by rising priority. */
const LOW_PRIORITY = 10;

/** The queue of one kind in Redis. Returns at once; until Redis answers, `ready` says no and wake-ups wait in memory. */
export function openQueue(options: QueueOptions): WorkQueue {
  return new RedisQueue(options);
}

export class RedisQueue implements WorkQueue {
  /** Set while this process works on the queue. */
  crew: Crew | undefined;
  readonly #options: QueueOptions & { prefix: string };
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #scripts: Scripts;
  readonly #notes: RedisNotes;
  readonly #queue: Queue<JobData>;
  readonly #outbox = new Outbox((key, wake) => this.#link.insist(() => this.#deliver(key, wake), this.#closing.signal));
  readonly #closing = new AbortController();
  readonly #resync: Resync;
  readonly #pulse: Pulse;
  readonly #sweeper: Sweeper;
  readonly #meters: ReturnType<typeof measureQueue>;
  readonly #stopListening: () => void;
  #closed: Promise<void> | undefined;

  constructor(options: QueueOptions) {
    const { url, name, logger, prefix = 'openfunction' } = options;
    this.#options = { ...options, prefix };
    this.#link = RedisLink.acquire(url, logger);
    this.#keys = new RedisKeys(prefix, name);
    this.#scripts = scriptsOf(this.#link.client);
    this.#notes = new RedisNotes(this.#link, this.#keys, this.#scripts, this.#closing.signal);
    this.#queue = this.#openBullQueue();
    this.#resync = new Resync(logger.child({ queue: name }), options.resyncMs);
    const shared = { link: this.#link, keys: this.#keys, scripts: this.#scripts };
    this.#pulse = new Pulse({
      ...shared,
      working: () => this.crew !== undefined,
      onDue: (key) => this.add(key),
      onLoss: () => this.#resync.lost('the epoch is another'),
      onWaiting: (waiting) => this.crew?.watch(waiting),
    });
    this.#sweeper = new Sweeper({ ...shared, onLoss: () => this.#resync.lost('a job had no data') });
    this.#stopListening = this.#link.onBack((restarted) => this.#back(restarted));
    this.#meters = measureQueue(options.meter, name, () => this.#link.attempt(() => this.stats(), undefined));
  }

  add(key: Key, wake: Wake = {}): Promise<void> {
    // Through the outbox even when closed: it takes care of promises that nobody looks at.
    return this.#outbox.add(key, wake);
  }

  async addAt(key: Key, when: Date): Promise<void> {
    await this.#insist(() => this.#link.client.zadd(this.#keys.of('timers'), when.getTime(), timerMember(key)));
    if (this.crew !== undefined) this.#pulse.wakeBy(when.getTime());
  }

  async cancelTimer(key: Key): Promise<void> {
    await this.#insist(() => this.#link.client.zrem(this.#keys.of('timers'), timerMember(key)));
  }

  async forget(key: Key): Promise<void> {
    const remove = () => this.#link.client.del(this.#keys.floor(key.uid), this.#keys.failures(key.uid));
    await Promise.all([this.#insist(remove), this.cancelTimer(key)]);
  }

  markSeen(uid: string, resourceVersion: string): Promise<void> {
    return this.#notes.markSeen(uid, resourceVersion);
  }

  isSeen(uid: string, resourceVersion: string): Promise<boolean> {
    return this.#notes.isSeen(uid, resourceVersion);
  }

  raiseFloor(key: Key, floor: Floor): Promise<void> {
    return this.#notes.raiseFloor(key, floor);
  }

  failures(key: Key, generation: number): Promise<number> {
    return this.#notes.failures(key, generation);
  }

  recordFailure(key: Key, generation: number): Promise<number> {
    return this.#notes.recordFailure(key, generation);
  }

  clearFailures(key: Key): Promise<void> {
    return this.#notes.clearFailures(key);
  }

  work(handler: Handler, { concurrency }: { concurrency: number }): void {
    if (this.crew !== undefined) throw new Error('work: this queue has its handler already');
    const { name, prefix, logger } = this.#options;
    this.crew = new Crew({
      queue: name,
      prefix,
      link: this.#link,
      notes: this.#notes,
      logger,
      handler,
      concurrency,
      again: (key) => this.add(key),
      later: (key) => this.#addLater(key),
      onLoss: () => this.#resync.lost('a job had no data'),
      onRun: this.#meters.ran,
    });
    this.#pulse.wakeBy(Date.now());
  }

  onResync(callback: () => Promise<void> | void): void {
    this.#resync.callback = callback;
  }

  async stats(): Promise<QueueStats> {
    const lists = [
      this.#keys.of('wait'),
      this.#keys.of('prioritized'),
      this.#keys.of('active'),
      this.#keys.of('timers'),
    ];
    const answer = (await this.#scripts.stats(...lists, this.#keys.base)) as [number, number, number, number];
    const [waiting, active, delayed, oldest] = answer;
    return { waiting, active, delayed, oldestAgeSeconds: oldest < 0 ? 0 : Math.max(Date.now() - oldest, 0) / 1_000 };
  }

  ready(): boolean {
    return this.#closed === undefined && this.#link.ready();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#resync.stop();
    this.#sweeper.stop();
    this.#meters.stop();
    this.#stopListening();
    await this.#closeCrew();
    this.#pulse.stop();
    this.#closing.abort();
    await this.#queue.close().catch(() => undefined);
    await this.#link.release();
  }

  /** Handlers may still hand over to others; without Redis they would wait for ever, so then they are told that it is over. */
  async #closeCrew(): Promise<void> {
    const check = setInterval(() => {
      if (!this.#link.ready()) this.#closing.abort();
    }, 200);
    await this.crew?.close();
    clearInterval(check);
  }

  #openBullQueue(): Queue<JobData> {
    const queue = new Queue<JobData>(this.#options.name, {
      connection: this.#link.client,
      prefix: this.#options.prefix,
      skipVersionCheck: true,
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    });
    // Connection errors are said by the link, failed commands by whoever sent them.
    queue.on('error', () => undefined);
    return queue;
  }

  /** Puts one wake-up into Redis: by our own script if the key is queued already, else as a job. */
  async #deliver(key: Key, wake: Wake): Promise<void> {
    const data: JobData = { namespace: key.namespace, name: key.name, uid: key.uid };
    if (wake.traceparent !== undefined) data.traceparent = wake.traceparent;
    const id = keyId(key);
    if (await this.#touch(key, id, data, wake)) return;
    await this.#queue.add(JOB_NAME, data, {
      deduplication: { id, keepLastIfActive: true, replace: true },
      ...(wake.priority === 'low' ? { priority: LOW_PRIORITY } : {}),
    });
  }

  async #touch(key: Key, id: string, data: JobData, wake: Wake): Promise<boolean> {
    const keys = this.#keys;
    const flag = (on: boolean | undefined) => (on ? '1' : '0');
    const answer = await this.#scripts.wake(
      keys.deduplication(id),
      keys.deduplicationNext(id),
      keys.of('active'),
      keys.of('prioritized'),
      keys.of('wait'),
      keys.of('marker'),
      keys.floor(key.uid),
      keys.failures(key.uid),
      keys.base,
      JSON.stringify(data),
      key.uid,
      flag(wake.traceparent !== undefined),
      flag(wake.priority === 'low'),
      flag(wake.failureReset),
      MARK_LIFE_MS,
      ...Object.entries(wake.floor ?? {}).flat(),
    );
    return answer === 1;
  }

  async #addLater(key: Key): Promise<void> {
    const when = Date.now() + AFTER_THROW_MS;
    await this.#insist(() => this.#link.client.zadd(this.#keys.of('timers'), 'NX', when, timerMember(key)));
  }

  #insist<T>(attempt: () => Promise<T>): Promise<T> {
    return this.#link.insist(attempt, this.#closing.signal);
  }

  #back(restarted: boolean): void {
    this.crew?.stir();
    this.#pulse.wakeBy(Date.now());
    // A server that starts from a snapshot has the old epoch, but not what was queued after it.
    if (restarted) this.#resync.lost('Redis was restarted');
  }
}
