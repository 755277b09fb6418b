import { CRDS } from '@openfunction/api/crds';
import { describe, expect, it } from 'vitest';
import { customResourceDefinition } from './custom-resource.ts';

const [fn, , serving] = CRDS;

describe('customResourceDefinition', () => {
  it('names the kind in every form', () => {
    const crd = customResourceDefinition(fn as (typeof CRDS)[0], { type: 'object' });
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

  it('serves and stores one version with a status of its own', () => {
    const { versions } = customResourceDefinition(fn as (typeof CRDS)[0], { type: 'object' }).spec;
    expect(versions).toMatchObject([{ name: 'v1beta2', served: true, storage: true, subresources: { status: {} } }]);
  });

  it('leaves short names out where there are none: an empty list would never settle', () => {
    expect(customResourceDefinition(serving as (typeof CRDS)[0], { type: 'object' }).spec.names).not.toHaveProperty(
      'shortNames',
    );
  });
});
