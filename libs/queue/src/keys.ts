import type { Key } from './contract.ts';

/** Names of the Redis keys of one queue: BullMQ's (`wait`, `active`, `de:…`) and, beside them, our own. */
export class RedisKeys {
  /** Everything begins with this; BullMQ puts job ids right behind it. */
  readonly base: string;

  constructor(prefix: string, queue: string) {
    this.base = `${prefix}:${queue}:`;
  }

  of(part: 'active' | 'marker' | 'prioritized' | 'delayed' | 'wait' | 'epoch' | 'sweep' | 'timers'): string {
    return this.base + part;
  }

  /** BullMQ's key of the job that stands for a key now. */
  deduplication(id: string): string {
    return `${this.base}de:${id}`;
  }

  /** BullMQ's hash of the job that follows the active one. */
  deduplicationNext(id: string): string {
    return `${this.base}dn:${id}`;
  }

  floor(uid: string): string {
    return `${this.base}floor:${uid}`;
  }

  failures(uid: string): string {
    return `${this.base}failures:${uid}`;
  }

  seen(uid: string, resourceVersion: string): string {
    return `${this.base}seen:${uid}:${resourceVersion}`;
  }

  /** Matches every deduplication key in SCAN, whatever characters the prefix has. */
  deduplicationPattern(): string {
    return `${this.base.replaceAll(/[*?[\]\\]/g, String.raw`\$&`)}de:*`;
  }
}

/** The key as one member of the sorted set of timers. */
export function timerMember(key: Key): string {
  return JSON.stringify([key.namespace, key.name, key.uid]);
}

/** The key of a member of the sorted set of timers. */
export function keyOfTimer(member: string): Key {
  const [namespace, name, uid] = JSON.parse(member) as [string, string, string];
  return { namespace, name, uid };
}
