import { isObject } from '@openfunction/api';

/** The part of a definition's schema that says which fields there are. */
export interface Schema {
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
}

/** An object without the fields that its schema does not declare. */
export interface Pruned<Value> {
  object: Value;
  /** Where they were, e.g. `spec.containers[0].lifecycle`. */
  left: string[];
}

/** What every object has, whatever its schema says. */
const OF_EVERY_OBJECT: readonly string[] = ['apiVersion', 'kind', 'metadata'];

/**
 * Leaves out what the schema does not declare, as the API server does with what is created (apiextensions-apiserver, pkg/apiserver/schema/
 * pruning): server-side apply refuses it instead. An object in which everything is declared is returned as it is.
 */
export function prune<Value>(schema: Schema, object: Value): Pruned<Value> {
  const left: string[] = [];
  const pruned = pruneValue({ ...schema, 'x-kubernetes-embedded-resource': true }, object, '', left) as Value;
  return { object: left.length === 0 ? object : pruned, left };
}

/** The schema without its descriptions and limits, which are most of it. */
export function slimSchema(schema: Schema): Schema {
  const { properties, additionalProperties: others, items } = schema;
  const flags = ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const;
  return {
    ...(properties && { properties: mapMembers(properties, slimSchema) }),
    ...(others !== undefined && { additionalProperties: isObject(others) ? slimSchema(others) : others }),
    ...(items && { items: slimSchema(items) }),
    ...Object.fromEntries(flags.filter((flag) => schema[flag] === true).map((flag) => [flag, true])),
  };
}

function pruneValue(schema: Schema, value: unknown, path: string, left: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item, at) => pruneValue(items, item, `${path}[${at}]`, left));
  }
  if (!isObject(value)) return value;
  const members = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    const at = path === '' ? name : `${path}.${name}`;
    const found = schemaOf(schema, name);
    if (isObject(found)) return [[name, pruneValue(found, member, at, left)]];
    if (found) return [[name, member]];
    left.push(at);
    return [];
  });
  return Object.fromEntries(members);
}

/** The schema of a member; true where it may be anything, false where it is not declared. */
function schemaOf(schema: Schema, name: string): Schema | boolean {
  if (schema['x-kubernetes-embedded-resource'] === true && OF_EVERY_OBJECT.includes(name)) return true;
  const { properties = {}, additionalProperties } = schema;
  if (Object.hasOwn(properties, name)) return properties[name] ?? false;
  return additionalProperties ?? schema['x-kubernetes-preserve-unknown-fields'] ?? false;
}

function mapMembers<A, B>(members: Record<string, A>, change: (member: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, change(member)]));
}
