import { canonicalJson, type StructuralSchema } from '@openfunction/api';

/** One field of a reference table. */
export interface Row {
  path: string;
  schema: StructuralSchema;
  required: boolean;
}

/** Every field below a place, through lists and maps. */
export function rowsBelow(path: string, schema: StructuralSchema): Row[] {
  if (schema.items) return rowsBelow(`${path}[]`, schema.items);
  if (schema.additionalProperties) return rowsBelow(`${path}.*`, schema.additionalProperties);
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => [
    { path: `${path}.${name}`, schema: child, required: schema.required?.includes(name) ?? false },
    ...rowsBelow(`${path}.${name}`, child),
  ]);
}

/** What an older version says otherwise than the stored one. */
export interface Difference {
  /** Its fields that are new or different. Of an object that the stored version has as well, at any place, only the top. */
  rows: Row[];
  /** Topmost fields of the stored version that it lacks. */
  absent: string[];
}

export function differenceOf(stored: StructuralSchema, older: StructuralSchema): Difference {
  const before = allRows(stored);
  const after = allRows(older);
  const known = new Map(before.map((row) => [row.path, own(row)]));
  const repeated = repeatedBelow(before, after);
  const paths = new Set(after.map(({ path }) => path));
  const gone = before.map(({ path }) => path).filter((path) => !paths.has(path));
  return {
    rows: after.filter((row) => known.get(row.path) !== own(row) && !isBelow(row.path, repeated)),
    absent: gone.filter((path) => !isBelow(path, gone)),
  };
}

function allRows(schema: StructuralSchema): Row[] {
  const { spec, status } = schema.properties ?? {};
  return [...rowsBelow('spec', spec ?? {}), ...rowsBelow('status', status ?? {})];
}

/** Paths of the objects in `after` that have the very shape of one in `before`. */
function repeatedBelow(before: Row[], after: Row[]): string[] {
  const shapes = new Set(before.map(shape));
  return after.filter((row) => shapes.has(shape(row))).map(({ path }) => path);
}

/** An object's fields, whatever list or map it stands in, and whatever its description says. */
function shape({ schema }: Row): string {
  const { items, additionalProperties, properties } = schema;
  return canonicalJson(properties ?? items?.properties ?? additionalProperties?.properties ?? null);
}

/** What the row itself says, without the fields below it. */
function own({ schema, required }: Row): string {
  const { properties: _fields, items, additionalProperties, ...rest } = schema;
  return canonicalJson({ ...rest, required, list: items?.type, map: additionalProperties?.type });
}

function isBelow(path: string, parents: string[]): boolean {
  return parents.some((parent) => path.startsWith(parent) && /^[.[]/.test(path.slice(parent.length)));
}
