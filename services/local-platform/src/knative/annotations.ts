import { parseDuration } from '@openfunction/api';

/** What the autoscaling annotations of a revision ask for (knative.dev/docs/serving/autoscaling). */
export interface ScalingSettings {
  /** Time without a request after which the instance may go. */
  windowMs: number;
  minScale: number;
}

const DEFAULT_WINDOW_MS = 60_000;
const SHORTEST_WINDOW_MS = 6_000;
const LONGEST_WINDOW_MS = 3_600_000;

/** Reads the annotations. Values outside Knative's limits (window 6 s to 1 h) count as the nearest allowed one. */
export function readScaling(annotations: Record<string, string> | undefined): ScalingSettings {
  const window = parseDuration(annotation(annotations, 'window') ?? '') ?? DEFAULT_WINDOW_MS;
  const retention = parseDuration(annotation(annotations, 'scale-to-zero-pod-retention-period') ?? '') ?? 0;
  const minScale = Number.parseInt(
    annotation(annotations, 'min-scale') ?? annotation(annotations, 'minScale') ?? '',
    10,
  );
  return {
    windowMs: Math.max(
      Math.min(LONGEST_WINDOW_MS, Math.max(SHORTEST_WINDOW_MS, window)),
      Math.min(LONGEST_WINDOW_MS, retention),
    ),
    minScale: Number.isNaN(minScale) ? 0 : Math.max(0, minScale),
  };
}

function annotation(annotations: Record<string, string> | undefined, name: string): string | undefined {
  return annotations?.[`autoscaling.knative.dev/${name}`];
}
