import type { KubeObject } from '@openfunction/api';
import { Redis } from 'ioredis';
import { keyId } from '../../libs/queue/src/contract.ts';

/** A look into the queues of the controllers from outside. */
export class QueuedKeys {
  readonly #redis: Redis;

  constructor(redisUrl: string) {
    this.#redis = new Redis(redisUrl);
  }

  /** Whether the object waits in that queue, or is being worked on, or was by a worker that died. */
  async has(prefix: string, queue: string, { metadata }: KubeObject): Promise<boolean> {
    const { namespace = '', name, uid = '' } = metadata;
    return (await this.#redis.exists(`${prefix}:${queue}:de:${keyId({ namespace, name, uid })}`)) > 0;
  }

  /** Everything that waits or has a timer, in all queues of these services. */
  async all(prefix: string): Promise<string[]> {
    const queued = await this.#redis.keys(`${prefix}:*:de:*`);
    const timers = await this.#redis.keys(`${prefix}:*:timers`);
    const timed = await Promise.all(timers.map((key) => this.#redis.zrange(key, '0', '-1')));
    return [...queued, ...timed.flat()];
  }

  /** How many events of watches, first lists included, this queue has taken in; remembered for a minute. */
  async seen(prefix: string, queue: string): Promise<number> {
    return (await this.#redis.keys(`${prefix}:${queue}:seen:*`)).length;
  }

  close(): void {
    this.#redis.disconnect();
  }
}
