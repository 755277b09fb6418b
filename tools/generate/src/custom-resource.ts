import { apiVersionOf, kindId, type StructuralSchema } from '@openfunction/api';
import { CATEGORY, type CrdSource, type PrinterColumn } from '@openfunction/api/crds';

/** Name, namespace and path are those of the original: installing over it replaces instead of doubling. */
const CONVERSION = {
  strategy: 'Webhook',
  webhook: {
    clientConfig: {
      service: { name: 'openfunction-webhook-service', namespace: 'openfunction', path: '/convert', port: 443 },
    },
    conversionReviewVersions: ['v1'],
  },
};

/** The schemas of a kind: that of the stored version, and that of the older one where there is one. */
export interface VersionSchemas {
  stored: StructuralSchema;
  older?: StructuralSchema;
}

/**
 * The CustomResourceDefinition of one kind: its own version is stored. An older one is served beside it, deprecated, and
 * converted by the webhook, which fills in the caBundle when it runs.
 */
export function customResourceDefinition(source: CrdSource, schemas: VersionSchemas) {
  const { kind, shortNames, columns } = source;
  const stored = version(kind.versions[0], columns, schemas.stored, { storage: true });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: kindId(kind) },
    spec: {
      group: kind.group,
      names: {
        categories: [CATEGORY],
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        ...(shortNames.length > 0 ? { shortNames } : {}),
        singular: kind.kind.toLowerCase(),
      },
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      versions: [stored, ...olderVersions(source, schemas)],
      ...(source.older ? { conversion: CONVERSION } : {}),
    },
  };
}

function olderVersions({ kind, older }: CrdSource, schemas: VersionSchemas) {
  if (!older || !schemas.older) return [];
  const names = [older.name, kind.versions[0]].map((name) => apiVersionOf(kind, name));
  const deprecationWarning = `${names[0]} ${kind.kind} is deprecated; use ${names[1]}`;
  return [version(older.name, older.columns, schemas.older, { storage: false, deprecated: true, deprecationWarning })];
}

interface Standing {
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
}

/** One version. Its status is a subresource where the schema has one. */
function version(name: string, columns: PrinterColumn[], schema: StructuralSchema, standing: Standing) {
  return {
    name,
    served: true,
    ...standing,
    additionalPrinterColumns: columns,
    ...(schema.properties?.status ? { subresources: { status: {} } } : {}),
    schema: { openAPIV3Schema: schema },
  };
}
