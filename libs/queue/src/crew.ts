import { explain } from '@openfunction/errors';
import type { Logger } from '@openfunction/telemetry';
import { type Job as BullJob, Worker } from 'bullmq';
import { type Handler, type Key, keyId, nameOf } from './contract.ts';
import type { RedisLink } from './link.ts';
import type { RedisNotes } from './notes.ts';

/** What a job carries: never a spec, never a secret. */
export type JobData = Key & { traceparent?: string };

const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 5_000;
/** Waiting keys, free hands, and nothing taken for this long: the worker sleeps for good and is replaced. */
const ASLEEP_MS = 15_000;
/** After a refusal (memory full, disk full) the worker, which would ask again at once and for ever, rests. */
const REST_MS = 1_000;

interface Options {
  queue: string;
  prefix: string;
  link: RedisLink;
  notes: RedisNotes;
  logger: Logger;
  handler: Handler;
  concurrency: number;
  /** Queues a key again. */
  again: (key: Key) => Promise<void>;
  /** Queues a key later, unless it has a timer. */
  later: (key: Key) => Promise<void>;
  /** A job without data was met. */
  onLoss: () => void;
  onRun: (waitedSeconds: number, ranSeconds: number) => void;
}

/** Works on the queue of one process, and watches over BullMQ's worker. */
export class Crew {
  /** BullMQ's worker of the moment; the watchdog may put another in its place. */
  worker: Worker<JobData>;
  readonly #options: Options;
  /** Keys at work here, and whether they were asked for again meanwhile. */
  readonly #running = new Map<string, boolean>();
  #idle = Promise.withResolvers<void>();
  #movedAt = Date.now();
  #resting = false;
  #closing = false;

  constructor(options: Options) {
    this.#options = options;
    this.worker = this.#hire();
  }

  /** Handlers that run now. */
  get busy(): number {
    return this.#running.size;
  }

  /** To be called about every second with the number of keys that wait. */
  watch(waiting: number): void {
    const now = Date.now();
    if (waiting === 0 || this.#running.size >= this.#options.concurrency || this.#resting) this.#movedAt = now;
    if (now - this.#movedAt < ASLEEP_MS || this.#closing) return;
    this.#movedAt = now;
    this.#options.logger.warn(
      { queue: this.#options.queue, waiting },
      'the worker did not wake up; another takes its place',
    );
    const old = this.worker;
    this.worker = this.#hire();
    // Its running jobs end in peace; their locks are kept until then.
    old.close().catch(() => undefined);
  }

  /** Forgets how long nothing moved: to be called when Redis is back. */
  stir(): void {
    this.#movedAt = Date.now();
  }

  /** Takes nothing more and waits for the handlers; then waits up to 5 s for Redis to be told. */
  async close(): Promise<void> {
    this.#closing = true;
    // Without Redis an orderly close would wait for an answer that never comes.
    const closed = this.worker.close(!this.#options.link.ready()).catch(() => undefined);
    if (this.#running.size > 0) await this.#idle.promise;
    const late = new Promise<void>((resolve) => setTimeout(resolve, 5_000).unref());
    await Promise.race([closed, late]);
  }

  #hire(): Worker<JobData> {
    const { queue, prefix, link, concurrency } = this.#options;
    const worker = new Worker<JobData>(queue, (job) => this.#work(job), {
      connection: link.client,
      prefix,
      concurrency,
      skipVersionCheck: true,
      lockDuration: LOCK_MS,
      lockRenewTime: LOCK_MS / 3,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 500,
      drainDelay: 5,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    worker.on('error', (error) => this.#complain(worker, error));
    return worker;
  }

  async #work(job: BullJob<JobData>): Promise<null> {
    this.#movedAt = Date.now();
    const { namespace, name, uid, traceparent } = job.data;
    if (typeof name !== 'string') {
      this.#options.onLoss();
      return null;
    }
    const key = { namespace, name, uid };
    const id = keyId(key);
    // After Redis lost its memory a key may be handed out again while it is at work: once more, but after that.
    if (this.#running.has(id)) {
      this.#running.set(id, true);
      return null;
    }
    this.#running.set(id, false);
    try {
      await this.#handle(key, job.timestamp, traceparent);
    } finally {
      this.#movedAt = Date.now();
      const again = this.#running.get(id);
      this.#running.delete(id);
      if (again) void this.#options.again(key);
      if (this.#running.size === 0) this.#rest();
    }
    return null;
  }

  async #handle(key: Key, queuedAt: number, traceparent: string | undefined): Promise<void> {
    const { notes, handler, logger, queue, later, onRun } = this.#options;
    const begun = Date.now();
    try {
      const floor = await notes.floor(key);
      await handler({ key, floor, queuedAt, ...(traceparent === undefined ? {} : { traceparent }) });
    } catch (error) {
      // The reason stays out of Redis: BullMQ would write it into its event stream. The key is not lost: it has a timer now.
      logger.error(
        { queue, object: nameOf(key), reason: explain(error), error },
        'a handler threw; its key runs again later',
      );
      void later(key).catch(() => undefined);
    } finally {
      onRun(Math.max(begun - queuedAt, 0) / 1_000, (Date.now() - begun) / 1_000);
    }
  }

  #rest(): void {
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }

  #complain(worker: Worker<JobData>, error: Error): void {
    const { link } = this.#options;
    if (this.#closing || !link.ready() || isConnectionError(error)) return;
    if (error.name !== 'ReplyError') {
      link.say('warn', 'a job is no longer ours; it runs again', explain(error));
      return;
    }
    link.say('warn', 'Redis refused a command', explain(error));
    if (this.#resting) return;
    this.#resting = true;
    void worker.pause(true);
    setTimeout(() => {
      this.#resting = false;
      if (!this.#closing) void worker.resume();
    }, REST_MS).unref();
  }
}

function isConnectionError(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return /^E[A-Z]+$/.test(String(code)) || /connection is closed|socket|aborted/i.test(error.message);
}
