import { type Rule, type StructuralSchema, segments, type Twin } from '@openfunction/api';

type Held = Exclude<Twin, 'schema'>;

/**
 * A copy of a CRD's schema that also says what the twins of these rules say. Only refusals on create and update have one.
 * @throws Error when a twin speaks about a field that the schema lacks, or contradicts what the schema says
 */
export function withTwins(schema: StructuralSchema, rules: readonly Rule[]): StructuralSchema {
  return rules.reduce((made, { id, path, twin }) => {
    if (twin === undefined || twin === 'schema') return made;
    const at = 'words' in twin ? path : twin.at;
    return changed(made, segments(at), id, (field) => held(field, twin, id));
  }, schema);
}

function held(field: StructuralSchema, twin: Held, id: string): StructuralSchema {
  if ('cel' in twin) {
    const { cel, message, onCreateOnly } = twin;
    const rule = onCreateOnly === true ? `oldSelf.hasValue() || (${cel})` : cel;
    const validation = { rule, message, ...(onCreateOnly && { optionalOldSelf: true as const }) };
    return { ...field, 'x-kubernetes-validations': [...(field['x-kubernetes-validations'] ?? []), validation] };
  }
  for (const [word, value] of Object.entries(twin.words)) {
    const said = field[word as keyof StructuralSchema];
    if (said !== undefined && JSON.stringify(said) !== JSON.stringify(value))
      throw new Error(`rule ${id}: the schema already says ${word}: ${JSON.stringify(said)}`);
  }
  return { ...field, ...twin.words };
}

/** A copy in which the schema of one field is changed. */
function changed(
  schema: StructuralSchema,
  [name, ...rest]: readonly string[],
  id: string,
  change: (field: StructuralSchema) => StructuralSchema,
): StructuralSchema {
  if (name === undefined) return change(schema);
  const isList = name.endsWith('[]');
  const key = isList ? name.slice(0, -2) : name;
  const field = schema.properties?.[key];
  if (field === undefined || (isList && field.items === undefined))
    throw new Error(`rule ${id}: the schema has no ${key}`);
  const made = isList
    ? { ...field, items: changed(field.items as StructuralSchema, rest, id, change) }
    : changed(field, rest, id, change);
  return { ...schema, properties: { ...schema.properties, [key]: made } };
}
