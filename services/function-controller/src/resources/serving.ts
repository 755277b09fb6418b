import {
  ANNOTATION,
  childMeta,
  contentHash,
  type Function,
  isSameSetting,
  LABEL,
  type Serving,
  type ServingSpec,
} from '@openfunction/api';
import { traceOf } from './builder.ts';

/** Annotations of the Function that mean something to its workload; the others stay where they are. */
const MEANINGFUL = [ANNOTATION.plugins, ANNOTATION.pluginsTracing, ANNOTATION.wasmVariant];

/** The wanted spec of the Serving: `spec.serving`, and what it shares with the Function (controllers.md §1.7). */
export function makeServingSpec(fn: Function, image: string): ServingSpec | undefined {
  if (fn.spec.serving === undefined) return undefined;
  const { version, imageCredentials } = fn.spec;
  return {
    ...fn.spec.serving,
    ...(version !== undefined && { version }),
    ...(imageCredentials !== undefined && { imageCredentials }),
    image,
  };
}

/** What a new workload is made for: not the route, which needs none, and not the time limit of the start. */
export function servingHash(fn: Function, spec: ServingSpec): string {
  return contentHash(contentOf(spec, fn));
}

/**
 * Whether a Serving of the Go operator is what is wanted now. That operator wrote zero values and spelled durations and quantities in
 * its own way; of the annotations, all of which it copied, only those that mean something count.
 */
export function isSameServing(fn: Function, spec: ServingSpec, serving: Serving): boolean {
  const image = keptImage(spec.image, serving);
  return isSameSetting(contentOf({ ...spec, image }, fn), contentOf(serving.spec, serving));
}

/**
 * The image that an existing Serving goes on with. The Go operator left the digest of an earlier build at the image (controllers.md
 * Q15): when that is all that differs, the workload that runs so is not restarted for it.
 */
export function keptImage(image: string, serving: Serving | undefined): string {
  const live = serving?.spec.image;
  return live !== undefined && !image.includes('@') && live.startsWith(`${image}@`) ? live : image;
}

function contentOf(spec: ServingSpec, { metadata }: Pick<Function, 'metadata'>) {
  const { timeout: _timeout, ...content } = spec;
  const { route: _route, ...http } = content.triggers?.http ?? {};
  const triggers = content.triggers?.http === undefined ? content.triggers : { ...content.triggers, http };
  return { ...content, triggers, annotations: { own: content.annotations, function: meaningful(metadata) } };
}

/** The Serving of that name. */
export function makeServing(fn: Function, name: string, spec: ServingSpec, existing: Serving | undefined): Serving {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Serving',
    metadata: childMeta(fn, name, {
      labels: { [LABEL.function]: fn.metadata.name },
      annotations: { ...meaningful(fn.metadata), ...traceOf(fn, existing) },
    }),
    spec,
  };
}

function meaningful({ annotations = {} }: Function['metadata']): Record<string, string> {
  return Object.fromEntries(
    MEANINGFUL.flatMap((name) => (annotations[name] === undefined ? [] : [[name, annotations[name]]])),
  );
}
