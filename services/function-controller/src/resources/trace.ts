import { ANNOTATION, type Function } from '@openfunction/api';

/** A child keeps the trace of the change that made it: the annotation alone never causes a write. */
export function traceOf(
  fn: Function,
  existing: { metadata: Function['metadata'] } | undefined,
): Record<string, string> {
  const source = existing ?? fn;
  const traceparent = source.metadata.annotations?.[ANNOTATION.traceparent];
  return traceparent === undefined ? {} : { [ANNOTATION.traceparent]: traceparent };
}
