/**
 * The work queue of a controller: "look at this key", never what to do with it. The object's status is the truth; a queue that
 * forgets everything costs time, never work.
 */
import { hash } from 'node:crypto';

/** The object to look at. Cluster-scoped objects have an empty namespace. */
export interface Key {
  namespace: string;
  name: string;
  uid: string;
}

/** What a worker's cache must have reached before it may be trusted: object id `Serving/ns/name` to resourceVersion (deletions too). */
export type Floor = Record<string, string>;

/** What may come with a wake-up. Wake-ups of one key that meet are merged into one. */
export interface Wake {
  floor?: Floor;
  /** W3C trace context of the change; the newest one wins. */
  traceparent?: string;
  /** `low` runs after all other work; a later wake-up without it moves the key to the front lane. */
  priority?: 'low';
  /** A child changed: what failed before says nothing about the next attempt. */
  failureReset?: boolean;
}

/** One run of the handler. */
export interface Job {
  key: Key;
  floor: Floor;
  traceparent?: string;
  /** When the key was queued, in milliseconds since the epoch. */
  queuedAt: number;
}

/** Works on one key. It must not throw: its failures are its own (`recordFailure`, then `addAt`). */
export type Handler = (job: Job) => Promise<void>;

/** Waiting, running and timed work of all replicas together. */
export interface QueueStats {
  waiting: number;
  active: number;
  delayed: number;
  oldestAgeSeconds: number;
}

export interface WorkQueue {
  /**
   * Queues the key; resolves when the queue holds it. A wake-up that comes while the key is being worked on leads to one more run.
   * While Redis is away it is kept in memory, merged per key. Rejects with `queue.unavailable` only if the queue is closed before.
   */
  add(key: Key, wake?: Wake): Promise<void>;
  /** Sets the key's one timer, in place of an earlier one; when it is due the key is queued. */
  addAt(key: Key, when: Date): Promise<void>;
  cancelTimer(key: Key): Promise<void>;
  /** The object is gone: removes its timer, floor and failure count. To be called in every run that finds no object. */
  forget(key: Key): Promise<void>;
  /** Marks an event as queued, for 60 s, so that other replicas skip it. Call it after `add`. Best effort: never rejects. */
  markSeen(uid: string, resourceVersion: string): Promise<void>;
  /** Whether any replica has marked the event. `false` when in doubt. */
  isSeen(uid: string, resourceVersion: string): Promise<boolean>;
  /** Raises what the next worker on this key, in any replica, must have seen; kept for 60 s. Best effort: never rejects. */
  raiseFloor(key: Key, floor: Floor): Promise<void>;
  /** Failures in a row of this generation of the object. 0 when Redis is away. */
  failures(key: Key, generation: number): Promise<number>;
  /** Counts one more failure and answers how many there are now. 1 when Redis is away. */
  recordFailure(key: Key, generation: number): Promise<number>;
  clearFailures(key: Key): Promise<void>;
  /** Starts working: at most `concurrency` keys at once in this process, never one key twice at once. */
  work(handler: Handler, options: { concurrency: number }): void;
  /** Called when work may have been lost (and every 10 minutes): the callback queues every key it knows, with priority `low`. */
  onResync(callback: () => Promise<void> | void): void;
  stats(): Promise<QueueStats>;
  /** Whether the queue answers now. */
  ready(): boolean;
  /** Takes no more work, waits for the handlers that run, and lets go of Redis. */
  close(): Promise<void>;
}

/** How long marks of seen events and floors are kept. */
export const MARK_LIFE_MS = 60_000;

/** When a key runs again whose handler threw although it must not, and left no timer. */
export const AFTER_THROW_MS = 30_000;

/** `ns/name`, or `name` of a cluster-scoped object. */
export function nameOf(key: Key): string {
  return key.namespace === '' ? key.name : `${key.namespace}/${key.name}`;
}

/**
 * What tells two keys apart in the queue: namespace and name, hashed, as BullMQ writes this id into an event stream that outlives
 * the object. The uid is left out: an object that was deleted and made again is still worked on by one worker at a time.
 */
export function keyId(key: Key): string {
  return hash('sha256', `${key.namespace}/${key.name}`, 'base64url').slice(0, 22);
}
