import type { IncomingMessage, ServerResponse } from 'node:http';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type IMetricReader, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { beginTracing } from './tracing.ts';

/** Telemetry of one process. */
export interface Telemetry {
  /** Answers `/metrics` in the Prometheus text format. */
  serveMetrics: (request: IncomingMessage, response: ServerResponse) => void;
  /** Sends what is left and stops. Must be awaited before the process ends. */
  stop: () => Promise<void>;
}

/** The standard variables that ask for an exporter; with none of them set, only `/metrics` is served. */
const EXPORTER_VARIABLES = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  'OTEL_TRACES_EXPORTER',
  'OTEL_METRICS_EXPORTER',
  'OTEL_LOGS_EXPORTER',
];

/**
 * Starts the OpenTelemetry SDK as the standard `OTEL_*` variables say (OpenTelemetry specification, "Environment
 * Variable Specification"). Metrics are always there for `/metrics`; everything else is off when unset.
 */
export async function startTelemetry(service: string, env: NodeJS.ProcessEnv): Promise<Telemetry> {
  const prometheus = new PrometheusExporter({ preventServerStart: true });
  const serveMetrics = (request: IncomingMessage, response: ServerResponse) =>
    prometheus.getMetricsRequestHandler(request, response);
  const wanted = env['OTEL_SDK_DISABLED'] !== 'true' && EXPORTER_VARIABLES.some((name) => (env[name] ?? '') !== '');
  const stop = wanted ? await startSdk(service, env, prometheus) : startMetricsOnly(service, prometheus);
  return { serveMetrics, stop };
}

function startMetricsOnly(service: string, reader: IMetricReader): () => Promise<void> {
  const resource = resourceFromAttributes({ 'service.name': service });
  const provider = new MeterProvider({ resource, readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  return () => provider.shutdown();
}

async function startSdk(service: string, env: NodeJS.ProcessEnv, reader: IMetricReader): Promise<() => Promise<void>> {
  // Imported only here: the SDK costs a third of a second and 40 MiB.
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const readers: IMetricReader[] = [reader];
  if (sendsMetrics(env)) {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
    readers.push(new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), ...exportTimes(env) }));
  }
  const sdk = new NodeSDK({ serviceName: env['OTEL_SERVICE_NAME'] ?? service, metricReaders: readers });
  sdk.start();
  beginTracing();
  return () => sdk.shutdown();
}

/** The standard variables, in milliseconds; the reader itself does not look at them. */
function exportTimes(env: NodeJS.ProcessEnv): { exportIntervalMillis?: number; exportTimeoutMillis?: number } {
  const [interval, timeout] = ['OTEL_METRIC_EXPORT_INTERVAL', 'OTEL_METRIC_EXPORT_TIMEOUT'].map((name) =>
    Number(env[name]),
  );
  const isInterval = interval !== undefined && interval > 0;
  const isTimeout = timeout !== undefined && timeout > 0;
  if (!isInterval) return isTimeout ? { exportTimeoutMillis: timeout } : {};
  // An export must not take longer than until the next one.
  return { exportIntervalMillis: interval, exportTimeoutMillis: Math.min(interval, isTimeout ? timeout : 30_000) };
}

function sendsMetrics(env: NodeJS.ProcessEnv): boolean {
  const chosen = env['OTEL_METRICS_EXPORTER'];
  if (chosen !== undefined && chosen !== '') return chosen.split(',').includes('otlp');
  return ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'].some(
    (name) => (env[name] ?? '') !== '',
  );
}
