import { type FieldPath, isEqual, own, type StructuralSchema } from '@openfunction/api';
import { typeOf, wrongNumber, wrongText, wrongType } from './check-scalar.ts';
import type { Problem } from './problem.ts';

/** More problems than anybody reads; the walk stops there, so that a huge malformed object costs little. */
export const MOST_PROBLEMS = 100;

/** Stands for "there is no old value to compare with". */
const NONE = Symbol('none');

/** Where the walk is: a chain instead of a path, because a path is only wanted where something is wrong. */
interface Place {
  around: Place | undefined;
  name: string | number;
}

interface Walk {
  problems: Problem[];
  /** Where the walk began. */
  start: FieldPath;
}

/** A schema, read once: what a walk asks about each value, at hand. */
interface Node {
  schema: StructuralSchema;
  /** What `typeof` gives for every value that is right, where the schema says nothing but a type: most fields are texts of any kind. */
  free: 'string' | 'boolean' | undefined;
  required: readonly { name: string; isNullable: boolean }[];
  properties: ReadonlyMap<string, Node>;
  additional: Node | undefined;
  items: Node | undefined;
}

const nodes = new WeakMap<StructuralSchema, Node>();

function nodeOf(schema: StructuralSchema): Node {
  const known = nodes.get(schema);
  if (known !== undefined) return known;
  const { type, description: _, default: __, ...rest } = schema;
  const { properties = {}, required = [], additionalProperties, items } = schema;
  const isFree = (type === 'string' || type === 'boolean') && Object.keys(rest).length === 0;
  const made: Node = {
    schema,
    free: isFree ? type : undefined,
    required: required.map((name) => ({ name, isNullable: schemaOf(properties, name)?.nullable === true })),
    properties: new Map(Object.entries(properties).map(([name, child]) => [name, nodeOf(child)])),
    additional: typeof additionalProperties === 'object' ? nodeOf(additionalProperties) : undefined,
    items: items === undefined ? undefined : nodeOf(items),
  };
  nodes.set(schema, made);
  return made;
}

function schemaOf(properties: Record<string, StructuralSchema>, name: string): StructuralSchema | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/**
 * What a structural schema has to say about a value: the checks the API server makes (apiextensions-apiserver,
 * `ValidateCustomResource` and list types), each with the value and what would be right. CEL rules are left to the API server.
 * With `old`, parts that did not change are passed over, as the API server's own ratcheting does. Total over any JSON.
 */
export function checkSchema(schema: StructuralSchema, value: unknown, path: FieldPath, old: unknown = NONE): Problem[] {
  const walk: Walk = { problems: [], start: path };
  check(walk, nodeOf(schema), value, undefined, NONE);
  if (walk.problems.length === 0 || old === NONE) return walk.problems;
  const ratcheted: Walk = { problems: [], start: path };
  check(ratcheted, nodeOf(schema), value, undefined, old);
  return ratcheted.problems;
}

function check(walk: Walk, node: Node, value: unknown, place: Place | undefined, old: unknown): void {
  if (walk.problems.length >= MOST_PROBLEMS || (old !== NONE && isEqual(value, old))) return;
  const { schema } = node;
  if (value === null && schema.nullable === true) return;
  const mistyped = wrongType(schema, value);
  if (mistyped !== undefined) {
    report(walk, place, { reason: 'Invalid', value, detail: mistyped });
    return;
  }
  checkWord(walk, schema, value, place);
  if (typeof value === 'string') for (const detail of wrongText(schema, value)) invalid(walk, place, value, detail);
  else if (typeof value === 'number')
    for (const detail of wrongNumber(schema, value)) invalid(walk, place, value, detail);
  else if (Array.isArray(value)) checkList(walk, node, value, place, old);
  else if (typeof value === 'object' && value !== null) checkObject(walk, node, value, place, old);
  checkForms(walk, schema, value, place);
}

function checkWord(walk: Walk, schema: StructuralSchema, value: unknown, place: Place | undefined): void {
  if (schema.enum === undefined || schema.enum.some((word) => isEqual(word, value))) return;
  const known = schema.enum.map((word) => JSON.stringify(word)).join(', ');
  report(walk, place, { reason: 'NotSupported', value, detail: `supported values: ${known}` });
}

