import type { FunctionStatus, KubeObject } from '@openfunction/api';
import type { Note } from '@openfunction/kube';

export interface FunctionSettings {
  /** Seconds that the old version goes on after the route has moved. */
  drainSeconds: number;
}

/** What one part of a Function decides. */
export interface Part {
  apply: KubeObject[];
  remove: KubeObject[];
  /** Status fields this part answers for; undefined clears one. */
  status: Partial<FunctionStatus>;
  condition: PartCondition;
  events: Note[];
  wakeAt?: Date | undefined;
  /** Until then the part is expected to change by itself at once: the status can wait for that. */
  quietUntil?: Date | undefined;
}

/** The part's condition, before it gets its type and time. */
export interface PartCondition {
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
}

const QUIET_START_MS = 2_000;

/**
 * Until when a child that was just made can go unmentioned: it is recorded with its first news, and its name repeats itself until
 * then. Undefined when that time is over, or there is no child.
 */
export function quietUntil(child: KubeObject | undefined, now: Date): Date | undefined {
  const until = new Date(Date.parse(child?.metadata.creationTimestamp ?? '') + QUIET_START_MS);
  return until > now ? until : undefined;
}
