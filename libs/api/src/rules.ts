import type { Tree } from './json.ts';
import type { Kind } from './kinds.ts';
import type { StructuralSchema } from './structural.ts';

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

/** What a rule may look at besides the object. Everything here may be missing: a rule then says nothing that depends on it. */
export interface Seen {
  /** On update, the stored object with its defaults. */
  old?: unknown;
  /** Whether an object, or the kind itself where no name is given, is in the cluster; undefined where nobody knows. */
  exists?: (kind: Kind, name?: string, namespace?: string) => boolean | undefined;
  /** Size of the request that holds the object: what is small costs nothing to look at, what is large may be too large. */
  bytes?: number;
  /** How many objects of a kind are in the cluster. */
  count?: (kind: Kind) => number | undefined;
}

/**
 * The same rule in the CRD, so that the API server holds it while the webhook is away: words put on the schema of the row's own
 * field, or a CEL rule at an object around it. It may let pass what the row refuses, never the other way round.
 */
export type Twin =
  /** The schema holds the same of its own accord. */
  'schema' | { words: Partial<StructuralSchema> } | { at: string; cel: string; message: string; onCreateOnly?: true };

/** What a rule says: nothing, one complaint or several. */
export type Told = Complaint | readonly Complaint[] | undefined;

/** One validation rule. */
export interface Rule {
  /** Stable name, e.g. `build.timeout.not-negative`. */
  id: string;
  /** Number in the specification, e.g. `V6`. */
  number: string;
  /** The field that is reported; `[]` stands for any item of a list, `[a.b/c]` for a key that is no plain word. */
  path: string;
  on: readonly Operation[];
  /** `deny` refuses the object, `warn` only tells the user. */
  level: 'deny' | 'warn';
  /** What is refused (or warned of), in a few words, for the reference page. */
  says: string;
  /** The row is asked only where this is an object: about nothing else has it anything to say. */
  within?: string;
  /** Other fields the rule compares with: on update the rule also speaks when one of these has changed. */
  about?: readonly string[];
  twin?: Twin;
  /** What it says; `around` is the object at `within`, and an empty one for a row without. */
  broken: (object: unknown, seen: Seen, around: Tree) => Told;
  /** An object this row accepts, and one it refuses; both with `seen` where that is needed. */
  accepts: unknown;
  refuses: unknown;
  seen?: Seen;
}

/** The value of a default row that takes a field away. */
export const REMOVE = Symbol('remove');

/** One default: the value a field gets. Rows run in order; a later row sees what an earlier one has set. */
export interface Default {
  id: string;
  /** Number in the specification, e.g. `D1`. */
  number: string;
  /** The field that is set. The row is passed over unless the object around the field is there. */
  path: string;
  on: readonly Operation[];
  /** The value that is set, and when, for the reference page. */
  says: string;
  /**
   * The value to set, `REMOVE` to take the field away, or undefined to leave it as it is. `field` is what is there now, `old`
   * the stored object on update.
   */
  value: (field: unknown, object: unknown, old: unknown) => unknown;
  /** One object, and the same after this row alone, with `old` where that is needed. */
  before: unknown;
  after: unknown;
  old?: unknown;
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

/** What one row says about an object, if that has what the row is about. */
export function ask({ within, broken }: Rule, object: unknown, seen: Seen = {}): Told {
  const around = within === undefined ? NOTHING : valueAt(object, within);
  return isObject(around) ? broken(object, seen, around) : undefined;
}

/** Stands around a row that is asked about every object. */
export const NOTHING: Tree = Object.freeze({});

/** The parts of a row that looks at an object which must be there for it to say anything. */
export function lookWithin(
  within: string,
  look: (around: Tree, object: unknown, seen: Seen) => Told,
): Required<Pick<Rule, 'within' | 'broken'>> {
  return { within, broken: (object, seen, around) => look(around, object, seen) };
}

/** The path of the object around a field. */
export function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf('.'));
}

const SEGMENT = /\[([^\]]+)\]|[^.[]+(\[\])?/g;
const parsed = new Map<string, readonly string[]>();

/** The segments of a row's path: names between dots, and in brackets keys that hold dots themselves. Read once for each path. */
export function segments(path: string): readonly string[] {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const found = Array.from(path.matchAll(SEGMENT), ([whole, key]) => key ?? whole);
  parsed.set(path, found);
  return found;
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
