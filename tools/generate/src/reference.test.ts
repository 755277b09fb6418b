import { FUNCTION } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { referencePage } from './reference.ts';

describe('referencePage', () => {
  it('has a row for each field, through lists and maps', () => {
    const page = referencePage([
      {
        kind: FUNCTION,
        shortNames: ['fn'],
        schema: {
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
    ]);
    expect(page.split('\n').filter((line) => /^\| (\*\*)?`/.test(line))).toEqual([
      '| **`spec.a`** | string, at most 5 characters | `"x"` | An a\\|b. |',
      '| `spec.b` | list of object, at most 2 items |  |  |',
      '| `spec.b[].c` | integer (int32), at least 1 |  |  |',
      '| `spec.d` | map of object |  |  |',
      '| `spec.d.*.e` | `p`, `q` |  |  |',
    ]);
  });
});
