import { type Counter, type Histogram, type Meter, metrics, type ObservableGauge } from '@opentelemetry/api';

export type { Counter, Histogram, Meter, ObservableGauge };

/** The meter of this process. Instruments made before the SDK starts begin to count when it has started. */
export function meter(): Meter {
  return metrics.getMeter('openfunction');
}

/** Bucket bounds, in seconds, for what takes from milliseconds to a minute: the defaults of OpenTelemetry are for milliseconds. */
export const SECONDS_OF_WORK = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
