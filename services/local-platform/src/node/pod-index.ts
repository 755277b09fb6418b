import type { Change } from '@openfunction/kube';
import { revisionKeyOf } from '../knative/revision-reconciler.ts';
import type { Pod } from '../objects.ts';
import { keyOf } from '../objects.ts';

/** The pods of each revision, kept up with the watch. */
export class PodsByRevision {
  readonly #pods = new Map<string, Map<string, Pod>>();

  /** Takes a change in. Returns the revision it concerns, if any. */
  take(change: Change): string | undefined {
    const revision = revisionKeyOf(change.object);
    if (revision === undefined) return undefined;
    const pods = this.#pods.get(revision) ?? new Map<string, Pod>();
    if (change.type === 'deleted') pods.delete(keyOf(change.object));
    else pods.set(keyOf(change.object), change.object as Pod);
    if (pods.size === 0) this.#pods.delete(revision);
    else this.#pods.set(revision, pods);
    return revision;
  }

  ofRevision(revision: string): readonly Pod[] {
    return [...(this.#pods.get(revision)?.values() ?? [])];
  }
}
