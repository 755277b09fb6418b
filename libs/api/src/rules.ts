/**
 * Row types of the admission tables: one row for each default, one for each rule, no control flow around them.
 * Rows see objects before any schema check, so every function in a row is total: it takes any JSON and never throws.
 */

/** Where a field is, e.g. `['spec', 'triggers', 0, 'name']`. */
export type FieldPath = readonly (string | number)[];

/** The operations a row is for. DELETE is never reviewed. */
export type Operation = 'create' | 'update';

/** Why a value is refused; the API's cause reasons are these words after `FieldValue`. */
export type Fault = 'Required' | 'Invalid' | 'NotSupported' | 'Forbidden' | 'Duplicate';

/** What is wrong with one field. */
export interface Complaint {
  reason: Fault;
  /** What would be right, without the path and without the value. */
  detail: string;
  /** The value as the user wrote it; not shown for `Required`. */
  value?: unknown;
  /** The field, when it is not the one the row names (an item of a list, for instance). */
  at?: FieldPath;
}

/** One validation rule. */
export interface Rule {
  /** Stable name, e.g. `build.timeout.not-negative`. */
  id: string;
  /** Number in the specification, e.g. `V6`. */
  number: string;
  /** The field that is reported. */
  path: string;
  on: readonly Operation[];
  /** `deny` refuses the object, `warn` only tells the user. */
  level: 'deny' | 'warn';
  /** Other fields the rule compares with: on update the rule also speaks when one of these has changed. */
  about?: readonly string[];
  broken: (object: unknown) => Complaint | readonly Complaint[] | undefined;
  /** An object this row accepts, and one it refuses. */
  accepts: unknown;
  refuses: unknown;
}

/** One default: the value a field gets. Rows run in order; a later row sees what an earlier one has set. */
export interface Default {
  id: string;
  /** Number in the specification, e.g. `D1`. */
  number: string;
  /** The field that is set. The row is passed over unless the object around the field is there. */
  path: string;
  on: readonly Operation[];
  /** The value to set, or undefined to leave the field as it is. `field` is what is there now. */
  value: (field: unknown, object: unknown) => unknown;
  /** One object, and the same after this row alone. */
  before: unknown;
  after: unknown;
}

export const CREATE_AND_UPDATE: readonly Operation[] = ['create', 'update'];

/** A field that must be there and is not. */
export function required(detail: string): Complaint {
  return { reason: 'Required', detail };
}

/** A value that is not allowed, and what would be. */
export function invalid(value: unknown, detail: string): Complaint {
  return { reason: 'Invalid', value, detail };
}

/** A word that is not in the list of known ones; `supported` is printed in the given order. Says so when only the case is wrong. */
export function unsupported(value: unknown, supported: readonly string[]): Complaint {
  const known = supported.map((word) => JSON.stringify(word)).join(', ');
  const meant = supported.find((word) => word.toLowerCase() === String(value).trim().toLowerCase());
  const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
  return { reason: 'NotSupported', value, detail: `supported values: ${known}${hint}` };
}

/** Whether `value` is a JSON object (not a list, not null). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a field is as good as not written: the API server drops nulls of fields that are not nullable. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Whether a text field is absent, empty or only white space. Other types are not blank: the schema refuses them. */
export function isBlank(value: unknown): boolean {
  return isAbsent(value) || (typeof value === 'string' && value.trim() === '');
}

/** The segments of a row's path. Rows name fields of ours, whose names hold no dots. */
export function segments(path: string): string[] {
  return path.split('.');
}

/** The value at `path`, or undefined where anything on the way is missing. Only own members count, never `constructor` and the like. */
export function valueAt(object: unknown, path: string | FieldPath): unknown {
  let value = object;
  for (const segment of typeof path === 'string' ? segments(path) : path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string | number, unknown>)[segment];
  }
  return value;
}
