import { own, type Tree } from '../json.ts';
import { isObject } from '../rules.ts';
import { nestsDeeper, writeJson } from './json-text.ts';
import type { Change } from './preserve.ts';

/**
 * Where an object keeps what its version cannot say, so that the other version gets it back: one annotation for each
 * direction, holding a change (preserve.ts) as JSON. They belong to conversion alone: no hash, no child and no message
 * has them.
 */

/** On a v1beta1 object: what only v1beta2 can say. */
export const V1BETA2_PRESERVED = 'core.openfunction.io/v1beta2-preserved';
/** On a v1beta2 object: what only v1beta1 can say. */
export const V1BETA1_PRESERVED = 'core.openfunction.io/v1beta1-preserved';
export const PRESERVED_ANNOTATIONS: readonly string[] = [V1BETA1_PRESERVED, V1BETA2_PRESERVED];

/** Most bytes that a preservation annotation may have when an object is written. Reading has no limit. */
export const PRESERVED_LIMIT = 200 * 1024;
/** Nesting of an annotation that is read: a user's text deeper than any of ours is no change. */
const MAX_NESTING = 1_000;

/** The annotations without those of conversion. The same object when there are none of them. */
export function withoutPreserved<Value>(annotations: Readonly<Record<string, Value>>): Record<string, Value> {
  if (!PRESERVED_ANNOTATIONS.some((name) => Object.hasOwn(annotations, name))) return annotations;
  const copy = { ...annotations };
  for (const name of PRESERVED_ANNOTATIONS) delete copy[name];
  return copy;
}

/** Bytes of the larger preservation annotation of an object; 0 without. Admission refuses more than PRESERVED_LIMIT. */
export function preservedSize(object: unknown): number {
  const annotations = annotationsOf(object);
  const sizes = PRESERVED_ANNOTATIONS.map((name) => own(annotations, name)).map((text) =>
    typeof text === 'string' ? Buffer.byteLength(text) : 0,
  );
  return Math.max(...sizes);
}

/** The annotations of an object; none when it has no place for them. */
export function annotationsOf(object: unknown): Tree {
  const metadata = isObject(object) ? own(object, 'metadata') : undefined;
  const annotations = isObject(metadata) ? own(metadata, 'annotations') : undefined;
  return isObject(annotations) ? annotations : {};
}

/** The change an annotation holds; undefined when there is none, or what is there is not one. */
export function readPreserved(annotations: Tree, name: string): Tree | undefined {
  const text = own(annotations, name);
  if (typeof text !== 'string' || nestsDeeper(text, MAX_NESTING)) return undefined;
  try {
    const change: unknown = JSON.parse(text);
    return isObject(change) ? change : undefined;
  } catch {
    // A text of somebody else's: it preserves nothing.
    return undefined;
  }
}

/** The annotation's text, or undefined when there is nothing to preserve. */
export function writePreserved(change: Change | undefined): string | undefined {
  return change === undefined ? undefined : writeJson(change);
}
