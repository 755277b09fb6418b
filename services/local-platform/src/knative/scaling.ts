import type { ScalingSettings } from './annotations.ts';

/** What is known of a revision when its number of instances is decided. Times in milliseconds since the epoch. */
export interface ScaleSeen {
  settings: ScalingSettings;
  /** A Service or a route points to it, or it is the newest one. */
  reachable: boolean;
  /** It was ready at least once. */
  everReady: boolean;
  /** Requests being answered or held. */
  open: number;
  /** End of the last request, or when its instance became ready, whatever is later. */
  lastActive: number;
  now: number;
}

export interface ScaleDecision {
  replicas: 0 | 1;
  /** One sentence for the log. */
  why: string;
}

/** How many instances a revision should have: the first row that applies. */
export function decideScale(seen: ScaleSeen): ScaleDecision {
  if (seen.open > 0) return { replicas: 1, why: 'requests are open' };
  if (!seen.reachable && !seen.everReady) return { replicas: 0, why: 'replaced before it was ready' };
  if (!seen.everReady) return { replicas: 1, why: 'has to prove that it can start' };
  if (seen.reachable && seen.settings.minScale > 0) return { replicas: 1, why: 'min-scale' };
  const until = seen.lastActive + seen.settings.windowMs;
  if (seen.now < until) return { replicas: 1, why: 'a request came within the window' };
  return { replicas: 0, why: 'no request within the window' };
}
