import {
  ANNOTATION,
  contentHash,
  isObject,
  type KubeObject,
  revisionName,
  type Serving,
  shortHash,
  withoutRepeats,
} from '@openfunction/api';
import { isOurs } from '../../resources/children.ts';
import { isInPlace, versionOf } from '../../resources/labels.ts';
import { covers } from '../../resources/words.ts';
import type { EngineInput } from '../engine.ts';
import { liveService, makeTemplate, type Template } from './template.ts';

/*
 * What a change in place does to a Knative Service (docs/adr/0015). Knative refuses any change of a template under the same revision name:
 *
 *   labels, annotations   the template stays as it is; they are patched onto the Revision, and what scales onto its PodAutoscaler:
 *                         no new Revision, no second workload
 *   the pod itself        (what the operator's ConfigMap says has changed, or somebody edited the template) a new revision name:
 *                         Knative makes the Revision and moves the traffic when it is ready
 *
 * The Service remembers in an annotation which keys of the Revision were changed, so that one that is wanted no more is taken back.
 */

/** Labels and annotations that a Revision, and its PodAutoscaler, are to have; null: that they are not to have. */
export interface RevisionMetadata {
  name: string;
  labels: Record<string, string | null>;
  annotations: Record<string, string | null>;
}

/** Names of the labels and annotations of the Revision that differ, or once differed, from the template. */
interface Keys {
  labels: string[];
  annotations: string[];
}

/** What is to be patched onto the Revision of the live Knative Service, or its PodAutoscaler; undefined when both are as the template says. */
export function revisionMetadata(input: EngineInput): RevisionMetadata | undefined {
  const live = liveService(input);
  const wanted = makeTemplate(input);
  const keys = changedKeys(input.serving, live, wanted);
  const name = live?.['spec']?.template?.metadata?.name;
  if (keys === undefined || name === undefined) return undefined;
  return {
    name,
    labels: chosen(wanted.metadata.labels, keys.labels),
    annotations: chosen(wanted.metadata.annotations, keys.annotations),
  };
}

/** The value of the annotation that remembers the keys; undefined when there are none. */
export function revisionKeys(serving: Serving, live: KubeObject | undefined, wanted: Template): string | undefined {
  const keys = changedKeys(serving, live, wanted);
  return keys === undefined ? undefined : JSON.stringify(keys);
}

/**
 * The template to be applied: a new one, the live one, or a new one beside it. The live one is applied word for word, with the defaults
 * that Knative has put there: its containers are one value to the API, and without their defaults Knative takes them for a change.
 */
export function settleTemplate(
  serving: Serving,
  service: string,
  live: KubeObject | undefined,
  wanted: Template,
): Template {
  const version = versionOf(serving);
  if (live === undefined) return named(wanted, revisionName(service, version));
  if (isKept(serving, live, wanted)) return live['spec'].template;
  return named(wanted, revisionName(service, `${version}-${shortHash('', contentHash(wanted.spec))}`));
}

/**
 * Whether the live template stands: its pods are those that are wanted, or the Go operator made them, who wrote the same function in
 * other words (order of variables, contexts). One that names a variable twice cannot be applied.
 */
function isKept(serving: Serving, live: KubeObject, wanted: Template): boolean {
  const template: Template | undefined = live['spec']?.template;
  if (template === undefined) return false;
  if (withoutRepeats(template.spec) !== template.spec) return false;
  return isGoMade(serving, live) || covers(template.spec, wanted.spec);
}

function isGoMade(serving: Serving, live: KubeObject): boolean {
  return !isOurs(serving, live.metadata.name, 'ksvc');
}

function changedKeys(serving: Serving, live: KubeObject | undefined, wanted: Template): Keys | undefined {
  if (live === undefined || !isKept(serving, live, wanted)) return undefined;
  const before = remembered(live);
  const metadata: Partial<Template['metadata']> = live['spec'].template.metadata ?? {};
  const labels = differing(metadata.labels ?? {}, wanted.metadata.labels, before.labels);
  const annotations = differing(metadata.annotations ?? {}, wanted.metadata.annotations, before.annotations);
  return labels.length + annotations.length === 0 ? undefined : { labels, annotations };
}

function differing(live: Record<string, string>, wanted: Record<string, string>, before: readonly string[]): string[] {
  const names = Object.keys({ ...live, ...wanted }).filter((name) => live[name] !== wanted[name]);
  return [...new Set([...names, ...before])].filter((name) => isInPlace(name) && !isKnatives(name)).sort();
}

/** Knative's own notes on a Revision. */
function isKnatives(name: string): boolean {
  return /(^|\.)(serving|client)\.knative\.dev\//.test(name);
}

/** What the Service remembers. A text that is not ours says nothing. */
function remembered({ metadata }: KubeObject): Keys {
  const keys = parsed(metadata.annotations?.[ANNOTATION.revisionKeys]);
  return { labels: texts(keys['labels']), annotations: texts(keys['annotations']) };
}

function parsed(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {}; // somebody wrote something else there
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function chosen(wanted: Record<string, string>, names: readonly string[]): Record<string, string | null> {
  return Object.fromEntries(names.map((name) => [name, wanted[name] ?? null]));
}

function named({ metadata, spec }: Template, name: string): Template {
  return { metadata: { name, ...metadata }, spec };
}
