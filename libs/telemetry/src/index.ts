export { createLogger, type Logger, silentLogger } from './logger.ts';
export { type Counter, type Histogram, type Meter, meter, type ObservableGauge, SECONDS_OF_WORK } from './metrics.ts';
export { startTelemetry, type Telemetry } from './sdk.ts';
export { activeTraceparent, isTraceparent, type SpanOptions, traceIdOf, withSpan } from './tracing.ts';
