import { randomBytes } from 'node:crypto';
import { type KubeObject, SECRET } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import { type KubeClient, Reflector, storeKey } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import { FIELD_MANAGER, SECRET_NAME, serviceDnsNames } from '../names.ts';
import { type Bundle, type Judgement, judge, makeSecret } from './bundle.ts';
import type { Offer } from './handover.ts';
import { Issuer, type Lifetimes, renewalOf, stepOf } from './rotation.ts';
import { Task } from './task.ts';

/*
 *   Secret good ──────────────────────────► serve with it
 *   Secret missing ───────────────────────► create ─ 409 ─► somebody else was first: serve with his
 *   Secret not ours, unreadable, expired ─► replace at its resourceVersion ─ 409 ─► likewise
 *   Secret good, and a step is due ───────► likewise; the steps: rotation.ts
 */

export interface KeeperOptions {
  client: KubeClient;
  /** Namespace of the Service and the Secret. */
  namespace: string;
  lifetimes: Lifetimes;
  logger: Logger;
  /** Told each good bundle. */
  onOffer: (offer: Offer) => void;
  /** Whether every caBundle is known to hold a certificate (PEM). */
  isTrusted: (cert: string) => boolean;
}

/** Certificates end while nothing in the cluster changes, so the Secret is looked at from time to time. */
const LOOK_AGAIN_MS = 10 * 60_000;
/** Of two replicas, the second one waits for the first at most so long. */
const LONGEST_WAIT_MS = { heal: 2_000, renew: 60_000 };

/**
 * Keeps the shared Secret with the certificates good, together with any number of other replicas that do the same: whoever
 * writes first wins, all others take over what is there. A running replica signs with the authority it holds, so that healing
 * the Secret never makes the API server lose its trust.
 */
export class CertificateKeeper {
  readonly #options: KeeperOptions;
  readonly #dnsNames: string[];
  readonly #issuer: Issuer;
  readonly #key: string;
  readonly #secrets: Reflector;
  readonly #task: Task;
  /** Of this replica alone, for creating: an apply under this name never takes over what another one has applied. */
  readonly #creator = `${FIELD_MANAGER}-${randomBytes(4).toString('hex')}`;
  #timer: NodeJS.Timeout | undefined;
  #held: Bundle | undefined;
  /** What is to be written, and when this replica will do it unless another one has. */
  #turn: { cause: string; at: number } | undefined;

  constructor(options: KeeperOptions) {
    const { client, namespace, logger, lifetimes } = options;
    this.#options = options;
    this.#dnsNames = serviceDnsNames(namespace);
    this.#issuer = new Issuer(this.#dnsNames, lifetimes);
    this.#key = storeKey({ namespace, name: SECRET_NAME });
    this.#task = new Task('certificate', () => this.#keep(), logger);
    const fieldSelector = `metadata.name=${SECRET_NAME}`;
    const onChange = () => this.#task.wake();
    this.#secrets = new Reflector({ client, kind: SECRET, namespace, fieldSelector, logger, onChange });
  }

  start(): void {
    this.#secrets.start();
    // A Secret that does not exist gives no change to wake on.
    this.#secrets.ready().then(() => this.#task.wake());
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#task.stop();
    await this.#secrets.stop();
  }

