import { POD } from '@openfunction/api';
import { explain, isCoded } from '@openfunction/errors';
import { Backoff, type KubeClient, pause } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import { holds } from '../conditions.ts';
import { MANAGER } from '../names.ts';
import type { Pod, PodStatus } from '../objects.ts';
import { type PodRun, podStatus } from './pod-status.ts';

/** Writes the status of one pod: the newest one, one write at a time, and none that says nothing new. */
export class StatusWriter {
  readonly #client: KubeClient;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #known: Pod;
  #wanted: PodRun | undefined;
  #writing: Promise<void> | undefined;

  constructor(client: KubeClient, pod: Pod, logger: Logger) {
    this.#client = client;
    this.#known = pod;
    this.#logger = logger;
  }

  /** This is how the pod is now. */
  set(run: PodRun): void {
    this.#wanted = run;
    this.#writing ??= this.#write();
  }

  /** Writes no more, and resolves when a write under way has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const backoff = new Backoff(100, 5_000);
    const { signal } = this.#stopping;
    while (this.#wanted !== undefined && !signal.aborted) {
      const run = this.#wanted;
      try {
        await this.#put(podStatus(this.#known, run, new Date()));
        if (this.#wanted === run) this.#wanted = undefined;
      } catch (error) {
        if (isCoded(error, 'api.not-found') || isCoded(error, 'api.conflict')) break; // another pod has the name: this one is gone
        this.#logger.warn(
          { pod: this.#known.metadata.name, error: explain(error) },
          'pod status not written, tried again later',
        );
        await pause(backoff.next(), signal);
      }
    }
    this.#writing = undefined;
  }

  async #put(status: PodStatus): Promise<void> {
    if (holds(this.#known.status, status)) return;
    const { namespace, name, uid } = this.#known.metadata;
    const body = { metadata: { uid }, status };
    this.#known = (await this.#client.patch(POD, { namespace, name }, body, {
      subresource: 'status',
      fieldManager: MANAGER,
    })) as Pod;
  }
}
