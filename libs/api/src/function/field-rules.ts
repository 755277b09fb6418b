import { parseDuration } from '../duration.ts';
import { own } from '../json.ts';
import {
  type Complaint,
  CREATE_AND_UPDATE,
  invalid,
  isAbsent,
  isObject,
  lookWithin,
  parentPath,
  type Rule,
  segments,
  type Twin,
  unsupported,
  valueAt,
} from '../rules.ts';

/** Rows that look at one field: bounds of numbers and time spans, words of a fixed list. */

/** An object whose only content of interest is the given value of the row's field. */
export type Example = (value: unknown) => unknown;

/** No real duration is longer; reading millions of digits would only cost time. */
const LONGEST_DURATION = 100;

const NOT_NEGATIVE = 'must be greater than or equal to 0';

/** Milliseconds of a duration text, or undefined if it is none. */
export function span(text: unknown): number | undefined {
  return typeof text === 'string' && text.length <= LONGEST_DURATION ? parseDuration(text) : undefined;
}

/** A pattern of the CRD: some character that is no white space. */
export const TEXT = '\\S';

/** A CEL expression: the text field is there and not blank. */
export function hasText(field: string): string {
  return `(has(${field}) && ${field}.matches('\\\\S'))`;
}

/** The last name of a path. */
function fieldName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** The path below `spec`, the stem of a row's name. */
function stem(path: string): string {
  return path.slice('spec.'.length);
}

/** Bounds of a number, both inclusive. */
export interface Bounds {
  minimum: number;
  maximum?: number;
}

/** What is wrong with a number outside its bounds; other types are left to the schema. */
export function outside(value: unknown, { minimum, maximum = Number.POSITIVE_INFINITY }: Bounds): string | undefined {
  if (typeof value !== 'number' || (value >= minimum && value <= maximum)) return undefined;
  return maximum === Number.POSITIVE_INFINITY
    ? `must be greater than or equal to ${minimum}`
    : `must be between ${minimum} and ${maximum}`;
}

/** What bounds refuse, for the reference page. */
export function saysBounds({ minimum, maximum }: Bounds): string {
  return maximum === undefined ? `below ${minimum}` : `outside ${minimum} to ${maximum}`;
}

/** A number that must lie within bounds. */
export function boundsRule(number: string, path: string, bounds: Bounds, example: Example): Rule {
  const isCount = bounds.minimum === 0 && bounds.maximum === undefined;
  const name = fieldName(path);
  return {
    id: `${stem(path)}.${isCount ? 'not-negative' : 'range'}`,
    number,
    path,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: saysBounds(bounds),
    twin: { words: bounds },
    ...lookWithin(parentPath(path), (around) => {
      const value = own(around, name);
      const wrong = outside(value, bounds);
      return wrong === undefined ? undefined : invalid(value, wrong);
    }),
    accepts: example(bounds.maximum ?? bounds.minimum),
    refuses: example(bounds.maximum === undefined ? bounds.minimum - 1 : bounds.maximum + 1),
  };
}

/** A time span that must not be below zero. CEL reads a field with `format: duration` as a duration, and cannot look at it as a text. */
export function spanRule(number: string, path: string, example: Example, hasFormat = false): Rule {
  const name = fieldName(path);
  return {
    id: `${stem(path)}.not-negative`,
    number,
    path,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'below 0',
    // Not by CEL's duration(): a stored text that is none would fail in it, and nothing excuses an error of evaluation on update.
    ...(!hasFormat && { twin: { at: path, cel: "!self.matches('^-.*[1-9]')", message: NOT_NEGATIVE } }),
    ...lookWithin(parentPath(path), (around) => {
      const text = own(around, name);
      return (span(text) ?? 0) < 0 ? invalid(text, NOT_NEGATIVE) : undefined;
    }),
    accepts: example('5m'),
    refuses: example('-1ns'),
  };
}

/** Whether a text field holds something that is none of the words. An empty text counts as absent (Q17). */
export function isOther(value: unknown, words: readonly string[]): boolean {
  return !isAbsent(value) && typeof value === 'string' && value !== '' && !words.includes(value);
}

/** The texts that stand in a list more than once. */
export function repeated(values: readonly unknown[]): string[] {
  const seen = new Set<unknown>();
  const again = new Set<string>();
  for (const value of values) {
    if (typeof value === 'string' && seen.has(value)) again.add(value);
    seen.add(value);
  }
  return [...again];
}

/** What a list of words refuses, for the reference page. */
export function saysWords(words: readonly string[]): string {
  return `none of ${words.map((word) => `\`${word}\``).join(', ')}`;
}

/** The words in the CRD. An empty text counts as absent there too. */
export function twinOfWords(words: readonly string[]): Twin {
  return { words: { enum: [...words, ''] } };
}

/** A text that must be one of these words. */
export function wordRule(number: string, path: string, words: readonly string[], example: Example): Rule {
  const name = fieldName(path);
  return {
    id: `${stem(path)}.known`,
    number,
    path,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: saysWords(words),
    twin: twinOfWords(words),
    ...lookWithin(parentPath(path), (around) => {
      const value = own(around, name);
      return isOther(value, words) ? unsupported(value, words) : undefined;
    }),
    accepts: example(''),
    refuses: example('test'),
  };
}

/** A field of each item of a list. The complaint names the item by its index (Q12); items that are no objects are left to the schema. */
export function itemRule(
  row: Omit<Rule, 'path' | 'on' | 'level' | 'broken'> & { list: string; field: string; level?: Rule['level'] },
  broken: (value: unknown, item: Record<string, unknown>, object: unknown) => Complaint | undefined,
): Rule {
  const { list, field, ...rest } = row;
  const [at, inner, name] = [segments(list), segments(field), fieldName(list)];
  return {
    level: 'deny',
    ...rest,
    path: `${list}[].${field}`,
    on: CREATE_AND_UPDATE,
    ...lookWithin(parentPath(list), (around, fn) => {
      const items = own(around, name);
      if (!Array.isArray(items)) return undefined;
      const found = items.flatMap((item, index) => {
        const complaint = isObject(item) ? broken(valueAt(item, inner), item, fn) : undefined;
        return complaint === undefined ? [] : [{ ...complaint, at: [...at, index, ...inner] }];
      });
      return found.length === 0 ? undefined : found;
    }),
  };
}
