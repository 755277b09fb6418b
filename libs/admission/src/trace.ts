import { ANNOTATION, isEqual, isObject, valueAt } from '@openfunction/api';

const TRACEPARENT = ['metadata', 'annotations', ANNOTATION.traceparent] as const;

/** What decides about the trace of a change. Both objects carry their defaults. */
interface TracedChange {
  object: unknown;
  /** The stored object; undefined on create. */
  old: unknown;
  dryRun: boolean;
}

/**
 * The value that the annotation `openfunction.io/traceparent` must get, or undefined when it stays as sent.
 *
 *   create                  caller's, else a new trace
 *   update, spec as stored  caller's, else the stored one: applying the same manifest again changes nothing
 *   update, spec changed    caller's, else a new trace
 *
 * A dry run never begins a trace.
 */
export function traceparentToSet(change: TracedChange, newTraceparent: () => string): string | undefined {
  const sent = valueAt(change.object, TRACEPARENT);
  const stored = valueAt(change.old, TRACEPARENT);
  if (sent !== undefined && (sent !== stored || isManaged(change.object))) return undefined;
  const begins =
    !change.dryRun &&
    (change.old === undefined || !isEqual(valueAt(change.object, ['spec']), valueAt(change.old, ['spec'])));
  const wanted = begins ? newTraceparent() : stored;
  return typeof wanted === 'string' && wanted !== sent ? wanted : undefined;
}

/**
 * Whether the user's own manifest holds the annotation, so that the value is his although it equals the stored one: replacing
 * it would make the next apply of the same manifest put it back. Both kinds of apply leave a record of what they hold.
 */
function isManaged(object: unknown): boolean {
  return isInLastApplied(object) || isApplied(object);
}

function isInLastApplied(object: unknown): boolean {
  const text = valueAt(object, ['metadata', 'annotations', ANNOTATION.kubectlLastApplied]);
  if (typeof text !== 'string' || !text.includes(ANNOTATION.traceparent)) return false;
  try {
    return valueAt(JSON.parse(text), TRACEPARENT) !== undefined;
  } catch {
    return false; // Not written by kubectl: it says nothing about what the user holds.
  }
}

function isApplied(object: unknown): boolean {
  const entries = valueAt(object, ['metadata', 'managedFields']);
  if (!Array.isArray(entries)) return false;
  const field = ['fieldsV1', 'f:metadata', 'f:annotations', `f:${ANNOTATION.traceparent}`];
  return entries.some(
    (entry) => isObject(entry) && entry['operation'] === 'Apply' && valueAt(entry, field) !== undefined,
  );
}

/** The trace context that a review's own change carries: the annotation of the object, unless it is the stored one. */
export function traceparentOf(body: unknown): string | undefined {
  const sent = valueAt(body, ['request', 'object', ...TRACEPARENT]);
  const stored = valueAt(body, ['request', 'oldObject', ...TRACEPARENT]);
  return typeof sent === 'string' && sent !== stored ? sent : undefined;
}
