import { CRD, type Kind, type KubeObject, MUTATING_WEBHOOK, VALIDATING_WEBHOOK } from '@openfunction/api';
import { type KubeClient, pause, Reflector } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import { CONVERTED_CRDS, FIELD_MANAGER, MUTATING_CONFIGURATION, VALIDATING_CONFIGURATION } from '../names.ts';
import { compareSlot, type Slot, slotPatch, slotsOf, splitCertificates } from './ca-bundle.ts';
import { Task } from './task.ts';

const TARGETS: readonly (readonly [Kind, string])[] = [
  [MUTATING_WEBHOOK, MUTATING_CONFIGURATION],
  [VALIDATING_WEBHOOK, VALIDATING_CONFIGURATION],
  ...CONVERTED_CRDS.map((name) => [CRD, name] as const),
];

/** API servers hear of a caBundle a moment after it is written. */
const SETTLE_MS = 1_000;
/** Replicas that see the same fault wait for each other up to this long, by chance; the first one mends it for all. */
const JITTER_MS = 500;

export interface TrustOptions {
  client: KubeClient;
  logger: Logger;
  /**
   * A certificate that is not wanted is taken away after so many milliseconds: until then another replica may want it that
   * knows more, or less, than this one.
   */
  keepOthersMs: number;
}

/**
 * Keeps `caBundle` in our two webhook configurations and in the CRDs we convert: what is wanted is added at once, what is not
 * wanted is taken away late, whoever installs or changes them. So replicas that disagree for a moment do not fight, and no
 * certificate is ever missing that one of them serves under.
 */
