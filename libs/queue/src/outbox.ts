import { type Key, keyId, type Wake } from './contract.ts';
import { mergeWakes } from './wake.ts';

/** A wake-up on its way, with everybody who waits for it. */
interface Parcel {
  key: Key;
  wake: Wake;
  sent: PromiseWithResolvers<void>;
}

/**
 * Sends wake-ups, one at a time for each key. Those that come while one is on its way are merged into the next: a burst, or an
 * outage of any length, costs one more send and one entry of memory for each key.
 */
export class Outbox {
  readonly #deliver: (key: Key, wake: Wake) => Promise<void>;
  readonly #lanes = new Map<string, { next: Parcel | undefined }>();

  constructor(deliver: (key: Key, wake: Wake) => Promise<void>) {
    this.#deliver = deliver;
  }

  /** Keys with a wake-up on its way. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Resolves when a wake-up that began after this call, and includes this one, is delivered. Ignoring the promise is safe. */
  add(key: Key, wake: Wake): Promise<void> {
    const id = keyId(key);
    const lane = this.#lanes.get(id);
    if (lane === undefined) {
      const parcel = newParcel(key, wake);
      this.#lanes.set(id, { next: parcel });
      void this.#run(id);
      return parcel.sent.promise;
    }
    const waiting = lane.next;
    lane.next =
      waiting === undefined ? newParcel(key, wake) : { key, wake: mergeWakes(waiting.wake, wake), sent: waiting.sent };
    return lane.next.sent.promise;
  }

  async #run(id: string): Promise<void> {
    const lane = this.#lanes.get(id);
    for (let parcel = lane?.next; lane !== undefined && parcel !== undefined; parcel = lane.next) {
      lane.next = undefined;
      await this.#deliver(parcel.key, parcel.wake).then(parcel.sent.resolve, parcel.sent.reject);
    }
    this.#lanes.delete(id);
  }
}

function newParcel(key: Key, wake: Wake): Parcel {
  const sent = Promise.withResolvers<void>();
  // A caller that does not wait must not bring the process down when the queue closes.
  sent.promise.catch(() => undefined);
  return { key, wake, sent };
}
