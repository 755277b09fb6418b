import * as z from 'zod';

/**
 * Building blocks of the CRD schemas. Whatever a CustomResourceDefinition can say and zod cannot (formats, list types,
 * map types) travels as metadata and is written into the CRD word for word.
 */

/** 32-bit signed integer. */
export function int32() {
  return z.int().meta({ format: 'int32' });
}

/** 64-bit signed integer. Values above 2^53 are refused by the parser, not by the CRD. */
export function int64() {
  return z.int().meta({ format: 'int64' });
}

/** TCP port. */
export function port() {
  return z.int().min(1).max(65535).meta({ format: 'int32' });
}

/** Text map, such as labels or environment variables. */
export function textMap() {
  return z.record(z.string(), z.string());
}

/** Go's grammar of time.ParseDuration: a sign, then a bare 0 or one or more of number and unit. Micro has two code points. */
const DURATION = /^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$/;
/** Far more than any real duration needs, and a bound on what the pattern costs. */
const DURATION_LENGTH = 100;

/**
 * A duration in Go's grammar, e.g. `90s` or `1h30m`. The schema holds the grammar; that the sum fits into 64 bits of
 * nanoseconds (about ±292 years), which no pattern can say, is for admission and `parseDuration`.
 */
export function duration() {
  return z.string().max(DURATION_LENGTH).regex(DURATION);
}

/** Any JSON value, kept as it is. */
export function anyJson() {
  return z.unknown().meta({ 'x-kubernetes-preserve-unknown-fields': true });
}

/** Metadata of a list whose items are told apart by these fields. */
export function listMap(...keys: [string, ...string[]]) {
  return { 'x-kubernetes-list-map-keys': keys, 'x-kubernetes-list-type': 'map' };
}

/** Metadata of a list that is always replaced as a whole. */
export const ATOMIC_LIST = { 'x-kubernetes-list-type': 'atomic' };

/** Metadata of an object that is always replaced as a whole. */
export const ATOMIC_MAP = { 'x-kubernetes-map-type': 'atomic' };

/** The object a kind's CRD describes. As in the original, `spec` may be absent: admission asks for it, the schema does not. */
export function resource<Spec extends z.ZodType, Status extends z.ZodType>(spec: Spec, status: Status) {
  return z.object({
    apiVersion: z.string().optional().describe('Group and version of this object.'),
    kind: z.string().optional().describe('Kind of this object.'),
    metadata: z.looseObject({}).optional(),
    spec: spec.optional(),
    status: status.optional(),
  });
}
