import { ANNOTATION, isObject, parseTracing, type Serving, type Tracing } from '@openfunction/api';
import type { GlobalTracing, OperatorConfig } from '../operator-config.ts';

type Provider = Tracing['provider'];

/**
 * The tracing of a function, for both contexts (controllers.md §3.8, Q7). Its own is in `spec.tracing`, else in the annotation
 * `plugins.tracing`; field by field it wins over that of the cluster. What the function switches off stays off.
 */
export function mergeTracing(serving: Serving, config: OperatorConfig): GlobalTracing | undefined {
  const all = config.tracing ?? config.pluginsTracing;
  const own = ownTracing(serving);
  if (own === undefined) return all;
  return own.enabled ? usable(all === undefined ? own : merge(own, all)) : own;
}

/** Whether the function itself says that it is not traced. */
export function isUntraced(serving: Serving): boolean {
  return ownTracing(serving)?.enabled === false;
}

function ownTracing({ spec, metadata }: Serving): GlobalTracing | undefined {
  return spec.tracing ?? annotated(metadata.annotations?.[ANNOTATION.pluginsTracing]);
}

function merge(own: GlobalTracing, all: GlobalTracing): GlobalTracing {
  const provider = mergeProvider(own.provider, all.provider);
  const tags = { ...all.tags, ...own.tags };
  const baggage = { ...all.baggage, ...own.baggage };
  return {
    enabled: own.enabled,
    ...(provider !== undefined && { provider }),
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(Object.keys(baggage).length > 0 && { baggage }),
  };
}

function mergeProvider(own: Provider | undefined, all: Provider | undefined): Provider | undefined {
  if (own === undefined || all === undefined) return own ?? all;
  const exporter = { ...all.exporter, ...given(own.exporter ?? {}) } as NonNullable<Provider['exporter']>;
  return { ...all, ...given(own), ...(Object.keys(exporter).length > 0 && { exporter }) };
}

/** Those that the frameworks know (functions-framework-go v0.5.0, context/context.go). */
const PROVIDERS: readonly (string | undefined)[] = ['skywalking', 'opentelemetry'];

/**
 * The frameworks do not start a function that is traced by nobody they know. Admission judges `spec.tracing`; what an annotation names,
 * nobody has judged.
 */
function usable(tracing: GlobalTracing): GlobalTracing | undefined {
  return PROVIDERS.includes(tracing.provider?.name) ? tracing : undefined;
}

/** The tracing that the annotation means; a text that cannot be read means none, as with the original. */
function annotated(text: string | undefined): GlobalTracing | undefined {
  const tree = text === undefined ? undefined : parseTracing(text).value;
  if (tree === undefined) return undefined;
  const { enabled, provider, tags, baggage } = tree;
  return {
    enabled: enabled === true,
    ...(isObject(provider) && { provider: textsIn(provider) as Provider }),
    ...(isObject(tags) && { tags: textsIn(tags) as Record<string, string> }),
    ...(isObject(baggage) && { baggage: textsIn(baggage) as Record<string, string> }),
  };
}

/** YAML numbers and booleans as the texts they are written as; what says nothing is empty. */
function textsIn(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, isObject(member) ? textsIn(member) : String(member ?? '')]),
  );
}

/** Without the fields that say nothing. */
function given<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  ) as Partial<Fields>;
}
