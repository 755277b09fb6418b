import {
  ANNOTATION,
  contentHash,
  type Function,
  isSameSetting,
  type ObjectMeta,
  type ScaleOptions,
  type ServeSpec,
  type Serving,
  type ServingSpec,
  withoutRepeats,
} from '@openfunction/api';
import { fitting, type InPlace, inPlaceOf } from './in-place.ts';

/*
 * A Serving has two kinds of fields. Its content makes a version: other content, another Serving. The rest is brought up to date in
 * place and makes none: route, timeout, scaleOptions, labels, and the annotations that mean nothing to the running function.
 */

/** What makes a version of a Function: the content of its Serving, and the annotations of the Function that reach the workload. */
export interface Content {
  spec: ServingSpec;
  annotations: Record<string, string>;
  /** With or without the KEDA HTTP add-on requests take another way: only a version of its own changes over without losing one (docs/adr/0014). */
  intercepted?: true;
}

/** Annotations of the Function that mean something to its workload, and the build of an image without digest; the others stay where they are. */
const MEANINGFUL: readonly string[] = [
  ANNOTATION.plugins,
  ANNOTATION.pluginsTracing,
  ANNOTATION.wasmVariant,
  ANNOTATION.builtBy,
];

/** Those of a Serving that come with its Function. */
const CARRIED: readonly string[] = [...MEANINGFUL, ANNOTATION.awaits];

/** Knative takes it from the annotations and writes it into the revision: another value is another revision. */
const CONTAINER_CONCURRENCY = 'autoscaling.knative.dev/container-concurrency';
const CONTENT_PREFIXES = ['openfunction.io/', 'dapr.io/'];

type Texts = Record<string, string>;

/** The content of a Serving, or of one that is wanted; `metadata` is that of the Serving or of its Function. */
export function contentOf(spec: ServingSpec, { metadata }: { metadata: ObjectMeta }): Content {
  const { timeout: _timeout, labels: _labels, scaleOptions, annotations, triggers, ...rest } = spec;
  const { route: _route, ...http } = triggers?.http ?? {};
  const concurrency = given(keep(scaleOptions?.knative, (key) => key === CONTAINER_CONCURRENCY));
  const words = given(keep(annotations, isContent));
  return {
    spec: {
      ...rest,
      ...(triggers !== undefined && { triggers: triggers?.http == null ? triggers : { ...triggers, http } }),
      ...(words !== undefined && { annotations: words }),
      ...(concurrency !== undefined && { scaleOptions: { knative: concurrency } }),
    },
    annotations: keep(metadata.annotations, (key) => MEANINGFUL.includes(key)),
    ...(isInterceptable(spec) && { intercepted: true }),
  };
}

/** The spec of a Serving with this content, and with the fields in place that are wanted now, but for its own where they do not fit it. */
function withInPlace({ spec }: Content, now: ServeSpec, own: InPlace | undefined): ServingSpec {
  const { timeout, labels } = now;
  const { route, scaleOptions: scale } = own === undefined ? inPlaceOf(now) : fitting(now, spec, own);
  const http = spec.triggers?.http;
  const annotations = given({ ...keep(now.annotations, (key) => !isContent(key)), ...spec.annotations });
  const scaleOptions = scaleOf(spec.scaleOptions?.knative, scale);
  return {
    ...spec,
    ...(http != null && route !== undefined && { triggers: { ...spec.triggers, http: { ...http, route } } }),
    ...(timeout !== undefined && { timeout }),
    ...(labels !== undefined && { labels }),
    ...(annotations !== undefined && { annotations }),
    ...(scaleOptions !== undefined && { scaleOptions }),
  };
}

/**
 * The Function as it would be with this content: all that reaches a Serving from elsewhere but its image. `own` are fields in place that the
 * content had; without them it takes all of the present ones.
 */
