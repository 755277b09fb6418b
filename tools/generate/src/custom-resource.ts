import { kindId, type StructuralSchema } from '@openfunction/api';
import { CATEGORY, type CrdSource } from '@openfunction/api/crds';

/** The CustomResourceDefinition of one kind: its only version is served and stored, nothing is converted. */
export function customResourceDefinition(source: CrdSource, schema: StructuralSchema) {
  const { kind, shortNames, columns } = source;
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
      versions: [
        {
          name: kind.versions[0],
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          subresources: { status: {} },
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  };
}
