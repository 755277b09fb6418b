import {
  ANNOTATION,
  childMeta,
  contentHash,
  type Function,
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
  const { timeout: _timeout, ...content } = spec;
  const { route: _route, ...http } = content.triggers?.http ?? {};
  const triggers = content.triggers?.http === undefined ? content.triggers : { ...content.triggers, http };
  return contentHash({ ...content, triggers, annotations: { own: content.annotations, function: meaningful(fn) } });
}

/** The Serving of that name. */
export function makeServing(fn: Function, name: string, spec: ServingSpec, existing: Serving | undefined): Serving {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Serving',
    metadata: childMeta(fn, name, {
      labels: { [LABEL.function]: fn.metadata.name },
      annotations: { ...meaningful(fn), ...traceOf(fn, existing) },
    }),
    spec,
  };
}

function meaningful(fn: Function): Record<string, string> {
  const annotations = fn.metadata.annotations ?? {};
  return Object.fromEntries(
    MEANINGFUL.flatMap((name) => (annotations[name] === undefined ? [] : [[name, annotations[name]]])),
  );
}
