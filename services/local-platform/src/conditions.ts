import { isDeepStrictEqual } from 'node:util';
import type { ForeignCondition } from './objects.ts';

/** A condition as it should be now; when it last changed is worked out against what is there. */
export type WantedCondition = Omit<ForeignCondition, 'lastTransitionTime'>;

/** The wanted conditions, each with the time of its last change of status (kept from `old` while the status is the same). */
export function stampConditions(
  old: readonly ForeignCondition[] | undefined,
  wanted: readonly WantedCondition[],
  now: Date,
): ForeignCondition[] {
  return wanted.map((condition) => {
    const before = old?.find(({ type }) => type === condition.type);
    const kept = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { ...condition, lastTransitionTime: kept ?? rfc3339(now) };
  });
}

export function findCondition(
  list: readonly ForeignCondition[] | undefined,
  type: string,
): ForeignCondition | undefined {
  return list?.find((condition) => condition.type === type);
}

export function isTrue(list: readonly ForeignCondition[] | undefined, type: string): boolean {
  return findCondition(list, type)?.status === 'True';
}

/** Whether every field of `wanted` already has that value in `current`: then nothing needs to be written. */
export function holds(current: object | undefined, wanted: object): boolean {
  const have = (current ?? {}) as Record<string, unknown>;
  return Object.entries(wanted).every(([field, value]) => isDeepStrictEqual(have[field], value));
}

/** A time as the API writes it: whole seconds, UTC. */
export function rfc3339(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
