import { type Builder, createdAt, type Function, parseDuration, STATE } from '@openfunction/api';
import { isSuperseded } from './resources/builder.ts';

const FAILED: readonly (string | undefined)[] = [STATE.failed, STATE.timeout, STATE.canceled];

/**
 * Builders beyond the history limits, newest kept: `successfulBuildsHistoryLimit` (0 when unset) that succeeded and
 * `failedBuildsHistoryLimit` (1 when unset) that ended otherwise (controllers.md §1.6). The one that the Function reports on is kept first: its logs
 * are what is looked for. Those that were cancelled for another build tell of no failure. Builders that run are never among them.
 */
export function surplusBuilders(fn: Function, builders: Builder[], except?: string): Builder[] {
  const { successfulBuildsHistoryLimit = 0, failedBuildsHistoryLimit = 1 } = fn.spec.build ?? {};
  const recorded = fn.status?.build?.resourceRef;
  const rank = (builder: Builder) => (builder.metadata.name === recorded ? 0 : isSuperseded(builder) ? 2 : 1);
  const others = builders
    .filter(({ metadata }) => metadata.name !== except)
    .sort((a, b) => rank(a) - rank(b) || newestFirst(a, b));
  const succeeded = others.filter(({ status }) => status?.state === STATE.succeeded);
  const failed = others.filter(({ status }) => FAILED.includes(status?.state));
  return [...succeeded.slice(successfulBuildsHistoryLimit), ...failed.slice(failedBuildsHistoryLimit)];
}

/** Builders that ended and are older than `builderMaxAge`, and when the next one will be. */
export function expiredBuilders(fn: Function, builders: Builder[], now: Date): { expired: Builder[]; wakeAt?: Date } {
  const age = parseDuration(fn.spec.build?.builderMaxAge ?? '0') ?? 0;
  if (age <= 0) return { expired: [] };
  const ended = builders.filter(({ status }) => status?.state === STATE.succeeded || FAILED.includes(status?.state));
  const expiry = (builder: Builder) => createdAt(builder) + age;
  const later = ended.map(expiry).filter((time) => time > now.getTime());
  return {
    expired: ended.filter((builder) => expiry(builder) <= now.getTime()),
    ...(later.length > 0 && { wakeAt: new Date(Math.min(...later)) }),
  };
}

function newestFirst(a: Builder, b: Builder): number {
  const [first, second] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (first !== second) return first < second ? 1 : -1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
