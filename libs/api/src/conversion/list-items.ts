import { isObject, valueAt } from '../rules.ts';
import { fingerprint } from './json-text.ts';

/**
 * Which item of one list is which item of another. Lists of the API are lists of objects that have a name, or in the
 * versions' words a component; where they have none, the whole item is its identity.
 */

/** Fields that can tell items apart, the best first. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  name: ['name'],
  'dapr.name': ['dapr', 'name'],
  component: ['component'],
};
/** The identity of an item without a name: the fingerprint of all of it. */
const WHOLE = 'whole';

/** The items of two lists, side by side. */
export interface Pairing {
  by: string;
  /** Identity, item before (undefined: added), item after (undefined: removed). */
  pairs: readonly (readonly [string, unknown, unknown])[];
  fromIds: readonly string[];
  /** Identities after, when they are not in the order of: items that stay, then added ones sorted by identity. */
  order?: readonly string[];
}

/** The identity of each item; undefined for an item without one, or with one that another item has too. */
export function identify(list: readonly unknown[], by: unknown): (string | undefined)[] {
  const ids = list.map((item) => identityOf(item, by));
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const id of ids) {
    if (id === undefined) continue;
    if (seen.has(id)) twice.add(id);
    seen.add(id);
  }
  return twice.size === 0 ? ids : ids.map((id) => (id !== undefined && twice.has(id) ? undefined : id));
}

function identityOf(item: unknown, by: unknown): string | undefined {
  if (!isObject(item) || typeof by !== 'string') return undefined;
  if (by === WHOLE) return fingerprint(item);
  const path = Object.hasOwn(NAMES, by) ? NAMES[by] : undefined;
  const id = path && valueAt(item, path);
  return typeof id === 'string' ? id : undefined;
}

/** Pairs the items of two lists, or undefined when they cannot be told apart: then the list is one value. */
export function pairItems(from: readonly unknown[], to: readonly unknown[]): Pairing | undefined {
  if (!from.every(isObject) || !to.every(isObject)) return undefined;
  for (const by of Object.keys(NAMES)) {
    const fromIds = identify(from, by);
    const toIds = identify(to, by);
    if (isComplete(fromIds) && isComplete(toIds)) return pairNamed(by, keyed(fromIds, from), keyed(toIds, to));
  }
  return pairWhole(from, to);
}

function isComplete(ids: readonly (string | undefined)[]): ids is string[] {
  return !ids.includes(undefined);
}

function keyed(ids: readonly string[], list: readonly unknown[]): Map<string, unknown> {
  return new Map(ids.map((id, at) => [id, list[at]]));
}

function pairNamed(by: string, from: Map<string, unknown>, to: Map<string, unknown>): Pairing {
  const fromIds = [...from.keys()];
  const toIds = [...to.keys()];
  const added = toIds.filter((id) => !from.has(id));
  const natural = [...fromIds.filter((id) => to.has(id)), ...added.sort()];
  const isNatural = natural.every((id, at) => id === toIds[at]);
  const pairs = [...fromIds, ...added].map((id) => [id, from.get(id), to.get(id)] as const);
  return { by, pairs, fromIds, ...(!isNatural && { order: toIds }) };
}

/**
 * Items without a name. One that differs must be found again by what it was: an item that is removed and one that is
 * added in its place would both stand there once the user has edited the first. So items pair by position, or only
 * added ones are noted.
 */
function pairWhole(from: readonly unknown[], to: readonly unknown[]): Pairing | undefined {
  const fromIds = identify(from, WHOLE);
  if (!isComplete(fromIds)) return undefined;
  if (from.length === to.length) return { by: WHOLE, fromIds, pairs: fromIds.map((id, at) => [id, from[at], to[at]]) };
  const toIds = identify(to, WHOLE);
  if (!isComplete(toIds)) return undefined;
  const after = keyed(toIds, to);
  return fromIds.every((id) => after.has(id)) ? pairNamed(WHOLE, keyed(fromIds, from), after) : undefined;
}
