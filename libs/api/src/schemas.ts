import builder from './generated/builder.schema.json' with { type: 'json' };
import fn from './generated/function.schema.json' with { type: 'json' };
import gateway from './generated/gateway.schema.json' with { type: 'json' };
import serving from './generated/serving.schema.json' with { type: 'json' };
import type { StructuralSchema } from './structural.ts';

/** The schemas of the CRDs, as generated; the API server holds objects to the very same ones. */
export const FUNCTION_SCHEMA = fn as unknown as StructuralSchema;
export const BUILDER_SCHEMA = builder as unknown as StructuralSchema;
export const SERVING_SCHEMA = serving as unknown as StructuralSchema;
export const GATEWAY_SCHEMA = gateway as unknown as StructuralSchema;
