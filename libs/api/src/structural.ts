/** A structural OpenAPI v3 schema, as CustomResourceDefinitions use it. */
export interface StructuralSchema {
  description?: string;
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  format?: string;
  default?: unknown;
  nullable?: boolean;
  enum?: (string | number)[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  anyOf?: StructuralSchema[];
  items?: StructuralSchema;
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  required?: string[];
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  'x-kubernetes-validations'?: ValidationRule[];
}

/** A CEL rule of a CRD (apiextensions/v1 ValidationRule). */
export interface ValidationRule {
  rule: string;
  message: string;
  optionalOldSelf?: true;
}

/**
 * Stands where a foreign type is embedded: the generator puts the API server's own schema there (`generated/pod-spec.json`),
 * `schemas.ts` the one object that all schemas share.
 */
export const EMBED = 'x-openfunction-embed';

/** Every word a schema may use, in the order in which it is written out. Nothing else gets into a CRD. */
export const SCHEMA_WORDS = [
  'description',
  'type',
  'format',
  'default',
  'nullable',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'anyOf',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'items',
  'properties',
  'additionalProperties',
  'required',
] as const satisfies (keyof StructuralSchema)[];
