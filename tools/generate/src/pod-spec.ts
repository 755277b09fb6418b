import { SCHEMA_WORDS, type StructuralSchema } from '@openfunction/api';
import { ordered } from './structural.ts';

/**
 * Turns the PodSpec of an API server's OpenAPI v3 document into structural form: references inlined, descriptions,
 * enums and defaults dropped, list keys kept, quantities and int-or-string written as CRDs write them.
 */

type Json = Record<string, unknown>;
export interface OpenApiDocument {
  components: { schemas: Record<string, Json> };
}

const POD_SPEC = 'io.k8s.api.core.v1.PodSpec';
const INT_OR_STRING = { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true };
const QUANTITY_PATTERN =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

/** Types whose schema is written another way in a CRD. Embedded object metadata is opaque there, as in the original. */
const SPECIAL: Record<string, Json> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { ...INT_OR_STRING, pattern: QUANTITY_PATTERN },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': INT_OR_STRING,
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': { type: 'object' },
};

/** Required in today's Kubernetes only. An object that the original stored must stay valid, so these stay optional. */
const STILL_OPTIONAL: Record<string, string[]> = { 'io.k8s.api.core.v1.HostAlias': ['ip'] };

/** The reduced PodSpec schema. Fails when the document holds something that this reduction does not know. */
export function reducePodSpec(document: OpenApiDocument): StructuralSchema {
  return reduce(resolve(document, POD_SPEC), document, 'PodSpec');
}

function reduce(schema: Json, document: OpenApiDocument, path: string): StructuralSchema {
  const name = referenceOf(schema);
  if (name !== undefined) return reduceNamed(name, document, path);
  const result: Json = {};
  for (const [word, value] of Object.entries(schema)) {
    if (value === undefined || isDropped(word)) continue;
    if (!(SCHEMA_WORDS as readonly string[]).includes(word)) throw new Error(`${path}: unknown schema word "${word}"`);
    result[word] = reduceWord(word, value, document, path);
  }
  return withKeyDefaults(ordered(result));
}

function reduceNamed(name: string, document: OpenApiDocument, path: string): StructuralSchema {
  const special = SPECIAL[name];
  if (special) return ordered(special);
  const reduced = reduce(withOptional(resolve(document, name), STILL_OPTIONAL[name] ?? []), document, path);
  if (name === 'io.k8s.api.core.v1.ContainerPort' && reduced.properties?.protocol) {
    reduced.properties.protocol = { type: 'string', default: 'TCP' };
  }
  return reduced;
}

function withOptional(schema: Json, names: string[]): Json {
  const required = ((schema.required as string[] | undefined) ?? []).filter((name) => !names.includes(name));
  return { ...schema, required: required.length > 0 ? required : undefined };
}

function reduceWord(word: string, value: unknown, document: OpenApiDocument, path: string): unknown {
  switch (word) {
    case 'properties':
      return Object.fromEntries(
        Object.entries(value as Json).map(([name, child]) => [
          name,
          reduce(child as Json, document, `${path}.${name}`),
        ]),
      );
    case 'items':
      return reduce(value as Json, document, `${path}[]`);
    case 'additionalProperties':
      return reduce(value as Json, document, `${path}.*`);
    case 'required':
      return [...(value as string[])].sort();
    default:
      return value;
  }
}

/**
 * A list key must be required or have a default. Where the API server's type has neither (imagePullSecrets by name), the
 * key gets the empty default that the API server itself uses.
 */
function withKeyDefaults(schema: StructuralSchema): StructuralSchema {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const { items } = schema;
  for (const key of keys) {
    const property = items?.properties?.[key];
    if (!property || items?.required?.includes(key) || property.default !== undefined) continue;
    property.default = '';
  }
  return schema;
}

/**
 * Defaults belong to the pod that is made in the end; the ones that CRDs need are set above. Enums are the API server's
 * to judge as well: the original has none, and a later Kubernetes may know more words than this one.
 */
function isDropped(word: string): boolean {
  return (
    ['description', 'default', 'enum'].includes(word) ||
    word === 'x-kubernetes-unions' ||
    word.startsWith('x-kubernetes-patch-')
  );
}

function referenceOf(schema: Json): string | undefined {
  const [only] = (schema.allOf as Json[] | undefined) ?? [];
  const reference = (schema.$ref ?? only?.$ref) as string | undefined;
  return reference?.replace('#/components/schemas/', '');
}

function resolve(document: OpenApiDocument, name: string): Json {
  const schema = document.components.schemas[name];
  if (!schema) throw new Error(`the OpenAPI document has no schema "${name}"`);
  return schema;
}
