import { explain } from '@openfunction/errors';
import type { Logger } from '@openfunction/telemetry';
import { type Bundle, leftOf } from './bundle.ts';
import type { Offer } from './handover.ts';
import type { KeyPair } from './issue.ts';
import type { Issuer, Lifetimes } from './rotation.ts';

export interface BridgeOptions {
  issuer: Issuer;
  lifetimes: Lifetimes;
  logger: Logger;
  onOffer: (offer: Offer) => void;
}

/** Looked at again after so long, since timers cannot wait for months. */
const LOOK_AGAIN_MS = 10 * 60_000;

/*
 *   bundle held ──1/6 of its life left, no newer one──► own certificate ──newer bundle──► bundle held
 */

/**
 * Offers the certificate of the bundle that is held. When it is about to end and nobody has been able to write a newer one, for
 * the API server is slow or away, this replica signs one for itself, under the authority that is trusted anyway.
 */
export class Bridge {
  readonly #options: BridgeOptions;
  #bundle: Bundle | undefined;
  #own: Bundle | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BridgeOptions) {
    this.#options = options;
  }

  hold(bundle: Bundle): void {
    this.#bundle = bundle;
    const { authority, next, previous } = bundle;
    const also = [next?.cert, previous].filter((cert) => cert !== undefined);
    const leaf = this.#best(bundle);
    this.#options.onOffer({ leaf, needs: [authority.cert], also });
    clearTimeout(this.#timer);
    const wait = Math.max(leftOf(leaf.cert, new Date()) - this.#margin, this.#margin / 2);
    this.#timer = setTimeout(() => this.#cross(bundle), Math.min(wait, LOOK_AGAIN_MS)).unref();
  }

  stop(): void {
    this.#bundle = undefined;
    clearTimeout(this.#timer);
  }

  get #margin(): number {
    return this.#options.lifetimes.leaf / 6;
  }

  #best({ authority, leaf }: Bundle): KeyPair {
    const own = this.#own?.authority.cert === authority.cert ? this.#own.leaf : undefined;
    return own === undefined || leftOf(leaf.cert, new Date()) > this.#margin ? leaf : own;
  }

  async #cross(bundle: Bundle): Promise<void> {
    const { issuer, logger } = this.#options;
    try {
      if (leftOf(this.#best(bundle).cert, new Date()) <= this.#margin) {
        this.#own = await issuer.make(new Date(), bundle.authority);
        logger.warn('certificate not renewed in time: one made for this replica alone');
      }
    } catch (error) {
      logger.error({ error: explain(error) }, 'no certificate could be made');
    }
    // While it was made, another bundle may have come.
    if (this.#bundle === bundle) this.hold(bundle);
  }
}
