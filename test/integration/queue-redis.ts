import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type ManagedProcess, startProcess } from '@openfunction/local';
import { type Logger, silentLogger } from '@openfunction/telemetry';
import { waitFor } from '@openfunction/testing';
import { Redis } from 'ioredis';
import { findRedis } from '../../libs/local/src/binaries/redis.ts';
import { openQueue, type QueueOptions, type WorkQueue } from '../../libs/queue/src/index.ts';

/** A Redis of one test file, to be frozen, killed, emptied and started again on its port. */
export class OwnRedis {
  readonly port: number;
  readonly url: string;
  readonly #directory: string;
  readonly #password: string;
  #process: ManagedProcess | undefined;
  #client: Redis | undefined;

  static async start(password = 'hidden-word'): Promise<OwnRedis> {
    const redis = new OwnRedis(await freePort(), await mkdtemp(join(tmpdir(), 'queue-redis-')), password);
    await redis.start();
    return redis;
  }

  constructor(port: number, directory: string, password: string) {
    this.port = port;
    this.#directory = directory;
    this.#password = password;
    this.url = `redis://:${password}@127.0.0.1:${port}`;
  }

  /** Starts it, empty. */
  async start(): Promise<void> {
    const { command, env } = await findRedis(() => undefined);
    this.#process = await startProcess({
      name: 'redis-server',
      command,
      args: ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--requirepass', this.#password],
      env: { ...process.env, ...env },
      cwd: this.#directory,
      logFile: join(this.#directory, 'redis.log'),
      ready: () => answers(this.port),
    });
  }

  /** A client to look inside; made anew after each start. */
  get client(): Redis {
    this.#client ??= new Redis(this.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 }).on(
      'error',
      () => undefined,
    );
    return this.#client;
  }

  freeze(): void {
    process.kill(this.#pid(), 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.#pid(), 'SIGCONT');
  }

  async kill(): Promise<void> {
    process.kill(this.#pid(), 'SIGKILL');
    await this.#process?.exited;
  }

  /** As with a full disk: a snapshot fails, and from then on every write is refused with MISCONF. */
  async refuseWrites(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
    await this.client.config('SET', 'save', '3600 1');
    await this.client.bgsave().catch(() => undefined);
    const status = async () => /rdb_last_bgsave_status:err/.test(await this.client.info('persistence'));
    await waitFor('the snapshot fails', status);
  }

  async acceptWrites(): Promise<void> {
    await this.client.config('SET', 'stop-writes-on-bgsave-error', 'no');
  }

  /** CPU seconds that the server has used. */
  cpuSeconds(): number {
    const stat = execFileSync('cat', [`/proc/${this.#pid()}/stat`], { encoding: 'utf8' });
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async stop(): Promise<void> {
    this.#client?.disconnect();
    await this.#process?.stop(2_000);
    await rm(this.#directory, { recursive: true, force: true });
  }

  #pid(): number {
    if (this.#process === undefined) throw new Error('Redis is not started');
    return this.#process.pid;
  }
}

/** What was logged. */
export interface LogLine {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

/** A logger that keeps its lines. */
export function keepingLogger(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const keep = (level: string) => (fields: Record<string, unknown>, message: string) => {
    lines.push({ level, message, fields });
  };
  const logger = {
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
    child: () => logger,
  };
  return { logger: logger as unknown as Logger, lines };
}

let prefixes = 0;

/** Replicas of queues under a prefix of their own. */
export class Replicas {
  readonly prefix = `test-${process.pid}-${++prefixes}`;
  readonly #redis: OwnRedis;
  readonly #open: WorkQueue[] = [];

  constructor(redis: OwnRedis) {
    this.#redis = redis;
  }

  open(options: Partial<QueueOptions> = {}): WorkQueue {
    const queue = openQueue({
      url: this.#redis.url,
      name: 'function',
      prefix: this.prefix,
      logger: silentLogger(),
      ...options,
    });
    this.#open.push(queue);
    return queue;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((queue) => queue.close()));
  }
}

/** Every key and every value of the server, as text. */
export async function everything(client: Redis): Promise<string> {
  const found: string[] = [];
  for (const key of await client.keys('*')) {
    const type = await client.type(key);
    found.push(key, JSON.stringify(await contentOf(client, key, type)));
  }
  return found.join('\n');
}

function contentOf(client: Redis, key: string, type: string): Promise<unknown> {
  switch (type) {
    case 'hash':
      return client.hgetall(key);
    case 'list':
      return client.lrange(key, 0, -1);
    case 'zset':
      return client.zrange(key, '0', '-1', 'WITHSCORES');
    case 'set':
      return client.smembers(key);
    case 'stream':
      return client.xrange(key, '-', '+');
    default:
      return client.get(key);
  }
}

/** Whether a server answers at all (with `NOAUTH`, as no password is given). */
function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', () => {
      done(true);
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => done(false));
  });
}
