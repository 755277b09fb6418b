import {
  ANNOTATION,
  BUILDER_CANCELLED,
  type Builder,
  type BuilderSpec,
  childMeta,
  contentHash,
  type Function,
  LABEL,
  shortHash,
} from '@openfunction/api';
import { settingsHash } from './serving.ts';
import { traceOf } from './trace.ts';

/** The wanted spec of the Builder: `spec.build`, and what it shares with the Function (controllers.md §1.4). */
export function makeBuilderSpec(fn: Function): BuilderSpec | undefined {
  if (fn.spec.build === undefined) return undefined;
  const { image, imageCredentials } = fn.spec;
  return { ...fn.spec.build, image, ...(imageCredentials !== undefined && { imageCredentials }) };
}

/**
 * What a new build is made for: everything but the limits that bound or clean up a build. After a dot stands what the annotation
 * `rebuild` said; without the annotation that of the recorded build counts, so taking it away builds nothing.
 */
export function builderHash(fn: Function): string {
  const {
    successfulBuildsHistoryLimit: _succeeded,
    failedBuildsHistoryLimit: _failed,
    builderMaxAge: _age,
    timeout: _timeout,
    ...content
  } = makeBuilderSpec(fn) ?? {};
  const hash = contentHash(content);
  const rebuild = fn.metadata.annotations?.[ANNOTATION.rebuild];
  if (rebuild !== undefined) return `${hash}.${shortHash('', rebuild)}`;
  const recorded = fn.status?.build?.resourceHash ?? '';
  return recorded.startsWith(`${hash}.`) ? recorded : hash;
}

/** Whether the Function carries a wish for one more build. */
export function isRebuildAsked(fn: Function): boolean {
  return fn.metadata.annotations?.[ANNOTATION.rebuild] !== undefined;
}

/** The Builder of that name. One that exists keeps its spec, which admission holds immutable (N15): new limits are for the next build. */
export function makeBuilder(fn: Function, name: string, existing: Builder | undefined): Builder {
  return { ...shell(fn, name, existing), spec: existing?.spec ?? (makeBuilderSpec(fn) as BuilderSpec) };
}

/** The same Builder, asked to stop for another one. */
export function cancelBuilder(fn: Function, builder: Builder): Builder {
  const { metadata, ...rest } = shell(fn, builder.metadata.name, builder);
  const annotations = { ...metadata.annotations, [ANNOTATION.superseded]: 'true' };
  return { ...rest, metadata: { ...metadata, annotations }, spec: { ...builder.spec, state: BUILDER_CANCELLED } };
}

/** Whether it was cancelled for another build; what a user cancels stays that build. */
export function isSuperseded({ metadata }: Builder): boolean {
  return metadata.annotations?.[ANNOTATION.superseded] === 'true';
}

function shell(fn: Function, name: string, existing: Builder | undefined) {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Builder',
    metadata: childMeta(fn, name, {
      labels: { [LABEL.function]: fn.metadata.name },
      annotations: { ...traceOf(fn, existing), ...purposeOf(fn, existing) },
    }),
  };
}

/** Written when the Builder is made, and never changed. */
function purposeOf(fn: Function, existing: Builder | undefined): Record<string, string> {
  const hash = existing === undefined ? settingsHash(fn) : existing.metadata.annotations?.[ANNOTATION.builtFor];
  return hash === undefined ? {} : { [ANNOTATION.builtFor]: hash };
}
