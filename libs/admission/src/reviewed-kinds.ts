import {
  type AdmissionTable,
  BUILDER_TABLE,
  FUNCTION_TABLE,
  SERVING_TABLE,
  type StructuralSchema,
} from '@openfunction/api';
import { BUILDER_SCHEMA, FUNCTION_SCHEMA, SERVING_SCHEMA } from '@openfunction/api/schemas';
import type { ReviewedKind } from './review.ts';

/** Every kind and version that is reviewed. */
export const REVIEWED_KINDS: readonly ReviewedKind[] = [
  { ...stored(FUNCTION_TABLE, FUNCTION_SCHEMA), isTraced: true },
  stored(BUILDER_TABLE, BUILDER_SCHEMA),
  stored(SERVING_TABLE, SERVING_SCHEMA),
];

/** The version that is stored, which the tables speak of. */
function stored(table: AdmissionTable, schema: StructuralSchema): ReviewedKind {
  return { ...table, version: table.kind.versions[0], schema };
}
