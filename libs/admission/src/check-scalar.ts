import type { StructuralSchema } from '@openfunction/api';
import { show } from './json.ts';

const INT_RANGES: Record<string, readonly [number, number]> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
};

const NAMES: Record<string, string> = {
  object: 'an object',
  array: 'a list',
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
};

/** The JSON type of a value. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

/** What is wrong with the type of a value, or undefined when it is the one the schema asks for. */
export function wrongType(schema: StructuralSchema, value: unknown): string | undefined {
  const given = typeOf(value);
  if (schema['x-kubernetes-int-or-string'] === true)
    return given === 'string' || Number.isInteger(value) ? undefined : 'must be an integer or a string';
  const { type } = schema;
  if (type === undefined || type === given || (type === 'integer' && Number.isInteger(value))) return undefined;
  return `must be ${NAMES[type] ?? type}${rewrite(type, given, value)}`;
}

/** How to write the value so that it has the wanted type: quotes forgotten, or one too many. */
function rewrite(type: string, given: string, value: unknown): string {
  const text = show(value);
  if (type === 'string' && (given === 'number' || given === 'boolean')) return `: write "${text}" in quotes`;
  const bare = typeof value === 'string' ? value.trim() : '';
  const isNumber = /^-?\d+$/.test(bare) && (type === 'integer' || type === 'number');
  const isTruth = /^(true|false)$/.test(bare) && type === 'boolean';
  if (isNumber || isTruth) return `: write ${bare} without quotes`;
  return given === 'number' && type === 'integer' ? ' (a whole number)' : `, not ${NAMES[given] ?? given}`;
}

/** What is wrong with a number. */
export function wrongNumber(schema: StructuralSchema, value: number): string[] {
  const { minimum, maximum, format } = schema;
  const wrong: string[] = [];
  const range = format === undefined ? undefined : INT_RANGES[format];
  if (range !== undefined && (value < range[0] || value > range[1]))
    wrong.push(`must be between ${range[0]} and ${range[1]} (${format})`);
  if (minimum !== undefined && value < minimum) wrong.push(`must be greater than or equal to ${minimum}`);
  if (maximum !== undefined && value > maximum) wrong.push(`must be less than or equal to ${maximum}`);
  return wrong;
}

/** What is wrong with a text. Lengths count characters, as the API server does. */
export function wrongText(schema: StructuralSchema, value: string): string[] {
  const { minLength, maxLength, pattern, format } = schema;
  const wrong: string[] = [];
  if (minLength !== undefined && !isLongerThan(value, minLength - 1))
    wrong.push(`must be at least ${minLength} characters long`);
  if (maxLength !== undefined && isLongerThan(value, maxLength))
    wrong.push(`must be at most ${maxLength} characters long`);
  // A text that is far too long is not matched: some patterns would take for ever, and it is refused for its length anyway.
  if (
    pattern !== undefined &&
    !isLongerThan(value, maxLength ?? MATCHED_LENGTH) &&
    regularExpression(pattern)?.test(value) === false
  )
    wrong.push(`must match the pattern ${pattern}`);
  if (format === 'date-time' && !DATE_TIME.test(value))
    wrong.push('must be a date and time such as 2024-05-01T12:00:00Z');
  return wrong;
}

const MATCHED_LENGTH = 4096;
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

function isLongerThan(text: string, length: number): boolean {
  if (text.length <= length) return false;
  return text.length > 2 * length || [...text].length > length;
}

const expressions = new Map<string, RegExp | undefined>();

/** The pattern, compiled once. One that JavaScript cannot read (the API server reads RE2) is left to the API server. */
function regularExpression(pattern: string): RegExp | undefined {
  if (!expressions.has(pattern)) expressions.set(pattern, compile(pattern));
  return expressions.get(pattern);
}

function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return undefined;
  }
}
