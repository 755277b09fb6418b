import { type KubeObject, SECRET } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import { type KubeClient, Reflector, storeKey } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import { FIELD_MANAGER, SECRET_NAME, serviceDnsNames } from '../names.ts';
import { type Bundle, endOf, judge, makeBundle, makeSecret } from './bundle.ts';
import { Task } from './task.ts';

/*
 *   Secret good ──────────────────────────────► serve with it
 *   Secret missing ───────────────────────────► create ─ 409 ─► somebody else was first: serve with his
 *   Secret not ours, unreadable, about to end ► replace at its resourceVersion ─ 409 ─► likewise
 */

export interface KeeperOptions {
  client: KubeClient;
  /** Namespace of the Service and the Secret. */
  namespace: string;
  logger: Logger;
  /** Told the first bundle and each other one after it. */
  onBundle: (bundle: Bundle) => void;
  now?: () => Date;
}

/** Certificates end while nothing in the cluster changes, so the Secret is looked at from time to time. */
const LOOK_AGAIN_MS = 10 * 60_000;

/**
 * Keeps the shared Secret with the certificates good, together with any number of other replicas that do the same: whoever
 * writes first wins, all others take over what is there. A running replica signs with the authority it holds, so that healing
 * the Secret never makes the API server lose its trust.
 */
export class CertificateKeeper {
  readonly #options: KeeperOptions;
  readonly #dnsNames: string[];
  readonly #key: string;
  readonly #secrets: Reflector;
  readonly #task: Task;
  readonly #timer: NodeJS.Timeout;
  #held: Bundle | undefined;

  constructor(options: KeeperOptions) {
    const { client, namespace, logger } = options;
    this.#options = options;
    this.#dnsNames = serviceDnsNames(namespace);
    this.#key = storeKey({ namespace, name: SECRET_NAME });
    this.#task = new Task('certificate', () => this.#keep(), logger);
    const fieldSelector = `metadata.name=${SECRET_NAME}`;
    const onChange = () => this.#task.wake();
    this.#secrets = new Reflector({ client, kind: SECRET, namespace, fieldSelector, logger, onChange });
    this.#timer = setInterval(onChange, LOOK_AGAIN_MS).unref();
  }

  /** What is served now; undefined before the first one. */
  get held(): Bundle | undefined {
    return this.#held;
  }

  start(): void {
    this.#secrets.start();
    // A Secret that does not exist gives no change to wake on.
    this.#secrets.ready().then(() => this.#task.wake());
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#task.stop();
    await this.#secrets.stop();
  }

  async #keep(): Promise<void> {
    let secret = this.#secrets.store.get(this.#key);
    let verdict = this.#judge(secret);
    if (verdict.fault !== undefined) {
      const bundle = await makeBundle(verdict.authority ?? this.#heldAuthority(), this.#dnsNames, this.#now());
      secret = await this.#write(bundle, secret, verdict.fault);
      verdict = this.#judge(secret);
    }
    // Somebody wrote in between, and nothing good: the watch brings it and wakes us again.
    if (verdict.bundle !== undefined) this.#hold(verdict.bundle);
  }

  #judge(secret: KubeObject | undefined) {
    return judge(secret, this.#dnsNames, this.#now());
  }

  #heldAuthority() {
    if (this.#held === undefined) return undefined;
    return this.#judge(makeSecret(this.#held, this.#options.namespace)).authority;
  }

  /** Writes the Secret unless somebody else has written since; returns what is there afterwards. */
  async #write(bundle: Bundle, existing: KubeObject | undefined, fault: string): Promise<KubeObject | undefined> {
    const { client, namespace, logger } = this.#options;
    const wanted = makeSecret(bundle, namespace, existing);
    const options = { fieldManager: FIELD_MANAGER };
    try {
      if (existing?.['immutable'] === true) await this.#remove(existing);
      const isNew = existing === undefined || existing['immutable'] === true;
      const written = isNew
        ? await client.create(SECRET, makeSecret(bundle, namespace), options)
        : await client.replace(SECRET, wanted, options);
      logger.info({ object: this.#key, fault }, 'certificate made');
      this.#secrets.store.put(written);
      return written;
    } catch (error) {
      if (!isCoded(error, 'api.conflict')) throw error;
      return await client.get(SECRET, { namespace, name: SECRET_NAME });
    }
  }

  async #remove({ metadata }: KubeObject): Promise<void> {
    const { uid = '', namespace, name } = metadata;
    await this.#options.client.delete(SECRET, { namespace, name }, { uid });
  }

  #hold(bundle: Bundle): void {
    if (this.#held?.leaf.cert === bundle.leaf.cert && this.#held.authority.cert === bundle.authority.cert) return;
    this.#held = bundle;
    this.#options.logger.info({ object: this.#key, until: endOf(bundle).toISOString() }, 'certificate in use');
    this.#options.onBundle(bundle);
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }
}
