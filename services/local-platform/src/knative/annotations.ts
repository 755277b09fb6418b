import { parseDuration } from '@openfunction/api';

/** What the autoscaling annotations of a revision ask for (knative.dev/docs/serving/autoscaling). */
export interface ScalingSettings {
  /** Time without a request after which the instance may go. */
  windowMs: number;
  minScale: number;
  /** Instances at most. */
  maxScale: number;
  /** Open requests that one instance is meant to have; it is reached before the limit of the container, to have time to start more. */
  target: number;
}

const DEFAULT_WINDOW_MS = 60_000;
const SHORTEST_WINDOW_MS = 6_000;
const LONGEST_WINDOW_MS = 3_600_000;

/** Functions of one machine: more instances than these help nobody. */
const MOST_INSTANCES = 50;
const DEFAULT_TARGET = 100;
const DEFAULT_UTILIZATION = 70;

/**
 * Reads the annotations; `concurrency` is the container's own limit, 0 for none. Values outside Knative's limits (window 6 s to 1 h) count as the nearest allowed
 * one.
 */
export function readScaling(annotations: Record<string, string> | undefined, concurrency = 0): ScalingSettings {
  const window = parseDuration(annotation(annotations, 'window') ?? '') ?? DEFAULT_WINDOW_MS;
  const retention = parseDuration(annotation(annotations, 'scale-to-zero-pod-retention-period') ?? '') ?? 0;
  const max = count(annotations, 'max-scale', 'maxScale');
  return {
    windowMs: Math.max(
      Math.min(LONGEST_WINDOW_MS, Math.max(SHORTEST_WINDOW_MS, window)),
      Math.min(LONGEST_WINDOW_MS, retention),
    ),
    minScale: count(annotations, 'min-scale', 'minScale'),
    maxScale: max === 0 ? MOST_INSTANCES : Math.min(max, MOST_INSTANCES),
    target: targetOf(annotations, concurrency),
  };
}

/** The share of a wished or allowed concurrency that Knative aims at. */
function targetOf(annotations: Record<string, string> | undefined, concurrency: number): number {
  const wished = positive(annotation(annotations, 'target'));
  const total = Math.min(wished ?? Number.POSITIVE_INFINITY, concurrency || Number.POSITIVE_INFINITY);
  const utilization = positive(annotation(annotations, 'target-utilization-percentage')) ?? DEFAULT_UTILIZATION;
  return ((Number.isFinite(total) ? total : DEFAULT_TARGET) * Math.min(100, utilization)) / 100;
}

/** A whole number of either spelling; 0 when there is none. */
function count(annotations: Record<string, string> | undefined, name: string, older: string): number {
  const value = Number.parseInt(annotation(annotations, name) ?? annotation(annotations, older) ?? '', 10);
  return Number.isNaN(value) ? 0 : Math.max(0, value);
}

function positive(text: string | undefined): number | undefined {
  const value = Number.parseFloat(text ?? '');
  return value > 0 ? value : undefined;
}

function annotation(annotations: Record<string, string> | undefined, name: string): string | undefined {
  return annotations?.[`autoscaling.knative.dev/${name}`];
}
