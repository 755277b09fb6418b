import {
  ANNOTATION,
  type Builder,
  CONDITION,
  conditionTime,
  createdAt,
  findCondition,
  type KubeObject,
} from '@openfunction/api';
import type { RefusedBuild } from './registration.ts';

/*
 * Two clocks: objects are dated by the API server, `now` is this controller's. A time of one is never compared with a time of the
 * other: a clock that is ahead would find every new Build due at once, for ever. How long something has been waited for is the
 * difference of two objects' dates; when to look next counts from when the Build was made by the clock here.
 */

/** How soon a Build with a missing Secret is looked at again for the first time. */
export const AGAIN_SOON_MS = 5_000;
/** How long a Secret that appeared may go unseen at most: each look is a Build deleted and made. */
const AGAIN_AT_LAST_MS = 10 * 60_000;
/** How long Shipwright may take to see a strategy that is there. */
const AGAIN_FOR_STRATEGY_MS = 2_000;

/** The wanted Build with the time at which it is made, or was. One that is made before anything is said needs none. */
export function datedBuild(
  wanted: KubeObject,
  { builder, build }: { builder: Builder; build?: KubeObject | undefined },
  now: Date,
): KubeObject {
  const said = readyOf(builder) === undefined ? undefined : conditionTime(now);
  const madeAt = build === undefined ? said : build.metadata.annotations?.[ANNOTATION.madeAt];
  if (madeAt === undefined) return wanted;
  const { metadata } = wanted;
  return {
    ...wanted,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [ANNOTATION.madeAt]: madeAt } },
  };
}

/**
 * When the Build was made by the clock here. One without a date was there before the first word was said of its Builder. A date that is
 * far ahead is of a clock that was set back since, or of a replica whose clock is wrong: the API server's date stands in for it.
 */
export function madeAt(builder: Builder, build: KubeObject | undefined, now: Date): Date {
  if (build === undefined) return now;
  const { annotations, creationTimestamp } = build.metadata;
  const dates = [annotations?.[ANNOTATION.madeAt], readyOf(builder)?.lastTransitionTime].filter(
    (date) => date !== undefined,
  );
  const made = Date.parse(dates[0] ?? now.toISOString());
  const isBelieved = made <= now.getTime() + AGAIN_AT_LAST_MS;
  return isBelieved ? new Date(made) : new Date(creationTimestamp ?? now);
}

/**
 * When to ask Shipwright again. A strategy: when it is there (they are watched). A Secret: this service may not read Secrets, so
 * after as long as it has been waited for already, 10 minutes at most: looks at 5 s, 10 s, 20 s, …, and then six an hour.
 */
export function lookAgainAt(
  { builder, build, declared }: { builder: Builder; build: KubeObject; declared?: unknown },
  { missing }: RefusedBuild,
  now: Date,
): Date | undefined {
  const made = madeAt(builder, build, now).getTime();
  if (missing === 'strategy') return declared === undefined ? undefined : new Date(made + AGAIN_FOR_STRATEGY_MS);
  const waited = createdAt(build) - createdAt(builder);
  return new Date(made + Math.min(Math.max(AGAIN_SOON_MS, waited), AGAIN_AT_LAST_MS));
}

function readyOf({ status }: Builder) {
  return findCondition(status?.conditions, CONDITION.ready);
}
