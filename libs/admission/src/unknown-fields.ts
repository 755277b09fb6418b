import { type FieldPath, isObject, type StructuralSchema, valueAt } from '@openfunction/api';

/**
 * The fields of an object that its schema does not know: the API server refuses them (strict field validation) or drops them. Takes
 * any JSON. `metadata` and what the schema leaves open is passed over.
 */
export function unknownFields(schema: StructuralSchema, object: unknown): FieldPath[] {
  const found: FieldPath[] = [];
  // A work list, not recursion: objects may be deeper than any stack.
  const work: { schema: StructuralSchema; value: unknown; path: FieldPath }[] = [{ schema, value: object, path: [] }];
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const { schema: known, value, path } = next;
    if (known['x-kubernetes-preserve-unknown-fields'] === true) continue;
    const { items, additionalProperties, properties } = known;
    if (Array.isArray(value) && items !== undefined) {
      for (const [index, item] of value.entries()) work.push({ schema: items, value: item, path: [...path, index] });
    } else if (isObject(value)) {
      for (const name of Object.keys(value)) {
        const inner = additionalProperties ?? (Object.hasOwn(properties ?? {}, name) ? properties?.[name] : undefined);
        if (inner !== undefined) work.push({ schema: inner, value: valueAt(value, [name]), path: [...path, name] });
        else if (properties !== undefined && !isTop(path, name)) found.push([...path, name]);
      }
    }
  }
  return found;
}

/** What every object has, whatever its schema says. */
function isTop(path: FieldPath, name: string): boolean {
  return path.length === 0 && ['apiVersion', 'kind', 'metadata'].includes(name);
}
