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
  /** How many were, on average: in the last moments, and over the window. */
  load: { burst: number; window: number };
  /** End of the last request, or when its instance became ready, whatever is later. */
  lastActive: number;
  now: number;
}

export interface ScaleDecision {
  replicas: number;
  /** One sentence for the log. */
  why: string;
}

/** How many instances a revision should have: the first row that applies. */
export function decideScale(seen: ScaleSeen): ScaleDecision {
  const { settings, reachable, everReady } = seen;
  if (!everReady && !reachable && seen.open === 0) return { replicas: 0, why: 'replaced before it was ready' };
  if (!everReady) return { replicas: 1, why: 'has to prove that it can start' };
  const min = reachable ? settings.minScale : 0;
  const needed = Math.min(settings.maxScale, neededFor(seen));
  if (needed > 0 && needed >= min) return { replicas: needed, why: 'requests' };
  if (min > 0) return { replicas: min, why: 'min-scale' };
  if (seen.now < seen.lastActive + settings.windowMs) return { replicas: 1, why: 'a request came within the window' };
  return { replicas: 0, why: 'no request within the window' };
}

/** Enough for the requests of the last moments, and not fewer than the whole window would need. */
function neededFor({ open, load, settings }: ScaleSeen): number {
  const now = open > 0 ? 1 : 0;
  return Math.max(now, Math.ceil(load.burst / settings.target), Math.ceil(load.window / settings.target));
}
