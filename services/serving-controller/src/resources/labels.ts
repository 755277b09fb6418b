import { ANNOTATION, DEFAULT_VERSION, LABEL, labelValue, type Serving } from '@openfunction/api';

/** Labels of what a Serving is made of (controllers.md §4.3). Those that select, or that we look for, cannot be overridden (Q26). */

const RESERVED: readonly string[] = [LABEL.managed, LABEL.serving, LABEL.proxy];

/** On every object of a Serving, and all that its selectors hold. */
export function managedLabels(serving: Serving): Record<string, string> {
  return { [LABEL.managed]: 'true', [LABEL.serving]: serving.metadata.name };
}

/** On the proxy: it is no pod of the function, so that no Service of the function leads to it. */
export function proxyLabels(serving: Serving): Record<string, string> {
  return { [LABEL.managed]: 'true', [LABEL.proxy]: serving.metadata.name };
}

/** The version, the user's labels, and the reserved ones over them. */
export function workloadLabels(
  serving: Serving,
  reserved: Record<string, string>,
  version = versionOf(serving),
): Record<string, string> {
  return { [LABEL.version]: labelValue(version), ...userLabels(serving), ...reserved };
}

/** The user's labels without the reserved ones. */
export function userLabels(serving: Serving): Record<string, string> {
  return Object.fromEntries(Object.entries(serving.spec.labels ?? {}).filter(([name]) => !RESERVED.includes(name)));
}

/**
 * Whether a label or annotation of a pod may change while the Serving stays the same. The others are what a version is made of: on pods
 * that the Go operator made they are as they are.
 */
export function isInPlace(name: string): boolean {
  return !/^(dapr|openfunction)\.io\//.test(name) && name !== LABEL.version;
}

/** Those of the labels or annotations that may change in place. */
export function inPlace(texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([name]) => isInPlace(name)));
}

/** The others: what a version is made of. */
export function fixed(texts: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([name]) => !isInPlace(name)));
}

export function versionOf(serving: Serving): string {
  return serving.spec.version ?? DEFAULT_VERSION;
}

/** The version as names have it: `v100` for `v1.0.0`. */
export function plainVersion(serving: Serving): string {
  return versionOf(serving).replaceAll('.', '');
}

/** The trace that the change belongs to, for the one object that stands for the workload. */
export function traceAnnotations(serving: Serving): Record<string, string> {
  const traceparent = serving.metadata.annotations?.[ANNOTATION.traceparent];
  return traceparent === undefined ? {} : { [ANNOTATION.traceparent]: traceparent };
}
