import { isEqual } from '../json.ts';
import { parseQuantity } from '../quantity.ts';
import { isObject, type Rule, valueAt } from '../rules.ts';
import { span } from './field-rules.ts';

/** Deeper than any setting; what is below is compared literally. */
const DEEPEST = 32;

/** Fields of a pod that hold a quantity, or a map of them. */
const QUANTITIES = ['limits', 'requests', 'overhead', 'divisor', 'sizeLimit'];

/**
 * Whether two settings mean the same. A client that reads an object into typed structs and writes it back adds nulls, empty texts,
 * zeros and empty objects, and spells durations and quantities in its own way (E2-E6): that is no change.
 */
export function isSameSetting(left: unknown, right: unknown, depth = 0, isQuantity = false): boolean {
  if (isNothing(left, depth) && isNothing(right, depth)) return true;
  if (depth > DEEPEST) return isEqual(left, right);
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, index) => isSameSetting(item, right[index], depth + 1));
  if (isObject(left) && isObject(right)) {
    const names = new Set([...Object.keys(left), ...Object.keys(right)]);
    return [...names].every((name) =>
      isSameSetting(valueAt(left, [name]), valueAt(right, [name]), depth + 1, isQuantity || QUANTITIES.includes(name)),
    );
  }
  return left === right || isSameSpan(left, right) || (isQuantity && isSameQuantity(left, right));
}

/** Whether a value is what a typed client writes for a field that is not there. */
function isNothing(value: unknown, depth: number): boolean {
  if (typeof value !== 'object') return !value;
  if (value === null) return true;
  return (
    depth <= DEEPEST && Object.values(value).every((member) => !Array.isArray(value) && isNothing(member, depth + 1))
  );
}

function isSameSpan(left: unknown, right: unknown): boolean {
  const milliseconds = span(left);
  return milliseconds !== undefined && milliseconds === span(right);
}

/** None at all is a quantity of zero: that is what Go has there. */
function isSameQuantity(left: unknown, right: unknown): boolean {
  const size = parseQuantity(left ?? 0);
  return size !== undefined && size === parseQuantity(right ?? 0);
}

/** A spec that must stay as it is but for some of its members. `settled` takes away what else may change. */
export function immutableRule(
  row: Pick<Rule, 'id' | 'number' | 'says' | 'accepts' | 'refuses' | 'seen'> & {
    mutable: readonly string[];
    why: string;
    settled?: (name: string, value: unknown) => unknown;
  },
): Rule {
  const { mutable, why, settled = (_, value) => value, ...rest } = row;
  return {
    ...rest,
    path: 'spec.*',
    on: ['update'],
    level: 'deny',
    broken: (object, { old }) => {
      const [spec, stored] = [valueAt(object, 'spec'), valueAt(old, 'spec')];
      if (!isObject(spec) || !isObject(stored)) return undefined;
      const names = [...new Set([...Object.keys(spec), ...Object.keys(stored)])].filter(
        (name) => !mutable.includes(name),
      );
      const [now, before] = [spec, stored].map((part) => (name: string) => settled(name, valueAt(part, [name])));
      const changed = names.filter((name) => !isSameSetting(now?.(name), before?.(name)));
      if (changed.length === 0) return undefined;
      return changed.map((name) => ({ reason: 'Forbidden', detail: why, at: ['spec', name] }));
    },
  };
}
