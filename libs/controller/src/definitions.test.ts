import { HTTP_SCALED_OBJECT, kindId } from '@openfunction/api';
import { type KubeClient, Store } from '@openfunction/kube';
import { describe, expect, it } from 'vitest';
import { Definitions } from './definitions.ts';

const NAME = kindId(HTTP_SCALED_OBJECT);

/** A definition whose `spec.scaleTargetRef` has these fields. */
function setUp(...fields: string[]) {
  let reads = 0;
  const names = new Store();
  const properties = Object.fromEntries(fields.map((field) => [field, {}]));
  const spec = { properties: { scaleTargetRef: { properties } } };
  const versions = [{ name: 'v1alpha1', schema: { openAPIV3Schema: { properties: { spec } } } }];
  const get = async () => {
    reads += 1;
    return { spec: { versions } };
  };
  const know = (generation: number) =>
    names.put({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: NAME, uid: 'u', generation, resourceVersion: String(generation) },
    });
  know(1);
  const definitions = new Definitions({ get } as unknown as KubeClient, names);
  const has = (path: string) => definitions.hasField(HTTP_SCALED_OBJECT, 'v1alpha1', path);
  const prune = (object: object, version = 'v1alpha1') => definitions.prune(HTTP_SCALED_OBJECT, version, object);
  return { has, prune, know, reads: () => reads };
}

describe('whether a definition has a field', () => {
  it('is read once, and again when the definition is another', async () => {
    const { has, know, reads } = setUp('deployment');
    expect([await has('spec.scaleTargetRef.deployment'), await has('spec.scaleTargetRef.name')]).toEqual([true, false]);
    const before = reads();
    expect(await has('spec.scaleTargetRef.name')).toBe(false);
    expect(reads()).toBe(before);
    know(2);
    expect(await has('spec.scaleTargetRef.deployment')).toBe(true);
    expect(reads()).toBe(before + 1);
  });

  it('is no in another version, and below a field that is not there', async () => {
    const { has } = setUp('name');
    expect(await has('spec.scaleTargetRef.name.deeper')).toBe(false);
    expect(await has('status')).toBe(false);
  });
});

describe('an object without what its definition does not declare', () => {
  const object = { spec: { scaleTargetRef: { name: 'a', deployment: 'a' } } };

  it('is told by a definition that is read once, and again when it is another', async () => {
    const { prune, know, reads } = setUp('deployment');
    const pruned = { object: { spec: { scaleTargetRef: { deployment: 'a' } } }, left: ['spec.scaleTargetRef.name'] };
    expect(await Promise.all([prune(object), prune(object)])).toEqual([pruned, pruned]);
    expect(reads()).toBe(1);
    know(2);
    expect(await prune(object)).toEqual(pruned);
    expect(reads()).toBe(2);
  });

  it('is the object itself where all is declared, or nothing is known', async () => {
    const { prune } = setUp('deployment', 'name');
    expect((await prune(object)).object).toBe(object);
    expect(await prune(object, 'v2')).toEqual({ object, left: [] });
  });

  it('is asked for again when the definition could not be read', async () => {
    let isAway = true;
    const get = async () => {
      if (isAway) throw new Error('away');
      return undefined;
    };
    const definitions = new Definitions({ get } as unknown as KubeClient, new Store());
    await expect(definitions.prune(HTTP_SCALED_OBJECT, 'v1alpha1', object)).rejects.toThrow('away');
    isAway = false;
    expect(await definitions.prune(HTTP_SCALED_OBJECT, 'v1alpha1', object)).toEqual({ object, left: [] });
  });
});
