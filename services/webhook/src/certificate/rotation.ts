import { type Bundle, endOf, type Judgement, leftOf } from './bundle.ts';
import { type KeyPair, makeAuthority, makeLeaf } from './issue.ts';

/*
 * Everything happens when the leaf is renewed, at 2/3 of its life: one write for each step, and none besides.
 *
 *                          Secret                         caBundle        who signed what is served
 *   steady     ca                    leaf(ca)             ca              ca
 *     │ renew: a new leaf(ca); this again and again until the authority is at 2/3 of its life
 *     ▼ announce
 *   announced  ca, next              leaf(ca)             ca + next       ca
 *     │ renew, while not every caBundle is known to hold next
 *     ▼ switch: only now is anything signed by the new authority
 *   switched   ca := next, previous  leaf(ca)             ca + previous   either, as each replica takes the Secret over
 *     ▼ renew
 *   steady     ca                    leaf(ca)             ca
 *
 * Replicas need not agree on anything: each reads the same step from the Secret and the clock, and the first write wins.
 */
export type Step = 'rest' | 'renew' | 'announce' | 'switch';

/**
 * How long certificates live, in milliseconds. An authority lives at least seven times as long as a leaf: so the next one is
 * announced two renewals before it has to sign.
 */
export interface Lifetimes {
  leaf: number;
  authority: number;
}

const DAY_MS = 86_400_000;
export const DEFAULT_LIFETIMES: Lifetimes = { leaf: 7 * DAY_MS, authority: 365 * DAY_MS };

/** What is to be done about a good bundle. `isTrusted` says whether every caBundle is known to hold a certificate (PEM). */
export function stepOf(bundle: Bundle, now: Date, lifetimes: Lifetimes, isTrusted: (cert: string) => boolean): Step {
  if (leftOf(bundle.leaf.cert, now) > lifetimes.leaf / 3) return 'rest';
  const authorityLeft = leftOf(bundle.authority.cert, now);
  if (bundle.next !== undefined) {
    // The last moment: from here on a leaf of the old authority would end before its time.
    const mustSwitch = authorityLeft <= lifetimes.leaf;
    return mustSwitch || isTrusted(bundle.next.cert) ? 'switch' : 'renew';
  }
  return authorityLeft <= lifetimes.authority / 3 ? 'announce' : 'renew';
}

/** When there will be something to do, if nobody changes the Secret. */
export function renewalOf(bundle: Bundle, lifetimes: Lifetimes): Date {
  return new Date(endOf(bundle.leaf.cert).getTime() - lifetimes.leaf / 3);
}

/** Makes certificates for these DNS names. */
export class Issuer {
  readonly #dnsNames: readonly string[];
  readonly #lifetimes: Lifetimes;

  constructor(dnsNames: readonly string[], lifetimes: Lifetimes = DEFAULT_LIFETIMES) {
    this.#dnsNames = dnsNames;
    this.#lifetimes = lifetimes;
  }

  /** A bundle under `authority` if there is one, else under a new one. */
  async make(now: Date, authority?: KeyPair): Promise<Bundle> {
    const signer = authority ?? (await this.#authority(now));
    return { authority: signer, leaf: await this.#leaf(signer, now) };
  }

  /** The bundle after a step. */
  async advance(bundle: Bundle, step: Step, now: Date): Promise<Bundle> {
    const { authority, next } = bundle;
    if (step === 'rest') return bundle;
    if (step === 'announce') return { ...(await this.make(now, authority)), next: await this.#authority(now) };
    if (step === 'switch' && next !== undefined) return { ...(await this.make(now, next)), previous: authority.cert };
    return { ...(await this.make(now, authority)), next };
  }

  /**
   * A good bundle in the place of a bad one. What this replica holds is trusted already, so it signs if it can; else what is
   * left in the Secret does, else a new authority.
   */
  async heal(found: Judgement, held: Bundle | undefined, now: Date): Promise<Bundle> {
    if (held === undefined || leftOf(held.authority.cert, now) <= 0) return await this.make(now, found.authority);
    const { next, previous } = held;
    return { ...(await this.make(now, held.authority)), next, previous };
  }

  #authority(now: Date): Promise<KeyPair> {
    return makeAuthority(now, this.#lifetimes.authority);
  }

  #leaf(authority: KeyPair, now: Date): Promise<KeyPair> {
    return makeLeaf(authority, this.#dnsNames, now, this.#lifetimes.leaf);
  }
}
