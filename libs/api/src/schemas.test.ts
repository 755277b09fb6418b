import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as schemas from './schemas.ts';
import { EMBED, type StructuralSchema } from './structural.ts';

const { FUNCTION_SCHEMA, FUNCTION_V1BETA1_SCHEMA, SERVING_SCHEMA, SERVING_V1BETA1_SCHEMA } = schemas;
const at = (schema: StructuralSchema, ...path: string[]) =>
  path.reduce<StructuralSchema | undefined>((part, name) => part?.properties?.[name], schema);

const TEMPLATES = [
  at(FUNCTION_SCHEMA, 'spec', 'serving', 'template'),
  at(FUNCTION_V1BETA1_SCHEMA, 'spec', 'serving', 'template'),
  at(SERVING_SCHEMA, 'spec', 'template'),
  at(SERVING_V1BETA1_SCHEMA, 'spec', 'template'),
];

describe('the schemas that services load', () => {
  it('hold the whole PodSpec, with a description of their own', () => {
    const text = readFileSync(new URL('generated/pod-spec.json', import.meta.url), 'utf8');
    for (const template of TEMPLATES) {
      expect(template).toEqual({ description: expect.stringMatching(/^Pod template/), ...JSON.parse(text) });
    }
  });

  it('share the one PodSpec: four copies would cost memory and time to start', () => {
    for (const template of TEMPLATES) expect(template?.properties).toBe(TEMPLATES[0]?.properties);
  });

  it('keep no placeholder', () => {
    expect(JSON.stringify(Object.values(schemas))).not.toContain(EMBED);
  });
});
