import {
  type AdmissionTable,
  apiVersionOf,
  BUILDER_TABLE,
  convert,
  FUNCTION_TABLE,
  FUNCTION_V1BETA1_RULES,
  GATEWAY_TABLE,
  type Rule,
  SERVING_TABLE,
  SERVING_V1BETA1_RULES,
  type StructuralSchema,
  v1beta1Path,
} from '@openfunction/api';
import {
  BUILDER_SCHEMA,
  BUILDER_V1BETA1_SCHEMA,
  FUNCTION_SCHEMA,
  FUNCTION_V1BETA1_SCHEMA,
  GATEWAY_SCHEMA,
  SERVING_SCHEMA,
  SERVING_V1BETA1_SCHEMA,
} from '@openfunction/api/schemas';
import type { ReviewedKind } from './review.ts';

const V1BETA1 = 'v1beta1';

/** Every kind and version that is reviewed. */
export const REVIEWED_KINDS: readonly ReviewedKind[] = [
  { ...stored(FUNCTION_TABLE, FUNCTION_SCHEMA), isTraced: true },
  { ...v1beta1(FUNCTION_TABLE, FUNCTION_V1BETA1_SCHEMA, FUNCTION_V1BETA1_RULES), isTraced: true },
  stored(BUILDER_TABLE, BUILDER_SCHEMA),
  v1beta1(BUILDER_TABLE, BUILDER_V1BETA1_SCHEMA),
  stored(SERVING_TABLE, SERVING_SCHEMA),
  v1beta1(SERVING_TABLE, SERVING_V1BETA1_SCHEMA, SERVING_V1BETA1_RULES),
  stored(GATEWAY_TABLE, GATEWAY_SCHEMA),
];

/** Where the reviews of a kind and version are posted to: the paths of the original, and the same for what it does not review. */
export function reviewPath(verb: 'mutate' | 'validate', { kind, version }: ReviewedKind): string {
  return `/${verb}-${kind.group.replaceAll('.', '-')}-${version}-${kind.kind.toLowerCase()}`;
}

/** The version that is stored, which the tables speak of. */
function stored(table: AdmissionTable, schema: StructuralSchema): ReviewedKind {
  return { ...table, version: table.kind.versions[0], schema };
}

/** An older version: its schema is held to the object as sent, the tables to what it becomes. */
function v1beta1(table: AdmissionTable, schema: StructuralSchema, rules: readonly Rule[] = []): ReviewedKind {
  const { kind } = table;
  const view = {
    convert: (object: unknown) => converted(object, apiVersionOf(kind)),
    revert: (object: unknown) => converted(object, apiVersionOf(kind, V1BETA1)),
    pathOf: v1beta1Path,
    rules,
  };
  return { ...table, version: V1BETA1, schema, view };
}

/** What is no object of the kind stays as it is: the schema speaks about it. */
function converted(object: unknown, apiVersion: string): unknown {
  const conversion = convert(object, apiVersion);
  return 'object' in conversion ? conversion.object : object;
}
