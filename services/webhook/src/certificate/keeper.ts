import { randomBytes } from 'node:crypto';
import { type KubeObject, SECRET } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import { type KubeClient, Reflector, storeKey } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import { FIELD_MANAGER, SECRET_NAME, serviceDnsNames } from '../names.ts';
import { Bridge } from './bridge.ts';
import { type Bundle, type Judgement, judge, makeSecret } from './bundle.ts';
import type { Offer } from './handover.ts';
import { Issuer, type Lifetimes, renewalOf, type Step, stepOf } from './rotation.ts';
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
/** Of two replicas that see the same fault, the second one waits for the first at most so long. */
const LONGEST_WAIT_MS = 1_000;
const LONGEST_AHEAD_MS = 60_000;

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
  readonly #bridge: Bridge;
  /** Of this replica alone, for creating: an apply under this name never takes over what another one has applied. */
  readonly #creator = `${FIELD_MANAGER}-${randomBytes(4).toString('hex')}`;
  #timer: NodeJS.Timeout | undefined;
  #held: Bundle | undefined;
  #earliness = Math.random();
  /** What is to be mended, and when this replica will do it unless another one has. */
  #turn: { cause: string; at: number } | undefined;

  constructor(options: KeeperOptions) {
    const { client, namespace, logger, lifetimes, onOffer } = options;
    this.#options = options;
    this.#dnsNames = serviceDnsNames(namespace);
    this.#issuer = new Issuer(this.#dnsNames, lifetimes);
    this.#bridge = new Bridge({ issuer: this.#issuer, lifetimes, logger, onOffer });
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
    await this.#task.stop();
    clearTimeout(this.#timer);
    this.#bridge.stop();
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
    if (found.bundle !== undefined) {
      this.#held = found.bundle;
      this.#bridge.hold(found.bundle);
    }
    return found;
  }

  /** Why the Secret has to be written; undefined when it may rest. */
  #reason({ bundle, fault }: Judgement): string | undefined {
    if (bundle === undefined) return fault;
    const step = this.#step(bundle);
    return step === 'rest' ? undefined : step;
  }

  /** What is due. Each replica is early by a time it has drawn: the first one writes, and the others need not. */
  #step(bundle: Bundle): Step {
    const { lifetimes, isTrusted } = this.#options;
    return stepOf(bundle, new Date(Date.now() + this.#earliness * aheadOf(lifetimes)), lifetimes, isTrusted);
  }

  /** Whether there is something to write, and now. What is broken is mended at a moment that each replica draws. */
  #isMyTurn(found: Judgement): boolean {
    const reason = this.#reason(found);
    if (reason === undefined || found.bundle !== undefined) {
      this.#turn = undefined;
      return reason !== undefined;
    }
    const cause = `${reason} ${this.#stored()?.metadata.resourceVersion}`;
    // The very first certificate is waited for by everybody.
    const longest = this.#held === undefined ? 0 : LONGEST_WAIT_MS;
    if (this.#turn?.cause !== cause) this.#turn = { cause, at: Date.now() + Math.random() * longest };
    return Date.now() >= this.#turn.at;
  }

  #stored(): KubeObject | undefined {
    return this.#secrets.store.get(this.#key);
  }

  /** Writes what is due, in the place of exactly what was judged; returns what is there afterwards. */
  async #mend(found: Judgement): Promise<Judgement> {
    const [existing, reason] = [this.#stored(), this.#reason(found)];
    if (reason === undefined) return found;
    const now = new Date();
    const made =
      found.bundle === undefined
        ? await this.#issuer.heal(found, this.#held, now)
        : await this.#issuer.advance(found.bundle, this.#step(found.bundle), now);
    if (reason === 'switch' && !this.#options.isTrusted(made.authority.cert))
      this.#options.logger.warn(
        'the authority ends: the next one signs, though not every caBundle is known to hold it',
      );
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
      this.#earliness = Math.random();
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

  #lookAgain(bundle: Bundle | undefined): void {
    clearTimeout(this.#timer);
    const { lifetimes } = this.#options;
    const early = this.#earliness * aheadOf(lifetimes);
    const renewal = bundle === undefined ? undefined : renewalOf(bundle, lifetimes).getTime() - early;
    const wait = (this.#turn?.at ?? renewal ?? 0) - Date.now();
    this.#timer = setTimeout(() => this.#task.wake(), Math.min(Math.max(wait, 0) + 10, LOOK_AGAIN_MS)).unref();
  }
}

/** By how much a replica may be early with a renewal. */
function aheadOf({ leaf }: Lifetimes): number {
  return Math.min(LONGEST_AHEAD_MS, leaf / 8);
}
