import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { structuralSchema } from './structural.ts';

const convert = (schema: z.ZodType) => structuralSchema(schema, () => ({ type: 'object' }));

describe('structuralSchema', () => {
  it('writes what a CRD can say, and nothing of zod', () => {
    const schema = z.object({
      a: z.string().min(1).max(5).regex(/^x/).default('x').describe('An a.'),
      b: z.int().meta({ format: 'int32' }).optional(),
      c: z.record(z.string(), z.enum(['p', 'q'])).optional(),
      d: z
        .array(z.object({ name: z.string() }))
        .meta({ 'x-kubernetes-list-map-keys': ['name'], 'x-kubernetes-list-type': 'map' }),
      e: z.unknown().meta({ 'x-kubernetes-preserve-unknown-fields': true }).optional(),
      f: z.int().min(1).max(65535).optional(),
    });
    expect(convert(schema)).toEqual({
      type: 'object',
      properties: {
        a: { description: 'An a.', type: 'string', default: 'x', minLength: 1, maxLength: 5, pattern: '^x' },
        b: { type: 'integer', format: 'int32' },
        c: { type: 'object', additionalProperties: { type: 'string', enum: ['p', 'q'] } },
        d: {
          type: 'array',
          items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
        },
        e: { 'x-kubernetes-preserve-unknown-fields': true },
        f: { type: 'integer', minimum: 1, maximum: 65535 },
      },
      required: ['d'],
    });
  });

  it('refuses a union, which a structural schema cannot say', () => {
    expect(() => convert(z.object({ a: z.union([z.string(), z.number()]) }))).toThrow('.a: a CRD needs one type');
  });

  it('refuses an open object, which would keep unknown fields', () => {
    expect(() => convert(z.object({ a: z.looseObject({ b: z.string() }) }))).toThrow('.a');
  });
});
