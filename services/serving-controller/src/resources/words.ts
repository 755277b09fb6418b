import { contains, isObject, isSameSetting } from '@openfunction/api';

/**
 * What is wanted, compared with what the API shows of it: defaults are filled in, quantities are spelled in one way (`1000m` as `1`), and
 * fields that say nothing (an empty text, `false`, 0) are dropped. None of that is a difference, and none of it may be applied again and
 * again.
 */

/** Fields of a pod that hold a quantity, or a map of them. */
const QUANTITIES: readonly string[] = ['limits', 'requests', 'overhead', 'divisor', 'sizeLimit'];

/** The wanted value, with the words of the live one where both mean the same. */
export function inWordsOf<Value>(live: unknown, wanted: Value): Value {
  return reword(live, wanted, false) as Value;
}

/** Whether the live value says all that is wanted. Lists are compared position by position, and no longer than they are wanted. */
export function covers(live: unknown, wanted: unknown): boolean {
  return contains(live, inWordsOf(live, wanted));
}

function reword(live: unknown, wanted: unknown, isQuantity: boolean): unknown {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live) || live.length !== wanted.length) return wanted;
    return wanted.map((item, at) => reword(live[at], item, isQuantity));
  }
  if (isObject(wanted)) return isObject(live) ? rewordMembers(live, wanted, isQuantity) : wanted;
  return isQuantity && isSameSetting({ limits: live }, { limits: wanted }) ? live : wanted;
}

function rewordMembers(live: Record<string, unknown>, wanted: Record<string, unknown>, isQuantity: boolean) {
  const members = Object.entries(wanted).filter(([name, value]) => Object.hasOwn(live, name) || !saysNothing(value));
  return Object.fromEntries(
    members.map(([name, value]) => [name, reword(live[name], value, isQuantity || QUANTITIES.includes(name))]),
  );
}

/** An empty object does say something: `emptyDir: {}`. */
function saysNothing(value: unknown): boolean {
  return !isObject(value) && isSameSetting(undefined, value);
}
