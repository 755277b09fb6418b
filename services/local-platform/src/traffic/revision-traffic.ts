import { Load } from './load.ts';

/** A place at an instance: the port to send one request to, and what to call when it has been answered. */
export interface Lease {
  port: number;
  /** Identity of the instance (its pod's uid). */
  instance: string;
  release(): void;
}

/** Why a request was not let through. */
export type Refusal = 'queue-full' | 'too-late' | 'revision-gone' | 'caller-left';

export type Admission = { lease: Lease } | { refused: Refusal };

interface Instance {
  port: number;
  open: number;
  draining: boolean;
  /** It dropped a connection: perhaps its process is just ending. */
  suspect: boolean;
  emptied: (() => void)[];
}

interface Waiter {
  admit(admission: Admission): void;
}

export interface RevisionTrafficOptions {
  /** Requests held at most while there is no free place. */
  queueLimit: number;
  /** How long a request is held, in milliseconds. */
  holdMs: number;
  now(): number;
  /** Whether an instance accepts connections on this port. */
  probe(port: number): Promise<boolean>;
  /** Called when a request is held: an instance may have to be started. */
  onHeld(): void;
}

const PROBE_PAUSE_MS = 30;

/**
 * The door to the instances of one revision: lets requests in as far as instances are ready and have a free place, holds
 * the others in order, and knows when the last request was.
 */
export class RevisionTraffic {
  /** Requests that one instance works on at once; 0: no limit. */
  concurrency = 0;
  /** Why there is no instance, for callers that waited in vain. */
  trouble: string | undefined;
  readonly #options: RevisionTrafficOptions;
  readonly #instances = new Map<string, Instance>();
  readonly #waiting = new Set<Waiter>();
  readonly #load: Load;
  #turn = 0;
  #open = 0;
  #lastActive: number;
  #closed = false;

  constructor(options: RevisionTrafficOptions) {
    this.#options = options;
    this.#lastActive = options.now();
    this.#load = new Load(options.now());
  }

  /** Requests being answered or held. */
  get open(): number {
    return this.#open + this.#waiting.size;
  }

  /** How many were open, on average, over the last `ms` milliseconds. */
  averageOpen(ms: number): number {
    return this.#load.average(ms, this.#options.now());
  }

  /** When the last request ended or the last instance became ready. */
  get lastActive(): number {
    return this.open > 0 ? this.#options.now() : this.#lastActive;
  }

  /** Asks for a place. Answers when there is one, or why there is none. */
  admit(signal: AbortSignal): Promise<Admission> {
    if (this.#closed) return Promise.resolve({ refused: 'revision-gone' });
    const lease = this.#take();
    if (lease !== undefined) return Promise.resolve({ lease });
    if (this.#waiting.size >= this.#options.queueLimit) return Promise.resolve({ refused: 'queue-full' });
    return this.#hold(signal);
  }

  /** An instance is ready for requests. */
  addInstance(id: string, port: number): void {
    this.#instances.set(id, { port, open: 0, draining: false, suspect: false, emptied: [] });
    this.#touch();
    this.#pump();
  }

  /** Sends the instance no more requests. Resolves when those under way have been answered. */
  drainInstance(id: string): Promise<void> {
    const instance = this.#instances.get(id);
    if (instance === undefined) return Promise.resolve();
    instance.draining = true;
    if (instance.open === 0) return Promise.resolve();
    return new Promise((resolve) => instance.emptied.push(resolve));
  }

  /** The instance dropped a connection: it gets no requests until it accepts connections again, or is gone. */
  suspect(id: string): void {
    const instance = this.#instances.get(id);
    if (instance === undefined || instance.suspect) return;
    instance.suspect = true;
    void this.#watch(id, instance);
  }

  /** The instance is gone. */
  removeInstance(id: string): void {
    const instance = this.#instances.get(id);
    this.#instances.delete(id);
    for (const done of instance?.emptied ?? []) done();
  }

  /** The revision is gone: held requests are refused, so that they can go elsewhere. */
  close(): void {
    this.#closed = true;
    for (const waiter of [...this.#waiting]) waiter.admit({ refused: 'revision-gone' });
  }

  async #watch(id: string, instance: Instance): Promise<void> {
    while (this.#instances.get(id) === instance && instance.suspect) {
      await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS));
      if (await this.#options.probe(instance.port)) instance.suspect = false;
    }
    this.#pump();
  }

  #hold(signal: AbortSignal): Promise<Admission> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        admit: (admission) => {
          clearTimeout(timer);
          signal.removeEventListener('abort', leave);
          this.#waiting.delete(waiter);
          this.#touch();
          resolve(admission);
        },
      };
      const leave = () => waiter.admit({ refused: 'caller-left' });
      const timer = setTimeout(() => waiter.admit({ refused: 'too-late' }), this.#options.holdMs);
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.add(waiter);
      this.#count();
      if (signal.aborted) leave();
      else this.#options.onHeld();
    });
  }

  /** A place where the fewest requests are; those with equally few take turns. */
  #take(): Lease | undefined {
    const free = [...this.#instances].filter(([, { draining, suspect, open }]) => {
      return !draining && !suspect && (this.concurrency === 0 || open < this.concurrency);
    });
    const fewest = Math.min(...free.map(([, { open }]) => open));
    const best = free.filter(([, { open }]) => open === fewest);
    this.#turn += 1;
    const chosen = best[this.#turn % Math.max(1, best.length)];
    return chosen && this.#lease(...chosen);
  }

  #lease(id: string, instance: Instance): Lease {
    instance.open += 1;
    this.#open += 1;
    this.#count();
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      instance.open -= 1;
      this.#open -= 1;
      this.#touch();
      if (instance.open === 0) for (const done of instance.emptied.splice(0)) done();
      this.#pump();
    };
    return { port: instance.port, instance: id, release };
  }

  #pump(): void {
    for (const waiter of [...this.#waiting]) {
      const lease = this.#take();
      if (lease === undefined) return;
      waiter.admit({ lease });
    }
  }

  #touch(): void {
    this.#lastActive = this.#options.now();
    this.#count();
  }

  #count(): void {
    this.#load.set(this.open, this.#options.now());
  }
}
