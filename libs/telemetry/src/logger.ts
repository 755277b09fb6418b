import { trace } from '@opentelemetry/api';
import { type Logger as PinoLogger, pino } from 'pino';

/** A structured logger: fixed message, fields, one JSON object a line on standard output. */
export type Logger = PinoLogger;

/** Fields whose value is never written. (`key` is the namespace and name of an object, and stays.) */
const SECRET_FIELDS = ['password', 'token', 'authorization', '*.password', '*.token', '*.authorization'];

/** The logger of a service. Lines inside a span carry its trace id. */
export function createLogger(service: string, level = 'info'): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_FIELDS, censor: '(hidden)' },
    mixin: traceFields,
  });
}

/** A logger that says nothing, for tests. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

function traceFields(): Record<string, string> {
  const context = trace.getActiveSpan()?.spanContext();
  return context === undefined ? {} : { traceId: context.traceId, spanId: context.spanId };
}
