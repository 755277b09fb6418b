import { type FieldPath, own, type StructuralSchema } from '@openfunction/api';
import type { Problem } from './problem.ts';

/**
 * Problems in document order: fields as the reference page lists them (an object has none of its own: the API server sorts the
 * members of what it sends), items of a list by index, entries of a map by key. What an earlier row found stays first.
 */
export function inDocumentOrder(schema: StructuralSchema, problems: readonly Problem[]): Problem[] {
  return problems.toSorted((left, right) => comparePaths(schema, left.path, right.path));
}

function comparePaths(schema: StructuralSchema, left: FieldPath, right: FieldPath): number {
  let node: StructuralSchema | undefined = schema;
  for (let depth = 0; depth < Math.min(left.length, right.length); depth++) {
    const a = left[depth] as string | number;
    const b = right[depth] as string | number;
    if (a !== b) return compareSegments(node, a, b);
    node = below(node, a);
  }
  return left.length - right.length;
}

function compareSegments(node: StructuralSchema | undefined, a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const ranks = ranksOf(node);
  const difference = (ranks.get(String(a)) ?? ranks.size) - (ranks.get(String(b)) ?? ranks.size);
  if (difference !== 0) return difference;
  return String(a) < String(b) ? -1 : 1;
}

function below(node: StructuralSchema | undefined, segment: string | number): StructuralSchema | undefined {
  if (node === undefined) return undefined;
  if (typeof segment === 'number') return node.items;
  const named = own(node.properties ?? {}, segment) as StructuralSchema | undefined;
  return named ?? (typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined);
}

const ranks = new WeakMap<StructuralSchema, Map<string, number>>();

function ranksOf(node: StructuralSchema | undefined): Map<string, number> {
  if (node === undefined) return new Map();
  const known = ranks.get(node);
  if (known !== undefined) return known;
  const made = new Map(Object.keys(node.properties ?? {}).map((name, rank) => [name, rank]));
  ranks.set(node, made);
  return made;
}
