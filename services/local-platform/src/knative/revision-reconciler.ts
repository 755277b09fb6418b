import { DEPLOYMENT, KNATIVE_REVISION, type KubeObject, POD_AUTOSCALER } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import { type KubeClient, recordEvent, type Store } from '@openfunction/kube';
import { findCondition, holds } from '../conditions.ts';
import { MANAGER } from '../names.ts';
import type { Pod, Revision, RevisionStatus } from '../objects.ts';
import { splitKey } from '../objects.ts';
import type { TrafficTable } from '../traffic/traffic-table.ts';
import {
  deploymentNameOf,
  makeDeployment,
  makePodAutoscaler,
  pinned,
  REVISION_LABEL,
  servingContainer,
} from './resources.ts';
import { revisionStatus } from './revision-status.ts';

/** Finds an image that was built on this machine. */
export interface ImageLookup {
  resolve(reference: string): Promise<{ digest: string } | undefined>;
}

export interface RevisionReconcilerOptions {
  client: KubeClient;
  revisions: Store;
  deployments: Store;
  autoscalers: Store;
  pods: PodIndex;
  images: ImageLookup;
  traffic: TrafficTable;
  progressDeadlineMs: number;
  /** Looks at a revision again after this time. */
  again(key: string, ms: number): void;
}

/** Pods by what they belong to. */
export interface PodIndex {
  ofRevision(key: string): readonly Pod[];
}

/** How often a missing image is looked for: it may be being built. */
const IMAGE_RECHECK_MS = 2_000;

/** Brings one revision in line: its image resolved and pinned, its Deployment and PodAutoscaler there, its status true. */
export class RevisionReconciler {
  readonly #options: RevisionReconcilerOptions;

  constructor(options: RevisionReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string): Promise<void> {
    const revision = this.#options.revisions.get(key) as Revision | undefined;
    if (revision === undefined) return;
    if (revision.metadata.deletionTimestamp !== undefined) return;
    const digest = await this.#digest(revision);
    if (digest === undefined) this.#options.again(key, IMAGE_RECHECK_MS);
    const deployment = digest === undefined ? undefined : await this.#deployment(revision, digest);
    if (deployment !== undefined) await this.#autoscaler(key, revision);
    await this.#report(key, revision, digest, deployment);
  }

  /** The digest of the revision's image, fixed when it was first found so that a newer build of a tag does not change it. */
  async #digest(revision: Revision): Promise<string | undefined> {
    const container = servingContainer(revision.spec.containers);
    const reference = container?.image ?? '';
    const fixed = revision.status?.containerStatuses?.[0]?.imageDigest;
    const found = await this.#options.images.resolve(fixed === undefined ? reference : pinned(reference, fixed));
    return found?.digest;
  }

  async #deployment(revision: Revision, digest: string): Promise<KubeObject> {
    const { client, deployments, progressDeadlineMs } = this.#options;
    const name = deploymentNameOf(revision);
    const present = deployments.get(`${revision.metadata.namespace}/${name}`);
    if (present !== undefined) return present;
    const wanted = makeDeployment(revision, digest, Math.round(progressDeadlineMs / 1000));
    return await client.apply(DEPLOYMENT, wanted, { fieldManager: MANAGER, force: true });
  }

  /** Made once: from then on what it says belongs to whoever changes how the revision scales. */
  async #autoscaler(key: string, revision: Revision): Promise<void> {
    const { client, autoscalers } = this.#options;
    if (autoscalers.get(key) !== undefined) return;
    try {
      autoscalers.put(await client.create(POD_AUTOSCALER, makePodAutoscaler(revision), { fieldManager: MANAGER }));
    } catch (error) {
      if (!isCoded(error, 'api.conflict')) throw error; // it is there, the watch has not said so yet
    }
  }

  async #report(
    key: string,
    revision: Revision,
    digest: string | undefined,
    deployment: KubeObject | undefined,
  ): Promise<void> {
    const { traffic, pods, progressDeadlineMs } = this.#options;
    const now = new Date();
    const created = deployment?.metadata.creationTimestamp;
    const { status, again } = revisionStatus({
      revision,
      digest,
      replicas: deployment?.['spec']?.replicas,
      deployedAt: created === undefined ? undefined : new Date(created),
      pods: pods.ofRevision(key),
      progressDeadlineMs,
      now,
    });
    const door = traffic.of(key);
    const ready = findCondition(status.conditions, 'Ready');
    door.concurrency = revision.spec.containerConcurrency ?? 0;
    door.trouble = ready?.status === 'True' ? undefined : ready?.message;
    if (again !== undefined) this.#options.again(key, again.getTime() - now.getTime());
    await this.#write(key, revision, status);
  }

  async #write(key: string, revision: Revision, status: RevisionStatus): Promise<void> {
    if (holds(revision.status, status)) return;
    const { client } = this.#options;
    const metadata = { resourceVersion: revision.metadata.resourceVersion };
    await client.patch(
      KNATIVE_REVISION,
      splitKey(key),
      { metadata, status },
      { subresource: 'status', fieldManager: MANAGER },
    );
    const before = findCondition(revision.status?.conditions, 'Ready');
    const ready = findCondition(status.conditions, 'Ready');
    if (ready?.status !== 'False' || (before?.status === 'False' && before.reason === ready.reason)) return;
    const note = {
      reason: ready.reason ?? 'Failed',
      message: ready.message ?? '',
      occasion: `${status.observedGeneration}`,
    };
    await recordEvent(client, MANAGER, revision, { type: 'Warning', action: 'Start', ...note }, new Date());
  }
}

/** `namespace/revision` of an object that carries the revision label. */
export function revisionKeyOf(object: KubeObject): string | undefined {
  const name = object.metadata.labels?.[REVISION_LABEL];
  return name === undefined ? undefined : `${object.metadata.namespace}/${name}`;
}
