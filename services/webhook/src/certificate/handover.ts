import type { Logger } from '@openfunction/telemetry';
import { endOf, leftOf } from './bundle.ts';
import type { KeyPair } from './issue.ts';

/** A certificate that may be served from now on. */
export interface Offer {
  leaf: KeyPair;
  /** Certificates (PEM) by which clients know it: they must be trusted before it is served. */
  needs: readonly string[];
  /** What else is to be trusted. */
  also: readonly string[];
}

/** Whom the API server trusts. */
export interface Trust {
  want: (certificates: readonly string[]) => void;
  holds: (certificates: readonly string[]) => boolean;
  onSettled: (listener: () => void) => void;
}

/*
 *   nothing ──offer──► served ──offer under another authority──► waiting ──trusted, or the served one has expired──► served
 *                        └──offer under the same authority──► served
 */

/** Passes certificates on to the server, each only once the API server trusts its authority. */
export class Handover {
  readonly #trust: Trust;
  readonly #logger: Logger;
  readonly #onLeaf: (leaf: KeyPair) => void;
  #served: Offer | undefined;
  #waiting: Offer | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(trust: Trust, logger: Logger, onLeaf: (leaf: KeyPair) => void) {
    this.#trust = trust;
    this.#logger = logger;
    this.#onLeaf = onLeaf;
    trust.onSettled(() => this.#tryWaiting());
  }

  /** What is served now; undefined before the first one. */
  get served(): Offer | undefined {
    return this.#served;
  }

  offer(offer: Offer): void {
    const served = this.#served;
    this.#waiting = offer;
    this.#trust.want([...offer.needs, ...offer.also, ...(served?.needs ?? [])]);
    this.#tryWaiting();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tryWaiting(): void {
    const [served, offer] = [this.#served, this.#waiting];
    if (offer === undefined) return;
    clearTimeout(this.#timer);
    // Whom nobody trusts is no worse than who has expired.
    const left = served === undefined ? 0 : leftOf(served.leaf.cert, new Date());
    const isFree = served === undefined || offer.needs.every((cert) => served.needs.includes(cert));
    if (!isFree && !this.#trust.holds(offer.needs)) {
      if (left > 0) {
        this.#timer = setTimeout(() => this.#tryWaiting(), Math.min(left, 60_000)).unref();
        return;
      }
      this.#logger.warn(
        'the certificate in use has ended: now one is served that not every caBundle is known to vouch for',
      );
    }
    this.#serve(offer);
  }

  #serve(offer: Offer): void {
    const isNew = offer.leaf.cert !== this.#served?.leaf.cert;
    this.#served = offer;
    this.#waiting = undefined;
    this.#trust.want([...offer.needs, ...offer.also]);
    if (!isNew) return;
    this.#logger.info({ until: endOf(offer.leaf.cert).toISOString() }, 'certificate in use');
    this.#onLeaf(offer.leaf);
  }
}
