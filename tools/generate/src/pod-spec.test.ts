import { describe, expect, it } from 'vitest';
import { reducePodSpec } from './pod-spec.ts';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function documentOf(properties: Record<string, unknown>, more: Record<string, Record<string, unknown>> = {}) {
  return { components: { schemas: { 'io.k8s.api.core.v1.PodSpec': { type: 'object', properties }, ...more } } };
}

describe('reducePodSpec', () => {
  it('inlines references and drops descriptions, enums and zero defaults', () => {
    const document = documentOf(
      { os: { allOf: [ref('OS')], default: {}, description: 'x' } },
      {
        OS: {
          description: 'y',
          type: 'object',
          required: ['name'],
          properties: { name: { type: 'string', default: '', enum: ['linux'] } },
        },
      },
    );
    expect(reducePodSpec(document).properties?.os).toEqual({
      type: 'object',
      properties: { name: { type: 'string' } },
      required: ['name'],
    });
  });

  it('writes quantities and int-or-string as CRDs do', () => {
    const document = documentOf({
      q: ref('io.k8s.apimachinery.pkg.api.resource.Quantity'),
      p: ref('io.k8s.apimachinery.pkg.util.intstr.IntOrString'),
    });
    const { q, p } = reducePodSpec(document).properties ?? {};
    expect(p).toEqual({ anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true });
    expect(q).toMatchObject(p ?? {});
    const pattern = new RegExp(q?.pattern ?? '');
    for (const text of ['1', '0.5', '100m', '1Gi', '1e3', '-2']) expect(text).toMatch(pattern);
    for (const text of ['', '1 Gi', '1gb', 'x']) expect(text).not.toMatch(pattern);
  });

  it('gives a list key that is not required a default, as a structural schema must', () => {
    const item = { type: 'object', properties: { name: { type: 'string' } } };
    const list = {
      type: 'array',
      items: item,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    };
    const { secrets } = reducePodSpec(documentOf({ secrets: list })).properties ?? {};
    expect(secrets?.items?.properties?.name).toEqual({ type: 'string', default: '' });
  });

  it('keeps the default protocol of container ports', () => {
    const port = { type: 'object', properties: { protocol: { type: 'string', default: 'TCP' } } };
    const document = documentOf(
      { p: ref('io.k8s.api.core.v1.ContainerPort') },
      { 'io.k8s.api.core.v1.ContainerPort': port },
    );
    expect(reducePodSpec(document).properties?.p?.properties?.protocol).toEqual({ type: 'string', default: 'TCP' });
  });

  it('stops at a word it does not know rather than losing a rule', () => {
    expect(() => reducePodSpec(documentOf({ a: { type: 'string', not: {} } }))).toThrow(
      'PodSpec.a: unknown schema word "not"',
    );
  });

  it('says which reference leads nowhere', () => {
    expect(() => reducePodSpec(documentOf({ a: ref('Nothing') }))).toThrow('"Nothing"');
  });
});
