import type { KubeObject } from '@openfunction/api';

/** What a leader writes into its Lease each time (coordination.k8s.io/v1 LeaseSpec). */
interface LeaseSpec {
  holderIdentity?: string | null;
  renewTime?: string | null;
  leaseDurationSeconds?: number | null;
}

/** Of client-go, in case the Lease does not say. */
const USUAL_DURATION_SECONDS = 15;
/** The next leader of several takes a lease within this time after it has run out (client-go: retry period 2 s, jitter 1.2). */
const SUCCESSION_MS = 5_000;
/** Clocks of one cluster differ by less, or its certificates would not work. */
const CLOCK_DIFFERENCE_MS = 300_000;

/**
 * For how many milliseconds, from now on, a Lease that was just seen counts as held; 0 when it is free. As client-go does it, what
 * counts is that a renewal was *seen*: its time is by a clock that may not be ours. Only a Lease met for the first time is
 * judged by its time too: one that nobody has renewed for minutes was left by an operator that is gone.
 */
export function heldFor(lease: KubeObject | undefined, isFirstSight: boolean, now: Date): number {
  const { holderIdentity, renewTime, leaseDurationSeconds } = specOf(lease);
  if (lease === undefined || (holderIdentity ?? '') === '') return 0;
  const duration = (leaseDurationSeconds ?? USUAL_DURATION_SECONDS) * 1_000 + SUCCESSION_MS;
  const age = now.getTime() - Date.parse(renewTime ?? '');
  const isLeftOver = Number.isNaN(age) || age > duration + CLOCK_DIFFERENCE_MS;
  return isFirstSight && isLeftOver ? 0 : duration;
}

/** Equal as long as nobody has renewed the Lease. */
export function renewalOf(lease: KubeObject | undefined): string {
  const { holderIdentity, renewTime } = specOf(lease);
  return JSON.stringify([lease?.metadata.uid, holderIdentity, renewTime]);
}

export function holderOf(lease: KubeObject | undefined): string {
  return specOf(lease).holderIdentity ?? '';
}

function specOf(lease: KubeObject | undefined): LeaseSpec {
  return (lease?.['spec'] as LeaseSpec | undefined) ?? {};
}