export class TrustKeeper {
  readonly #options: TrustOptions;
  readonly #watches: Reflector[];
  readonly #task: Task;
  readonly #stopping = new AbortController();
  readonly #listeners: (() => void)[] = [];
  /** When each certificate was first seen in every place. */
  readonly #coveredSince = new Map<string, number>();
  /** When each certificate that nobody wants was first seen. */
  readonly #othersSince = new Map<string, number>();
  #wanted: string[] = [];
  #isReady = false;
  #mended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TrustOptions) {
    const { client, logger } = options;
    this.#options = options;
    this.#task = new Task('trust', () => this.#keep(), logger);
    const onChange = () => this.#changed();
    this.#watches = TARGETS.map(
      ([kind, name]) =>
        new Reflector({ client, kind, fieldSelector: `metadata.name=${name}`, logger, onChange, transform: shrink }),
    );
  }

  start(): void {
    for (const watch of this.#watches) watch.start();
    Promise.all(this.#watches.map((watch) => watch.ready())).then(() => {
      this.#isReady = true;
      this.#changed();
    });
  }

  /** From now on these certificates (PEM, one or several in each text) are the ones to trust. */
  want(certificates: readonly string[]): void {
    this.#wanted = [...new Set(certificates.flatMap(splitCertificates))];
    this.#changed();
  }

  /** Whether every place holds these certificates now. */
  covers(certificates: readonly string[]): boolean {
    const all = certificates.flatMap(splitCertificates);
    return all.length === 0 || (this.#isReady && this.#slots().every(({ slot }) => compareSlot(slot, all).complete));
  }

  /** Whether every place has held them for so long that every API server knows. */
  holds(certificates: readonly string[]): boolean {
    const limit = Date.now() - SETTLE_MS;
    return certificates
      .flatMap(splitCertificates)
      .every((cert) => (this.#coveredSince.get(cert) ?? Number.POSITIVE_INFINITY) <= limit);
  }

  /** Calls back whenever `holds` may have become true. */
  onSettled(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stopping.abort();
    await this.#task.stop();
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  /** Noted at once: a mend that is under way may take seconds, and what is trusted meanwhile is not to wait for it. */
  #changed(): void {
    if (this.#isReady && this.#wanted.length > 0) this.#note(Date.now());
    this.#task.wake();
  }

  async #keep(): Promise<void> {
    if (!this.#isReady || this.#wanted.length === 0) return;
    const now = Date.now();
    const isWrong = () => this.#slots().some(({ slot }) => this.#wantedIn(slot, now) !== undefined);
    if (isWrong()) {
      if (this.#mended) await pause(Math.random() * JITTER_MS, this.#stopping.signal);
      await this.#mendAll(now);
    }
    this.#note(Date.now());
  }

  /** Takes down since when each certificate has been everywhere, or not been wanted, and comes back when that makes a difference. */
  #note(now: number): void {
    for (const cert of this.#wanted)
      if (!this.covers([cert])) this.#coveredSince.delete(cert);
      else if (!this.#coveredSince.has(cert)) this.#coveredSince.set(cert, now);
    const others = new Set(this.#slots().flatMap(({ slot }) => compareSlot(slot, this.#wanted).extras));
    for (const cert of this.#othersSince.keys()) if (!others.has(cert)) this.#othersSince.delete(cert);
    for (const cert of others) if (!this.#othersSince.has(cert)) this.#othersSince.set(cert, now);
    for (const cert of this.#coveredSince.keys()) if (!this.#wanted.includes(cert)) this.#coveredSince.delete(cert);
    this.#lookAgain();
  }

  /** What a slot should hold now; undefined when it does. */
  #wantedIn(slot: Slot, now: number): string[] | undefined {
    const { complete, extras } = compareSlot(slot, this.#wanted);
    const limit = now - this.#options.keepOthersMs;
    const kept = extras.filter((cert) => (this.#othersSince.get(cert) ?? now) > limit);
    return complete && kept.length === extras.length ? undefined : [...this.#wanted, ...kept];
  }

  /** All at once: changing a large CRD takes the API server a second. One that fails does not hold up the others. */
  async #mendAll(now: number): Promise<void> {
    const mending = this.#watches.flatMap((watch) =>
      watch.store.list().map((object) => this.#mend(watch, object, now)),
    );
    const failed = (await Promise.allSettled(mending)).find(({ status }) => status === 'rejected');
    this.#mended = true;
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #mend({ kind, store }: Reflector, object: KubeObject, now: number): Promise<void> {
    const patch = slotsOf(object).flatMap((slot) => {
      const certificates = this.#wantedIn(slot, now);
      return certificates === undefined ? [] : slotPatch(slot, certificates);
    });
    if (patch.length === 0) return;
    const { client, logger } = this.#options;
    const { name } = object.metadata;
    store.put(shrink(await client.patch(kind, { name }, patch, { type: 'json', fieldManager: FIELD_MANAGER })));
    logger.info({ object: `${kind.kind} ${name}`, certificates: this.#wanted.length }, 'caBundle written');
  }

  /** Comes back for what is held long enough then, and for what is to be taken away. */
  #lookAgain(): void {
    clearTimeout(this.#timer);
    const settles = [...this.#coveredSince.values()].map((since) => since + SETTLE_MS);
    const leaves = [...this.#othersSince.values()].map((since) => since + this.#options.keepOthersMs);
    const next = Math.min(...[...settles, ...leaves].filter((time) => time > Date.now()));
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#settle(), next - Date.now() + 10).unref();
  }

  #settle(): void {
    this.#lookAgain();
    for (const listener of this.#listeners) listener();
    this.#task.wake();
  }

  #slots(): { object: KubeObject; slot: Slot }[] {
    const objects = this.#watches.flatMap(({ store }) => store.list());
    return objects.flatMap((object) => slotsOf(object).map((slot) => ({ object, slot })));
  }
}

/** CRDs are large, and only their conversion counts here. */
function shrink(object: KubeObject): KubeObject {
  const { spec, status: _, metadata, ...rest } = object;
  const { managedFields: __, annotations: ___, ...kept } = metadata;
  return { ...rest, metadata: kept, ...(spec !== undefined && { spec: { conversion: spec.conversion } }) };
}
