import { EMBED, SCHEMA_WORDS, type StructuralSchema } from '@openfunction/api';
import * as z from 'zod';

/** zod's bounds of a safe integer: a property of JavaScript, not of the API. */
const SAFE_BOUNDS = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

type Json = Record<string, unknown>;
/** What stands in the place of the foreign type of this name: its schema, or a placeholder for it. */
type Embed = (name: string) => object;

/**
 * The structural schema of a zod schema. A place that embeds a foreign type gets what `embed` returns for its name.
 * Fails on anything that a CRD cannot say: unions, unknown words, an object that stays open.
 */
export function structuralSchema(schema: z.ZodType, embed: Embed): StructuralSchema {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  delete json.$schema;
  const { properties } = json as { properties?: Json };
  if (properties?.metadata) properties.metadata = { type: 'object' };
  return convert(json, embed, '');
}

function convert(json: Json, embed: Embed, path: string): StructuralSchema {
  if (typeof json[EMBED] === 'string') return { description: String(json.description), ...embed(json[EMBED]) };
  const result: Json = {};
  for (const [word, value] of Object.entries(json)) {
    if (word === 'propertyNames' || SAFE_BOUNDS.includes(value as number)) continue;
    if (!(SCHEMA_WORDS as readonly string[]).includes(word))
      throw new Error(`${path}: "${word}" has no place in a CRD`);
    result[word] = convertWord(word, value, embed, path);
  }
  const isOpen = result['x-kubernetes-preserve-unknown-fields'] === true;
  if (typeof result.type !== 'string' && !isOpen) throw new Error(`${path}: a CRD needs one type`);
  return ordered(result);
}

function convertWord(word: string, value: unknown, embed: Embed, path: string): unknown {
  switch (word) {
    case 'properties':
      return Object.fromEntries(
        Object.entries(value as Json).map(([name, child]) => [name, convert(child as Json, embed, `${path}.${name}`)]),
      );
    case 'items':
      return convert(value as Json, embed, `${path}[]`);
    case 'additionalProperties':
      return convert(value as Json, embed, `${path}.*`);
    case 'required':
      return [...(value as string[])].sort();
    default:
      return value;
  }
}

/** The same schema with its words in one fixed order, so that the output does not depend on zod's. */
export function ordered(schema: Json): StructuralSchema {
  const words = SCHEMA_WORDS.filter((word) => schema[word] !== undefined);
  return Object.fromEntries(words.map((word) => [word, schema[word]]));
}
