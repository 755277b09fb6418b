import type { StructuralSchema } from '@openfunction/api';
import { CRDS, type CrdSource } from '@openfunction/api/crds';
import { describe, expect, it } from 'vitest';
import { customResourceDefinition } from './custom-resource.ts';

const WITH_STATUS: StructuralSchema = { type: 'object', properties: { status: { type: 'object' } } };
const WITHOUT_STATUS: StructuralSchema = { type: 'object' };

function definition(kind: string) {
  const source = CRDS.find((one) => one.kind.kind === kind) as CrdSource;
  return customResourceDefinition(
    source,
    source.older ? { stored: WITH_STATUS, older: WITH_STATUS } : { stored: WITH_STATUS },
  );
}

describe('customResourceDefinition', () => {
  it('names the kind in every form', () => {
    const crd = definition('Function');
    expect(crd.metadata.name).toBe('functions.core.openfunction.io');
    expect(crd.spec).toMatchObject({
      group: 'core.openfunction.io',
      scope: 'Namespaced',
      names: {
        categories: ['openfunction'],
        kind: 'Function',
        listKind: 'FunctionList',
        plural: 'functions',
        shortNames: ['fn'],
        singular: 'function',
      },
    });
  });

  it('stores one version, with a status of its own', () => {
    const { versions } = definition('Gateway').spec;
    expect(versions).toMatchObject([{ name: 'v1alpha1', served: true, storage: true, subresources: { status: {} } }]);
    expect(versions[0]).not.toHaveProperty('deprecated');
  });

  it('serves the older version beside it, and warns whoever uses it', () => {
    const { versions } = definition('Function').spec;
    expect(versions.map(({ name, served, storage }) => ({ name, served, storage }))).toEqual([
      { name: 'v1beta2', served: true, storage: true },
      { name: 'v1beta1', served: true, storage: false },
    ]);
    expect(versions[1]).toMatchObject({
      deprecated: true,
      deprecationWarning: 'core.openfunction.io/v1beta1 Function is deprecated; use core.openfunction.io/v1beta2',
      subresources: { status: {} },
    });
  });

  it('has two versions converted by the webhook, whose certificate is not known yet', () => {
    expect(definition('Serving').spec.conversion).toEqual({
      strategy: 'Webhook',
      webhook: {
        clientConfig: {
          service: { namespace: 'openfunction', name: 'openfunction-webhook-service', path: '/convert', port: 443 },
        },
        conversionReviewVersions: ['v1'],
      },
    });
    expect(definition('Gateway').spec).not.toHaveProperty('conversion');
  });

  it('shows BuildDuration in v1beta2 only, as the original does', () => {
    const columns = definition('Builder').spec.versions.map((version) => [
      version.name,
      version.additionalPrinterColumns.map(({ name }) => name),
    ]);
    expect(Object.fromEntries(columns)).toEqual({
      v1beta2: ['Phase', 'State', 'Reason', 'BuildDuration', 'Ready', 'Age'],
      v1beta1: ['Phase', 'State', 'Reason', 'Ready', 'Age'],
    });
  });

  it('gives a kind without status no status to write to', () => {
    const source = CRDS.find(({ kind }) => kind.kind === 'ClusterEventBus') as CrdSource;
    const { spec } = customResourceDefinition(source, { stored: WITHOUT_STATUS });
    expect(spec.scope).toBe('Cluster');
    expect(spec.versions[0]).not.toHaveProperty('subresources');
  });

  it('leaves short names out where there are none: an empty list would never settle', () => {
    expect(definition('Serving').spec.names).not.toHaveProperty('shortNames');
  });
});
