import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export interface SpanOptions {
  /** W3C trace context of what caused this; without it (and without an active span) a new trace begins. */
  traceparent?: string | undefined;
  attributes?: Attributes;
  kind?: keyof typeof SpanKind;
}

/** Whether `value` is a W3C traceparent (version 00) that can be carried on. */
export function isTraceparent(value: unknown): value is string {
  return typeof value === 'string' && TRACEPARENT.test(value) && !value.includes('-00000000000000000000000000000000-');
}

/** Stands for every span while nothing listens: one that does nothing. */
const NO_SPAN: Span = trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 });
let tracer: Tracer | undefined;

/** From now on spans are made: an SDK has been started. */
export function beginTracing(): void {
  tracer = trace.getTracer('openfunction');
}

/** Runs `work` inside a span. A throw ends the span as an error and goes on. Costs next to nothing while telemetry is off. */
export async function withSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  if (tracer === undefined) return await work(NO_SPAN);
  const kind = SpanKind[options.kind ?? 'INTERNAL'];
  const attributes = options.attributes ?? {};
  return await tracer.startActiveSpan(name, { kind, attributes }, parentOf(options.traceparent), async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The W3C traceparent of the active span, to be sent on; undefined while telemetry is off. */
export function activeTraceparent(): string | undefined {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier['traceparent'];
}

/** The trace id inside a traceparent, for logs that are written while telemetry is off. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return isTraceparent(traceparent) ? traceparent.slice(3, 35) : undefined;
}

function parentOf(traceparent: string | undefined): Context {
  return isTraceparent(traceparent) ? propagation.extract(context.active(), { traceparent }) : context.active();
}
