import { GO_OPERATOR, type KubeObject, LEASE } from '@openfunction/api';
import { explain, isCoded } from '@openfunction/errors';
import { Backoff, type Change, type KubeClient, pause, Reflector, recordEvent } from '@openfunction/kube';
import { type Logger, meter } from '@openfunction/telemetry';
import { heldFor, holderOf, renewalOf } from './lease.ts';
import type { Gate } from './types.ts';

/*
 *   open ──a renewal of the Go operator's Lease is seen──► shut ──given up, deleted──────────────────────► open
 *                                                           └──no renewal for its duration, API server agrees──► open
 */

export interface GoOperatorOptions {
  client: KubeClient;
  /** Where the Go operator is, or was, installed: our own namespace. */
  namespace: string;
  /** Who waits, for people: `function`. */
  controller: string;
  /** Reporter of the event. */
  identity: string;
  logger: Logger;
}

const ASK_AGAIN_MS = 1_000;

/**
 * Shut while the Go operator works, so that two operators never write the same objects. It says so in the log, in a gauge, and by
 * one Event at the Lease for each of its leaders: not at Functions, whose status and news are the Go operator's then.
 */
export class GoOperatorGate implements Gate {
  readonly #options: GoOperatorOptions;
  readonly #stopping = new AbortController();
  readonly #reflector: Reflector;
  #onOpen: () => void = () => {};
  #lease: KubeObject | undefined;
  #shut = false;
  #until = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GoOperatorOptions) {
    this.#options = options;
    const { client, logger, namespace, controller } = options;
    this.#reflector = new Reflector({
      client,
      logger,
      kind: LEASE,
      namespace,
      fieldSelector: `metadata.name=${GO_OPERATOR.lease}`,
      onChange: (change) => this.#onChange(change),
    });
    meter()
      .createObservableGauge('openfunction.go_operator.active', {
        description: '1 while the Go operator renews its lease and this controller waits',
      })
      .addCallback((result) => result.observe(this.#shut ? 1 : 0, { controller }));
  }

  isOpen(): boolean {
    return !this.#shut;
  }

  async start(onOpen: () => void): Promise<void> {
    this.#onOpen = onOpen;
    if (!(await this.#mayLook())) return;
    this.#reflector.start();
    await this.#reflector.ready();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#reflector.stop();
  }

  /** Whether the Lease may be read. An installation without that right goes on at once, and does not ask again and again. */
  async #mayLook(): Promise<boolean> {
    const { logger, namespace } = this.#options;
    const backoff = new Backoff(200, 5_000);
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#read();
        return true;
      } catch (error) {
        if (isCoded(error, 'api.forbidden')) {
          logger.warn({ namespace, lease: GO_OPERATOR.lease }, 'may not read the lease of the Go operator; goes on');
          return false;
        }
        logger.warn({ error: explain(error) }, 'the lease of the Go operator cannot be read yet');
        await pause(backoff.next(), this.#stopping.signal);
      }
    }
    return false;
  }

  #read(): Promise<KubeObject | undefined> {
    const { client, namespace } = this.#options;
    return client.get(LEASE, { namespace, name: GO_OPERATOR.lease });
  }

  #onChange({ type, object }: Change): void {
    this.#hear(type === 'deleted' ? undefined : object);
  }

  /** Takes the Lease in as it is now. */
  #hear(lease: KubeObject | undefined): void {
    const before = this.#lease;
    this.#lease = lease;
    if (before !== undefined && renewalOf(before) === renewalOf(lease)) return;
    const held = heldFor(lease, before === undefined, new Date());
    if (held === 0 || lease === undefined) this.#open();
    else this.#shutFor(held, lease);
  }

  #shutFor(milliseconds: number, lease: KubeObject): void {
    this.#until = performance.now() + milliseconds;
    this.#timer ??= this.#checkIn(milliseconds);
    if (this.#shut) return;
    this.#shut = true;
    const { logger, controller } = this.#options;
    const holder = holderOf(lease);
    logger.warn({ controller, holder, lease: GO_OPERATOR.lease }, 'the Go operator is at work: waits, writes nothing');
    void this.#tell(lease, holder);
  }

  #open(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#shut) return;
    this.#shut = false;
    this.#options.logger.info({ controller: this.#options.controller }, 'the Go operator has ended: goes on');
    this.#onOpen();
  }

  #checkIn(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => void this.#check(), milliseconds);
  }

  /** No renewal was heard of for as long as the lease lasts: it has ended if the API server has not heard of one either. */
  async #check(): Promise<void> {
    this.#timer = undefined;
    const left = this.#until - performance.now();
    if (left > 0) {
      this.#timer = this.#checkIn(left);
      return;
    }
    const read = await this.#read().then(
      (lease) => ({ lease }),
      (error: unknown) => ({ error }),
    );
    if (this.#stopping.signal.aborted || !this.#shut || this.#timer !== undefined) return;
    if ('error' in read) {
      this.#options.logger.warn({ error: explain(read.error) }, 'the lease of the Go operator cannot be read');
      this.#timer = this.#checkIn(ASK_AGAIN_MS);
    } else if (renewalOf(read.lease) === renewalOf(this.#lease)) {
      this.#open();
    } else {
      this.#hear(read.lease);
    }
  }

  async #tell(lease: KubeObject, holder: string): Promise<void> {
    const { client, controller, identity, logger } = this.#options;
    const note = {
      type: 'Warning' as const,
      reason: 'GoOperatorActive',
      message: `The ${controller} controller waits and writes nothing while the Go operator (${holder}) renews this lease. Scale that operator to zero to hand over.`,
      action: 'Wait',
      occasion: `${identity}/${holder}`,
    };
    try {
      await recordEvent(client, identity, lease, note, new Date());
    } catch (error) {
      logger.info({ error: explain(error) }, 'could not write the event at the lease');
    }
  }
}
