import { type FunctionStatus, type KubeObject, youngUntil } from '@openfunction/api';
import type { Note } from '@openfunction/kube';

export interface FunctionSettings {
  /** Seconds that the old version goes on after the route has moved. */
  drainSeconds: number;
  /** Namespace of the KEDA HTTP add-on. */
  kedaHttpNamespace: string;
  /** DNS domain of the cluster, where no Gateway says it. */
  clusterDomain: string;
}

/** What is to be done for a part of a Function. */
export interface Outcome {
  apply: KubeObject[];
  remove: KubeObject[];
  /** Status fields this part answers for; undefined clears one. */
  status: Partial<FunctionStatus>;
  events: Note[];
  wakeAt?: Date | undefined;
  /** Until then the part is expected to change by itself at once: the status can wait for that. */
  quietUntil?: Date | undefined;
}

/** What one part of a Function decides, and what its condition says. */
export interface Part extends Outcome {
  condition: PartCondition;
}

/** The part's condition, before it gets its type and time. */
export interface PartCondition {
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
}

/** A moment longer than the child's own controller keeps quiet: then it is the child's word that is passed on, in the same write. */
const QUIET_START_MS = 3_000;

/**
 * Until when a child that was just made can go unmentioned: it is recorded with its first news, and its name repeats itself until
 * then. Undefined when that time is over, or there is no child.
 */
export function quietUntil(child: KubeObject | undefined, now: Date): Date | undefined {
  return youngUntil(child, QUIET_START_MS, now);
}
