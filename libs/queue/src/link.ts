import { setTimeout as delay } from 'node:timers/promises';
import { CodedError, explain } from '@openfunction/errors';
import type { Logger } from '@openfunction/telemetry';
import { Redis } from 'ioredis';

const PING_EVERY_MS = 1_000;
/** An answer later than this makes Redis count as away. */
const SILENCE_MS = 2_000;
/** After this long the connection itself is given up: a peer that vanished without a word sends no error. */
const DEAD_MS = 10_000;

type Level = 'info' | 'warn';

/** Connections of this process by URL: all queues of one Redis share one for their commands. */
const links = new Map<string, RedisLink>();

/**
 * The connection for commands. Commands wait while Redis is away and are sent again when it is back, so each must be harmless when
 * it is carried out twice. An outage is said once when it begins and once when it ends.
 */
export class RedisLink {
  readonly client: Redis;
  readonly #url: string;
  readonly #log: Logger;
  readonly #onBack = new Set<(restarted: boolean) => void>();
  readonly #heart: NodeJS.Timeout;
  #users = 0;
  #closed = false;
  #awaySince: number | undefined;
  #lastError = '';
  #runId = '';
  #pingSince: number | undefined;
  #said = new Map<string, number>();

  /** The shared connection to `url`; `release` it once for each call. Throws `config.invalid` for what is no Redis URL. */
  static acquire(url: string, log: Logger): RedisLink {
    let link = links.get(url);
    if (link === undefined) {
      link = new RedisLink(url, log);
      links.set(url, link);
    }
    link.#users += 1;
    return link;
  }

  constructor(url: string, log: Logger) {
    if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
      // The value is not quoted: it may hold a password.
      throw new CodedError('config.invalid', 'REDIS_URL: not a URL that begins with redis:// or rediss://');
    }
    this.#url = url;
    this.#log = log;
    this.client = new Redis(url, {
      maxRetriesPerRequest: null,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 1_000) + Math.random() * 100,
      // After a failover the old primary refuses writes: connect anew and send the command again.
      reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    });
    this.client.on('error', (error) => {
      this.#lastError = explain(error);
    });
    this.client.on('close', () => this.#lose(this.#lastError || 'the connection was closed'));
    this.client.on('ready', () => void this.#greet());
    this.#heart = setInterval(() => this.#beat(), PING_EVERY_MS);
  }

  /** Whether Redis answers now. */
  ready(): boolean {
    return this.client.status === 'ready' && this.#awaySince === undefined;
  }

  /** Called after each outage; `restarted` when another server process answers than before. Answers how to stop that. */
  onBack(listener: (restarted: boolean) => void): () => void {
    this.#onBack.add(listener);
    return () => this.#onBack.delete(listener);
  }

  /**
   * Tries until it works or `signal` ends it with `queue.unavailable`. For commands that must not be lost. A command that is
   * under way is not waited for then: ioredis does not settle it when it is told to disconnect while it has no socket.
   */
  async insist<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let wait = 100; ; wait = Math.min(wait * 2, 5_000)) {
      try {
        signal.throwIfAborted();
        return await unlessAborted(attempt(), signal);
      } catch (error) {
        if (!signal.aborted) {
          this.say('warn', 'Redis refused a command', explain(error));
          await delay(wait, undefined, { signal }).catch(() => undefined);
        }
        if (signal.aborted)
          throw new CodedError('queue.unavailable', 'queue: closed before Redis took a change', error);
      }
    }
  }

  /** The answer of a command that may be left out: `otherwise` when Redis is away, refuses, or is slower than 2 s. */
  async attempt<T>(command: () => Promise<T>, otherwise: T): Promise<T> {
    if (!this.ready()) return otherwise;
    const late = Promise.withResolvers<T>();
    const timer = setTimeout(late.resolve, SILENCE_MS, otherwise);
    try {
      return await Promise.race([command(), late.promise]);
    } catch (error) {
      if (!this.#closed) this.say('warn', 'Redis refused a command', explain(error));
      return otherwise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Logs, the same message at most every 10 s: what goes wrong in an outage goes wrong often. */
  say(level: Level, message: string, reason: string): void {
    const now = Date.now();
    if (now - (this.#said.get(message) ?? 0) < 10_000) return;
    this.#said.set(message, now);
    this.#log[level]({ redis: this.#where(), reason }, message);
  }

  /** Lets go; the last user closes the connection. Commands that still wait are rejected. */
  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    links.delete(this.#url);
    clearInterval(this.#heart);
    const answers = this.ready();
    this.#closed = true;
    if (answers) await Promise.race([this.client.quit(), delay(1_000)]).catch(() => undefined);
    this.client.disconnect();
  }

  #beat(): void {
    const silent = this.#pingSince === undefined ? 0 : Date.now() - this.#pingSince;
    if (silent > SILENCE_MS) this.#lose('no answer');
    // Only with a socket: a disconnect while ioredis waits to reconnect would end its reconnecting (taskforcesh/bullmq#4585).
    if (silent > DEAD_MS && (this.client.status === 'ready' || this.client.status === 'connect')) {
      this.#pingSince = Date.now();
      this.client.disconnect(true);
    }
    if (this.#pingSince !== undefined || this.client.status !== 'ready') return;
    this.#pingSince = Date.now();
    this.client.ping().then(
      () => this.#answered(),
      () => this.#answered(),
    );
  }

  #answered(): void {
    this.#pingSince = undefined;
    if (this.client.status === 'ready') this.#regain(false);
  }

  #lose(reason: string): void {
    if (this.#awaySince !== undefined || this.#closed) return;
    this.#awaySince = Date.now();
    this.#log.warn({ redis: this.#where(), reason }, 'Redis cannot be reached');
  }

  #regain(restarted: boolean): void {
    const since = this.#awaySince;
    this.#awaySince = undefined;
    if (since !== undefined) {
      this.#log.info(
        { redis: this.#where(), afterSeconds: Math.round((Date.now() - since) / 100) / 10 },
        'Redis is back',
      );
    }
    if (since === undefined && !restarted) return;
    for (const listener of this.#onBack) listener(restarted);
  }

  /** After each connect: who answers, and is it set up to keep what it is given? */
  async #greet(): Promise<void> {
    const info = await this.client.info().catch(() => '');
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
    const runId = field('run_id');
    const restarted = this.#runId !== '' && runId !== '' && runId !== this.#runId;
    if (runId !== '') this.#runId = runId;
    const policy = field('maxmemory_policy');
    if (policy !== '' && policy !== 'noeviction')
      this.say('warn', 'Redis may evict queued work; set maxmemory-policy to noeviction', policy);
    this.#lastError = '';
    if (this.client.status === 'ready') this.#regain(restarted);
  }

  #where(): string {
    return `${this.client.options.host}:${this.client.options.port}`;
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