function checkObject(walk: Walk, node: Node, value: object, place: Place | undefined, old: unknown): void {
  const { properties, additional, required, schema } = node;
  for (const { name, isNullable } of required) {
    // A field with a default is filled in by the API server before it looks.
    const written = own(value, name);
    if (written === undefined || (written === null && !isNullable))
      report(walk, { around: place, name }, { reason: 'Required', detail: '' });
  }
  const names = Object.keys(value);
  for (const name of names) {
    const child = (value as Record<string, unknown>)[name];
    const known = properties.get(name) ?? additional;
    // The API server takes a null of a member that cannot be null as if the member were not written.
    if (known === undefined || child === null || typeof child === known.free) continue;
    check(walk, known, child, { around: place, name }, oldMember(old, name));
  }
  const { minProperties, maxProperties } = schema;
  const count = names.length;
  if (minProperties !== undefined && count < minProperties)
    invalid(walk, place, value, `must have at least ${minProperties} entries`);
  if (maxProperties !== undefined && count > maxProperties)
    invalid(walk, place, value, `must have at most ${maxProperties} entries`);
}

function oldMember(old: unknown, name: string): unknown {
  return typeof old === 'object' && old !== null && Object.hasOwn(old, name) ? own(old, name) : NONE;
}

function checkList(
  walk: Walk,
  { schema, items }: Node,
  value: readonly unknown[],
  place: Place | undefined,
  old: unknown,
): void {
  const { minItems, maxItems } = schema;
  if (minItems !== undefined && value.length < minItems)
    invalid(walk, place, value, `must have at least ${minItems} items`);
  if (maxItems !== undefined && value.length > maxItems)
    invalid(walk, place, value, `must have at most ${maxItems} items`);
  checkDuplicates(walk, schema, value, place);
  if (items === undefined) return;
  const before = oldItems(schema, old);
  for (let index = 0; index < value.length; index++) {
    if (walk.problems.length >= MOST_PROBLEMS) return;
    const item = value[index];
    const oldItem = before.size === 0 ? undefined : before.get(keyOf(schema, item) ?? '');
    check(walk, items, item, { around: place, name: index }, oldItem ?? NONE);
  }
}

const NO_ITEMS: ReadonlyMap<string, unknown> = new Map();

/** The old items by key. Only items of a keyed list belong together; those of any other list are told apart by nothing. */
function oldItems(schema: StructuralSchema, old: unknown): ReadonlyMap<string, unknown> {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old)) return NO_ITEMS;
  const byKey = new Map<string, unknown>();
  for (const item of old) byKey.set(keyOf(schema, item) ?? '', item);
  return byKey;
}

/** What tells an item apart from its neighbours, as text: its key fields in a keyed list, the item itself in a set. */
function keyOf(schema: StructuralSchema, item: unknown): string | undefined {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set') return isScalar(item) ? JSON.stringify(item) : undefined;
  if (listType !== 'map' || typeOf(item) !== 'object') return undefined;
  let text = '';
  for (const name of schema['x-kubernetes-list-map-keys'] ?? []) {
    const value = keyField(schema, item as object, name);
    if (!isScalar(value)) return undefined;
    text += `${JSON.stringify(value)},`;
  }
  return text;
}

function keyField(schema: StructuralSchema, item: object, name: string): unknown {
  return own(item, name) ?? schema.items?.properties?.[name]?.default;
}

/** The key as a message shows it. */
function shownKey(schema: StructuralSchema, item: unknown): unknown {
  if (schema['x-kubernetes-list-type'] === 'set') return item;
  const names = schema['x-kubernetes-list-map-keys'] ?? [];
  return Object.fromEntries(names.map((name) => [name, keyField(schema, item as object, name)]));
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function checkDuplicates(
  walk: Walk,
  schema: StructuralSchema,
  value: readonly unknown[],
  place: Place | undefined,
): void {
  if (schema['x-kubernetes-list-type'] === undefined || value.length < 2) return;
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const key = keyOf(schema, item);
    if (key === undefined) continue;
    if (seen.has(key))
      report(walk, { around: place, name: index }, { reason: 'Duplicate', value: shownKey(schema, item), detail: '' });
    seen.add(key);
  }
}

function checkForms(walk: Walk, schema: StructuralSchema, value: unknown, place: Place | undefined): void {
  // What an int-or-string may be has been said by its type already.
  if (schema.anyOf === undefined || schema['x-kubernetes-int-or-string'] === true) return;
  if (!schema.anyOf.some((form) => checkSchema(form, value, []).length === 0))
    invalid(walk, place, value, 'must have one of the allowed forms');
}

function invalid(walk: Walk, place: Place | undefined, value: unknown, detail: string): void {
  report(walk, place, { reason: 'Invalid', value, detail });
}

function report(walk: Walk, place: Place | undefined, problem: Omit<Problem, 'path'>): void {
  if (walk.problems.length < MOST_PROBLEMS) walk.problems.push({ ...problem, path: [...walk.start, ...pathTo(place)] });
}

function pathTo(place: Place | undefined): FieldPath {
  const path: (string | number)[] = [];
  for (let at = place; at !== undefined; at = at.around) path.push(at.name);
  return path.reverse();
}
