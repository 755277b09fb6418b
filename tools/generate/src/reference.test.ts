import { FUNCTION, type StructuralSchema } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { referencePage } from './reference.ts';

describe('referencePage', () => {
  it('has a row for each field, through lists and maps', () => {
    const page = referencePage([
      {
        kind: FUNCTION,
        shortNames: ['fn'],
        schemas: {
          stored: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['a'],
                properties: {
                  a: { type: 'string', default: 'x', maxLength: 5, description: 'An a|b.' },
                  b: {
                    type: 'array',
                    maxItems: 2,
                    items: { type: 'object', properties: { c: { type: 'integer', format: 'int32', minimum: 1 } } },
                  },
                  d: {
                    type: 'object',
                    additionalProperties: { type: 'object', properties: { e: { type: 'string', enum: ['p', 'q'] } } },
                  },
                },
              },
            },
          },
        },
      },
    ]);
    expect(page.split('\n').filter((line) => /^\| (\*\*)?`/.test(line))).toEqual([
      '| **`spec.a`** | string, at most 5 characters | `"x"` | An a\\|b. |',
      '| `spec.b` | list of object, at most 2 items |  |  |',
      '| `spec.b[].c` | integer (int32), at least 1 |  |  |',
      '| `spec.d` | map of object |  |  |',
      '| `spec.d.*.e` | `p`, `q` |  |  |',
    ]);
  });

  it('lists of an older version only what differs, and an object known from elsewhere without its fields', () => {
    const text = { type: 'string' } as const;
    const route: StructuralSchema = { type: 'object', properties: { host: text } };
    const specOf = (properties: Record<string, StructuralSchema>): StructuralSchema => ({
      type: 'object',
      properties: { spec: { type: 'object', properties } },
    });
    const page = referencePage([
      {
        kind: FUNCTION,
        shortNames: [],
        schemas: {
          stored: specOf({
            same: text,
            ports: { type: 'array', items: text },
            http: { type: 'object', properties: { route } },
          }),
          older: specOf({
            same: text,
            ports: text,
            route: { ...route, description: 'Moved.' },
            own: { type: 'object', properties: { a: text } },
          }),
        },
        older: { name: 'v1beta1' },
      },
    ]);
    const [, older = ''] = page.split('## Function (`core.openfunction.io/v1beta1`, deprecated)');
    expect(older).toContain('It lacks `spec.http`;');
    expect(older.split('\n').filter((line) => /^\| (\*\*)?`/.test(line))).toEqual([
      '| `spec.ports` | string |  |  |',
      '| `spec.route` | object |  | Moved. |',
      '| `spec.own` | object |  |  |',
      '| `spec.own.a` | string |  |  |',
    ]);
  });
});
