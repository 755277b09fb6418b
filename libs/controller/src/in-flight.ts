import { type Kind, type KubeObject, kindId } from '@openfunction/api';
import { storeKey } from '@openfunction/kube';

/**
 * Objects that are just being written. A watch often tells of a write before its answer is here, and then nobody knows yet that it is our
 * own: whoever wants to know that waits for the write to be over.
 */
export class InFlight {
  readonly #writes = new Map<string, Promise<void>>();

  /** Makes a write of the object; it is over when what has to be noted of it is noted, too. */
  async during<T>(kind: Kind, object: KubeObject, write: () => Promise<T>): Promise<T> {
    const id = idOf(kind, object);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#writes.set(id, promise);
    try {
      return await write();
    } finally {
      if (this.#writes.get(id) === promise) this.#writes.delete(id);
      resolve();
    }
  }

  /** Resolves when a write of the object that is under way is over, however it ends; at once when there is none. */
  async over(kind: Kind, object: KubeObject): Promise<void> {
    await this.#writes.get(idOf(kind, object));
  }
}

function idOf(kind: Kind, { metadata }: KubeObject): string {
  return `${kindId(kind)}/${storeKey(metadata)}`;
}
