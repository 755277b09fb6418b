import type { Write } from '@openfunction/testing';

/** One write: the n-th of its kind by this service for one Function. */
export interface CrashPoint {
  service: string;
  method: string;
  resource: string;
  nth: number;
}

/** `before`: the API server never hears of the write. `after`: it has answered, and the controller does not hear of that. */
export type Moment = 'before' | 'after';

/** What is to happen to one Function, which lives alone in its namespace. */
export interface CrashCase {
  namespace: string;
  point: CrashPoint;
  moment: Moment;
  /** The replica that died there; undefined while that write has not been made. */
  victim?: string;
}

/** Reads `service METHOD resource #n`. */
export function nameOf({ service, method, resource, nth }: CrashPoint): string {
  return `${service} ${method} ${resource} #${nth}`;
}

/**
 * Counts the writes for each namespace as they pass a proxy, and ends the process that makes the one a case has been set on.
 * Writes outside namespaces, or without a Function, are not looked at.
 */
export class CrashPlan {
  readonly #halt: (replica: string) => Promise<void>;
  readonly #namespaceOf: (write: Write) => string;
  readonly #writes = new Map<string, CrashPoint[]>();
  readonly #cases = new Map<string, CrashCase>();
  readonly #places = new WeakMap<Write, CrashPoint>();

  /** `halt` ends a replica and resolves when it is gone; `namespaceOf` names the namespace of the Function that a write is for. */
  constructor(halt: (replica: string) => Promise<void>, namespaceOf: (write: Write) => string) {
    this.#halt = halt;
    this.#namespaceOf = namespaceOf;
  }

  /** Counts from the beginning again. */
  forget(namespace: string): void {
    this.#writes.delete(namespace);
  }

  /** To be set before the writes begin that are meant. */
  set(crash: CrashCase): void {
    this.#cases.set(crash.namespace, crash);
  }

  /** Leaves the Function alone from now on; `false` when it is too late for that. */
  withdraw(crash: CrashCase): boolean {
    return this.#cases.delete(crash.namespace);
  }

  /** The writes made for a namespace so far, in their order. */
  writesIn(namespace: string): CrashPoint[] {
    return this.#writes.get(namespace) ?? [];
  }

  /** For the proxy: whether this write may go on to the API server. */
  async beforeWrite(write: Write): Promise<boolean> {
    const place = this.#count(write);
    this.#places.set(write, place);
    return !(await this.#strike(write, place, 'before'));
  }

  /** For the proxy: whether the sender may hear of the answer. */
  async afterWrite(write: Write): Promise<boolean> {
    const place = this.#places.get(write);
    return place === undefined || !(await this.#strike(write, place, 'after'));
  }

  #count(write: Write): CrashPoint {
    const { replica, method, resource } = write;
    const namespace = this.#namespaceOf(write);
    const service = replica.replace(/-\d+$/, '');
    const writes = this.#writes.get(namespace) ?? [];
    const same = writes.filter(
      (earlier) => earlier.service === service && earlier.method === method && earlier.resource === resource,
    );
    const place = { service, method, resource, nth: same.length + 1 };
    this.#writes.set(namespace, [...writes, place]);
    return place;
  }

  async #strike(write: Write, place: CrashPoint, moment: Moment): Promise<boolean> {
    const crash = this.#cases.get(this.#namespaceOf(write));
    if (crash === undefined || crash.moment !== moment || nameOf(crash.point) !== nameOf(place)) return false;
    this.#cases.delete(crash.namespace);
    await this.#halt(write.replica);
    crash.victim = write.replica;
    return true;
  }
}
