import type { StructuralSchema } from '@openfunction/api';
import { CRDS } from '@openfunction/api/crds';
import { describe, expect, it } from 'vitest';
import { structuralSchema } from './structural.ts';

/** What `kubectl explain` shows. Pod templates are described by Kubernetes itself. */
describe('descriptions', () => {
  const schemas = CRDS.flatMap(({ kind, schema, older }) => [
    [`${kind.kind} ${kind.versions[0]}`, schema] as const,
    ...(older ? [[`${kind.kind} ${older.name}`, older.schema] as const] : []),
  ]);
  it.each(schemas)('%s: every field has one', (_kind, schema) => {
    const found = described(structuralSchema(schema, () => ({ type: 'object' })));
    expect(found.filter(([, text]) => text === undefined || text === 'undefined').map(([path]) => path)).toEqual([]);
    expect(found.filter(([, text]) => !/^[A-Z$a-z"].*\.$/s.test(text ?? '')).map(([path]) => path)).toEqual([]);
  });
});

function described(schema: StructuralSchema, path = ''): [path: string, text: string | undefined][] {
  const inner = [schema.items, schema.additionalProperties].flatMap((child) =>
    child ? described(child, `${path}[]`) : [],
  );
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => `${path}.${name}` !== '.metadata');
  return [
    ...inner,
    ...fields.flatMap(([name, child]): [string, string | undefined][] => [
      [`${path}.${name}`, child.description],
      ...described(child, `${path}.${name}`),
    ]),
  ];
}
