import { isObject } from '@openfunction/api';
import type { Choices } from './choices.ts';
import type { Json } from './samples.ts';
import { junk, keyOf, nearly } from './schema-values.ts';

/** Ways to make one object of others. None touches what it is given: parts are shared. */

/** Both objects in one; where both have a member, the upper one counts. */
export function overlaid(below: unknown, above: unknown): unknown {
  if (!isObject(below) || !isObject(above)) return above;
  const made = { ...below };
  for (const name of Object.keys(above))
    made[name] = Object.hasOwn(below, name) ? overlaid(below[name], above[name]) : above[name];
  return made;
}

/** The value with one place in it changed: another value, gone, moved, doubled or named otherwise. */
export function changed(choices: Choices, value: unknown): unknown {
  if (Array.isArray(value) && value.length > 0 && !choices.percent(20)) return changedList(choices, value);
  if (isObject(value) && !choices.percent(10)) {
    const names = Object.keys(value);
    if (names.length > 0) return changedObject(choices, value, choices.of(names));
  }
  if (typeof value === 'string' && choices.percent(50)) return nearly(choices, value);
  if (typeof value === 'number' && choices.percent(50)) return value + choices.of([1, -1, 0.5, 1e6]);
  return junk(choices);
}

function changedObject(choices: Choices, object: Json, name: string): Json {
  const way = choices.below(20);
  if (way > 4) return { ...object, [name]: changed(choices, object[name]) };
  const { [name]: value, ...rest } = object;
  if (way === 0) return rest;
  if (way === 1) return { ...rest, [nearly(choices, name)]: value };
  if (way === 2) return { ...object, [keyOf(choices)]: junk(choices) };
  return { ...object, [name]: junk(choices) };
}

function changedList(choices: Choices, list: readonly unknown[]): unknown[] {
  const at = choices.below(list.length);
  const way = choices.below(10);
  if (way === 0) return list.toSpliced(at, 1);
  if (way === 1) return [...list, list[at]];
  if (way === 2) return [...list.slice(at), ...list.slice(0, at)];
  return list.with(at, changed(choices, list[at]));
}