export function withContent(fn: Function, content: Content, own?: InPlace): Function {
  const { image: _image, version, imageCredentials, ...serving } = withInPlace(content, fn.spec.serving ?? {}, own);
  const { version: _version, imageCredentials: _credentials, ...spec } = fn.spec;
  const others = keep(fn.metadata.annotations, (key) => !CARRIED.includes(key));
  return {
    ...fn,
    metadata: { ...fn.metadata, annotations: { ...others, ...content.annotations } },
    spec: {
      ...spec,
      ...(version !== undefined && { version }),
      ...(imageCredentials !== undefined && { imageCredentials }),
      serving,
    },
  };
}

/**
 * The Function as what is made of it shall see it: with the Builder that has built the image where no digest tells two builds of it
 * apart, and without what only we write and somebody has written there.
 */
export function withBuilder(fn: Function, builtBy: string | undefined): Function {
  const { [ANNOTATION.builtBy]: _by, [ANNOTATION.awaits]: _awaits, ...annotations } = fn.metadata.annotations ?? {};
  const plain = { ...fn, metadata: { ...fn.metadata, annotations } };
  return withMark(plain, ANNOTATION.builtBy, builtBy);
}

/** The Function with this annotation, where there is something to say. */
export function withMark(fn: Function, key: string, value: string | undefined): Function {
  if (value === undefined) return fn;
  return { ...fn, metadata: { ...fn.metadata, annotations: { ...fn.metadata.annotations, [key]: value } } };
}

/** With each variable of a container once: what v1.2 stored may hold one twice, and no Serving could be applied with it. */
export function appliable<Spec extends ServeSpec>(spec: Spec): Spec {
  return spec.template == null ? spec : { ...spec, template: withoutRepeats(spec.template) };
}

/** Hash of what a new Serving is made for. */
export function servingHash(spec: ServingSpec, of: { metadata: ObjectMeta }): string {
  return contentHash(contentOf(spec, of));
}

/**
 * Whether a Serving of the Go operator is what is wanted now. That operator wrote zero values and spelled durations and quantities in
 * its own way; of the annotations, all of which it copied, only those that mean something count.
 */
export function isSameServing(fn: Function, spec: ServingSpec, serving: Serving): boolean {
  const image = keptImage(spec.image, serving);
  return isSameSetting(contentOf({ ...spec, image }, fn), contentOf(appliable(serving.spec), serving));
}

/**
 * The image that an existing Serving goes on with. The Go operator left the digest of an earlier build at the image (controllers.md
 * Q15): when that is all that differs, the workload that runs so is not restarted for it.
 */
export function keptImage(image: string, serving: Serving | undefined): string {
  const live = serving?.spec.image;
  return live !== undefined && !image.includes('@') && live.startsWith(`${image}@`) ? live : image;
}

/** The annotations that a Serving has from its Function: those that mean something to the workload, and what it waits for. */
export function meaningful({ annotations }: ObjectMeta): Texts {
  return keep(annotations, (key) => CARRIED.includes(key));
}

/** Whether requests reach a Serving through the KEDA HTTP add-on. */
export function isInterceptable(spec: ServeSpec): boolean {
  return spec.triggers?.http?.engine === 'keda' && spec.scaleOptions?.keda != null;
}

function scaleOf(concurrency: Texts | undefined, now: ScaleOptions | undefined): ScaleOptions | undefined {
  const knative = given({ ...keep(now?.knative, (key) => key !== CONTAINER_CONCURRENCY), ...concurrency });
  if (knative === undefined && now === undefined) return undefined;
  const { knative: _knative, ...rest } = now ?? {};
  return { ...rest, ...(knative !== undefined && { knative }) };
}

function isContent(key: string): boolean {
  return key === CONTAINER_CONCURRENCY || CONTENT_PREFIXES.some((prefix) => key.startsWith(prefix));
}

function keep(texts: Texts | null | undefined, isKept: (key: string) => boolean): Texts {
  return Object.fromEntries(Object.entries(texts ?? {}).filter(([key]) => isKept(key)));
}

function given(texts: Texts): Texts | undefined {
  return Object.keys(texts).length === 0 ? undefined : texts;
}
