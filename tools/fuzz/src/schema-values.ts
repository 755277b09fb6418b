import { checkSchema } from '@openfunction/admission';
import type { StructuralSchema } from '@openfunction/api';
import type { Choices } from './choices.ts';
import { WORDS } from './samples.ts';

/** How values are drawn. */
export interface Drawing {
  choices: Choices;
  /** Chance of a mistake in each value, of 100. */
  mistakes: number;
  /** How many more values may be drawn: objects stay small enough to be many. */
  room: number;
}

/** What a field of any type may hold by mistake. */
const JUNK: readonly unknown[] = [
  null,
  '',
  ' ',
  'x',
  'X',
  '-1s',
  '1e3s',
  '5m',
  'true',
  '8080',
  '../..',
  'ä\u0000\u{1f600}',
  '\ud800',
  '{{.Name}}',
  'a'.repeat(300),
  -1,
  0,
  1,
  1.5,
  65536,
  2 ** 31,
  2 ** 53,
  1e308,
  true,
  false,
  [],
  {},
  [null],
  [[]],
  [{}],
  ['a', 'a'],
  { a: 1 },
  { name: 'x' },
];

/** Values of leaves that many fields take. */
const COMMON: readonly unknown[] = [
  'a',
  'hello',
  'a.example',
  '*.a.example',
  '/path',
  'registry/hello:v1',
  'https://git.example/hello',
  '10s',
  '5m',
  '1h30m',
  '0.5',
  '2024-05-01T12:00:00Z',
  'a=b',
  'A_B',
  0,
  1,
  2,
  5,
  80,
  8080,
  true,
  false,
];

const pools = new WeakMap<StructuralSchema, readonly unknown[]>();

/** Values of a leaf that its schema accepts: those seen in examples under the same name come first, and twice. */
function poolOf(schema: StructuralSchema, name: string): readonly unknown[] {
  const known = pools.get(schema);
  if (known !== undefined) return known;
  const words = [...(schema.enum ?? []), ...(WORDS.get(name) ?? [])];
  const pool = [...words, ...words, ...COMMON].filter(
    (value) => typeof value !== 'object' && checkSchema(schema, value, []).length === 0,
  );
  pools.set(schema, pool);
  return pool;
}

/** A value that the schema accepts, or one with mistakes in it. */
export function valueOf(drawing: Drawing, schema: StructuralSchema, name = ''): unknown {
  const { choices, mistakes } = drawing;
  drawing.room -= 1;
  if (mistakes > 0 && choices.percent(mistakes)) return mistaken(drawing, schema, name);
  if (schema.type === 'object') return objectOf(drawing, schema);
  if (schema.type === 'array') return listOf(drawing, schema, name);
  if (schema.type === undefined && schema['x-kubernetes-int-or-string'] !== true) return anything(drawing);
  const pool = poolOf(schema, name);
  return pool.length === 0 ? (schema.type === 'string' ? 'x' : 0) : choices.of(pool);
}

/** JSON that no schema describes. */
function anything(drawing: Drawing): unknown {
  const { choices } = drawing;
  drawing.room -= 1;
  const pick = choices.below(4);
  if (pick < 2 || drawing.room < 0) return choices.of(COMMON);
  if (pick === 2) return Array.from({ length: choices.below(3) }, () => anything(drawing));
  return Object.fromEntries(Array.from({ length: choices.below(3) }, () => [keyOf(choices), anything(drawing)]));
}

/** The name of a member that no schema lists. */
export function keyOf(choices: Choices): string {
  return choices.of(['a', 'k', 'name', 'a.b/c', 'A_B', 'constructor', 'toString', '0', 'x y']);
}

/** A value of any type that is not what the schema asks for; near misses of words that are. */
function mistaken({ choices }: Drawing, schema: StructuralSchema, name: string): unknown {
  const pool = schema.type === 'string' ? poolOf(schema, name) : [];
  if (pool.length > 0 && choices.percent(40)) return nearly(choices, String(choices.of(pool)));
  const known = WORDS.get(name) ?? [];
  return known.length > 0 && choices.percent(40) ? choices.of(known) : choices.of(JUNK);
}

/** Any value of `JUNK`. */
export function junk(choices: Choices): unknown {
  return choices.of(JUNK);
}

/** The word as somebody mistypes it. */
export function nearly(choices: Choices, word: string): string {
  const at = choices.below(Math.max(1, word.length));
  const ways = [
    word.toLowerCase(),
    word.toUpperCase(),
    ` ${word}`,
    `${word}s`,
    word.slice(0, at) + word.slice(at + 1),
    `-${word}`,
    `${word}%`,
    `${word.charAt(0).toUpperCase()}${word.slice(1)}`,
  ];
  return choices.of(ways);
}

function objectOf(drawing: Drawing, schema: StructuralSchema): Record<string, unknown> {
  const { choices, mistakes } = drawing;
  const { properties = {}, required = [], additionalProperties } = schema;
  const made: Record<string, unknown> = {};
  for (const name of required)
    if (mistakes === 0 || !choices.percent(mistakes)) made[name] = valueOf(drawing, properties[name] ?? {}, name);
  const names = namesOf(schema);
  const count = drawing.room <= 0 || names.length === 0 ? 0 : choices.below(Math.min(names.length, 5) + 1);
  for (let more = 0; more < count && drawing.room > 0; more += 1) {
    const name = choices.of(names);
    if (!Object.hasOwn(made, name)) made[name] = valueOf(drawing, properties[name] ?? {}, name);
  }
  if (additionalProperties !== undefined && drawing.room > 0)
    for (let more = choices.below(3); more > 0; more -= 1)
      made[choices.of(['a', 'k', 'in', 'A_B', 'a.b/c'])] = valueOf(drawing, additionalProperties);
  if (schema['x-kubernetes-preserve-unknown-fields'] === true || (mistakes > 0 && choices.percent(mistakes)))
    made[keyOf(choices)] = anything(drawing);
  return made;
}

const names = new WeakMap<StructuralSchema, readonly string[]>();

function namesOf(schema: StructuralSchema): readonly string[] {
  const known = names.get(schema);
  if (known !== undefined) return known;
  const made = Object.keys(schema.properties ?? {});
  names.set(schema, made);
  return made;
}

function listOf(drawing: Drawing, schema: StructuralSchema, name: string): unknown[] {
  const { choices, mistakes } = drawing;
  const { items = {}, minItems = 0, maxItems = 3 } = schema;
  const more = drawing.room > 0 ? choices.below(Math.max(1, Math.min(maxItems, 3) - minItems + 1)) : 0;
  const list = Array.from({ length: minItems + more }, () => valueOf(drawing, items, name));
  if (mistakes > 0 || schema['x-kubernetes-list-type'] === undefined) return list;
  // Items of a set and of a keyed list must differ: what is a double of an earlier one is left out.
  const isKept = (_: unknown, at: number) => checkSchema(schema, list.slice(0, at + 1), []).length === 0;
  return list.filter(isKept);
}
