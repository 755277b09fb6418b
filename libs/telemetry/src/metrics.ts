import { type Counter, type Histogram, type Meter, metrics, type ObservableGauge } from '@opentelemetry/api';

export type { Counter, Histogram, Meter, ObservableGauge };

/** The meter of this process. Instruments made before the SDK starts begin to count when it has started. */
export function meter(): Meter {
  return metrics.getMeter('openfunction');
}
