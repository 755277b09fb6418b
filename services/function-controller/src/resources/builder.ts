import {
  ANNOTATION,
  BUILDER_CANCELLED,
  type Builder,
  type BuilderSpec,
  childMeta,
  contentHash,
  type Function,
  LABEL,
} from '@openfunction/api';

/** Any new value of it asks for one more build. */
const REBUILD_ANNOTATION = 'openfunction.io/rebuild';

/** The wanted spec of the Builder: `spec.build`, and what it shares with the Function (controllers.md §1.4). */
export function makeBuilderSpec(fn: Function): BuilderSpec | undefined {
  if (fn.spec.build === undefined) return undefined;
  const { image, imageCredentials } = fn.spec;
  return { ...fn.spec.build, image, ...(imageCredentials !== undefined && { imageCredentials }) };
}

/** What a new build is made for: everything but the limits that bound or clean up a build. */
export function builderHash(fn: Function): string {
  const {
    successfulBuildsHistoryLimit: _succeeded,
    failedBuildsHistoryLimit: _failed,
    builderMaxAge: _age,
    timeout: _timeout,
    ...content
  } = makeBuilderSpec(fn) ?? {};
  const rebuild = fn.metadata.annotations?.[REBUILD_ANNOTATION];
  return contentHash(rebuild === undefined ? content : { ...content, rebuild });
}

/** Whether the Function carries a wish for one more build. */
export function isRebuildAsked(fn: Function): boolean {
  return fn.metadata.annotations?.[REBUILD_ANNOTATION] !== undefined;
}

/** The Builder of that name. One that exists keeps its spec, which admission holds immutable (N15): new limits are for the next build. */
export function makeBuilder(fn: Function, name: string, existing: Builder | undefined): Builder {
  return { ...shell(fn, name, existing), spec: existing?.spec ?? (makeBuilderSpec(fn) as BuilderSpec) };
}

/** The same Builder, asked to stop. */
export function cancelBuilder(fn: Function, builder: Builder): Builder {
  return { ...shell(fn, builder.metadata.name, builder), spec: { ...builder.spec, state: BUILDER_CANCELLED } };
}

function shell(fn: Function, name: string, existing: Builder | undefined) {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Builder',
    metadata: childMeta(fn, name, {
      labels: { [LABEL.function]: fn.metadata.name },
      annotations: traceOf(fn, existing),
    }),
  };
}

/** A child keeps the trace of the change that made it: the annotation alone never causes a write. */
export function traceOf(
  fn: Function,
  existing: { metadata: Function['metadata'] } | undefined,
): Record<string, string> {
  const source = existing ?? fn;
  const traceparent = source.metadata.annotations?.[ANNOTATION.traceparent];
  return traceparent === undefined ? {} : { [ANNOTATION.traceparent]: traceparent };
}