  async #keep(): Promise<void> {
    let found = this.#look();
    if (this.#isMyTurn(found)) {
      found = await this.#mend(found);
      this.#isMyTurn(found);
    }
    this.#lookAgain(found.bundle);
  }

  /** Judges what the watch has brought, and takes it over if it is good. */
  #look(): Judgement {
    const found = judge(this.#stored(), this.#dnsNames, new Date());
    if (found.bundle !== undefined) this.#hold(found.bundle);
    return found;
  }

  /** Why the Secret has to be written; undefined when it may rest. */
  #reason({ bundle, fault }: Judgement): string | undefined {
    if (bundle === undefined) return fault;
    const step = stepOf(bundle, new Date(), this.#options.lifetimes, this.#options.isTrusted);
    return step === 'rest' ? undefined : step;
  }

  /**
   * Whether there is something to write, and now. All replicas see the same at the same time: each draws a moment, the first
   * one writes, and the others need not.
   */
  #isMyTurn(found: Judgement): boolean {
    const reason = this.#reason(found);
    if (reason === undefined) {
      this.#turn = undefined;
      return false;
    }
    const cause = `${reason} ${this.#stored()?.metadata.resourceVersion}`;
    if (this.#turn?.cause !== cause) this.#turn = { cause, at: Date.now() + this.#drawWait(found) };
    return Date.now() >= this.#turn.at;
  }

  #drawWait({ bundle }: Judgement): number {
    // The very first certificate is waited for by everybody.
    if (this.#held === undefined) return 0;
    const longest = bundle === undefined ? LONGEST_WAIT_MS.heal : LONGEST_WAIT_MS.renew;
    return Math.random() * Math.min(longest, this.#options.lifetimes.leaf / 8);
  }

  #stored(): KubeObject | undefined {
    return this.#secrets.store.get(this.#key);
  }

  /** Writes what is due, in the place of exactly what was judged; returns what is there afterwards. */
  async #mend(found: Judgement): Promise<Judgement> {
    const [existing, reason] = [this.#stored(), this.#reason(found)];
    if (reason === undefined) return found;
    const { lifetimes, isTrusted } = this.#options;
    const now = new Date();
    const made =
      found.bundle === undefined
        ? await this.#issuer.heal(found, this.#held, now)
        : await this.#issuer.advance(found.bundle, stepOf(found.bundle, now, lifetimes, isTrusted), now);
    await this.#write(made, existing, reason);
    return this.#look();
  }

  /** Writes the Secret unless somebody else has written since; takes in what is there afterwards. */
  async #write(bundle: Bundle, existing: KubeObject | undefined, reason: string): Promise<void> {
    const { client, namespace, logger } = this.#options;
    try {
      const written =
        existing === undefined || existing['immutable'] === true
          ? await this.#create(bundle, existing)
          : await client.replace(SECRET, makeSecret(bundle, namespace, existing), { fieldManager: FIELD_MANAGER });
      logger.info({ object: this.#key, reason }, 'certificate made');
      this.#secrets.store.put(written);
    } catch (error) {
      if (!isCoded(error, 'api.conflict')) throw error;
      const theirs = await client.get(SECRET, { namespace, name: SECRET_NAME });
      // If there is none, or none that is good, the watch brings it and wakes us again.
      if (theirs !== undefined) this.#secrets.store.put(theirs);
    }
  }

  /**
   * An apply that creates is allowed by name, unlike a POST. It is not forced, so whoever comes second gets 409. An
   * immutable Secret is deleted first.
   */
  async #create(bundle: Bundle, existing: KubeObject | undefined): Promise<KubeObject> {
    const { client, namespace } = this.#options;
    const uid = existing?.metadata.uid;
    if (uid !== undefined) await client.delete(SECRET, { namespace, name: SECRET_NAME }, { uid });
    return await client.apply(SECRET, makeSecret(bundle, namespace), { fieldManager: this.#creator });
  }

  #hold(bundle: Bundle): void {
    this.#held = bundle;
    const { authority, leaf, next, previous } = bundle;
    const also = [next?.cert, previous].filter((cert) => cert !== undefined);
    this.#options.onOffer({ leaf, needs: [authority.cert], also });
  }

  #lookAgain(bundle: Bundle | undefined): void {
    clearTimeout(this.#timer);
    const renewal = bundle === undefined ? undefined : renewalOf(bundle, this.#options.lifetimes).getTime();
    const wait = (this.#turn?.at ?? renewal ?? 0) - Date.now();
    this.#timer = setTimeout(() => this.#task.wake(), Math.min(Math.max(wait, 0) + 10, LOOK_AGAIN_MS)).unref();
  }
}
