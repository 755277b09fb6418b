import { isEqual, own, setOwn, type Tree } from '../json.ts';
import { isObject } from '../rules.ts';
import { fingerprint } from './json-text.ts';
import { identify, type Pairing, pairItems } from './list-items.ts';

/**
 * What turns one JSON tree into another, written so that it can be applied later to a tree that was edited meanwhile:
 * a change takes effect only where the tree still holds what it held then (the basis), so an edit wins over a change.
 *
 * - `{to, was}`: the value becomes `to`, or goes when there is no `to`. `was` is the fingerprint of what was there; no
 *   `was`: nothing was there.
 * - `{fields}`: members of an object.
 * - `{by, items, order, was}`: items of a list, each under its identity (list-items.ts), and the order of identities
 *   when it is not what follows by itself; `was` is the fingerprint of the order before.
 */
export type Change =
  | { to?: unknown; was?: string }
  | { fields: Record<string, Change> }
  | { by: string; items: Record<string, Change>; order?: readonly string[]; was?: string };

/** Levels that are compared member by member. Below, values are taken whole; no field of ours lies that deep. */
const MAX_DEPTH = 24;

/** The change that makes `to` of `from`, or undefined when they are equal. Law: `merge(a, diff(a, b))` equals `b`. */
export function diff(from: unknown, to: unknown, depth = 0): Change | undefined {
  if (from === to) return undefined;
  if (depth < MAX_DEPTH && isObject(from) && isObject(to)) return diffFields(from, to, depth + 1);
  if (isEqual(from, to)) return undefined;
  if (depth < MAX_DEPTH && Array.isArray(from) && Array.isArray(to)) {
    const pairing = pairItems(from, to);
    if (pairing !== undefined) return diffItems(pairing, depth + 1);
  }
  return replaced(from, to);
}

function replaced(from: unknown, to: unknown): Change {
  return { ...(to !== undefined && { to }), ...(from !== undefined && { was: fingerprint(from) }) };
}

function diffFields(from: Tree, to: Tree, depth: number): Change | undefined {
  let fields: Record<string, Change> | undefined;
  const note = (key: string, before: unknown, after: unknown) => {
    const change = diff(before, after, depth);
    if (change === undefined) return;
    fields ??= {};
    setOwn(fields, key, change);
  };
  for (const key of Object.keys(from)) note(key, from[key], own(to, key));
  for (const key of Object.keys(to)) if (!Object.hasOwn(from, key)) note(key, undefined, to[key]);
  return fields && { fields };
}

function diffItems({ by, pairs, fromIds, order }: Pairing, depth: number): Change {
  const items: Record<string, Change> = {};
  for (const [id, before, after] of pairs) {
    const change = diff(before, after, depth);
    if (change !== undefined) setOwn(items, id, change);
  }
  return { by, items, ...(order && { order, was: fingerprint(fromIds) }) };
}

/**
 * The tree with the change applied as far as it still holds. Total: what is no change, or does not fit the tree, has no
 * effect. Returns undefined when the change takes the value away; `tree` itself is not touched.
 */
export function merge(tree: unknown, change: unknown, depth = 0): unknown {
  if (!isObject(change) || depth > MAX_DEPTH) return tree;
  if (isObject(change['fields'])) return isObject(tree) ? mergeFields(tree, change['fields'], depth + 1) : tree;
  if (isObject(change['items'])) return Array.isArray(tree) ? mergeItems(tree, change, depth + 1) : tree;
  const { was } = change;
  const holds = tree === undefined ? was === undefined : typeof was === 'string' && was === fingerprint(tree);
  return holds ? own(change, 'to') : tree;
}

function mergeFields(tree: Tree, fields: Tree, depth: number): Tree {
  let result = tree;
  for (const key of Object.keys(fields)) {
    const before = own(tree, key);
    const after = merge(before, fields[key], depth);
    if (after === before) continue;
    if (result === tree) result = { ...tree };
    if (after === undefined) delete result[key];
    else setOwn(result, key, after);
  }
  return result;
}

function mergeItems(list: readonly unknown[], change: Tree, depth: number): unknown[] {
  const items = change['items'] as Tree;
  const ids = identify(list, change['by']);
  const merged: [string | undefined, unknown][] = list.map((item, at) => {
    const id = ids[at];
    return [id, id === undefined ? item : merge(item, own(items, id), depth)];
  });
  const present = new Set(ids);
  for (const id of Object.keys(items).sort())
    if (!present.has(id)) merged.push([id, merge(undefined, items[id], depth)]);
  const kept = merged.filter(([, item]) => item !== undefined);
  const isOrdered = Array.isArray(change['order']) && change['was'] === fingerprint(ids);
  return isOrdered ? inOrder(kept, change['order'] as unknown[]) : kept.map(([, item]) => item);
}

/** The items in the order of their identities; as they are when the identities are not the same. */
function inOrder(items: readonly [string | undefined, unknown][], order: readonly unknown[]): unknown[] {
  const byId = new Map<unknown, unknown>(items);
  const isSame = order.length === items.length && byId.size === items.length && order.every((id) => byId.has(id));
  return isSame && new Set(order).size === order.length
    ? order.map((id) => byId.get(id))
    : items.map(([, item]) => item);
}
