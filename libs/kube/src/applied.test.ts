import type { KubeObject } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { appliedAt, isApplied, keepFieldsOf, project } from './applied.ts';

const MANAGER = 'me';

function live(content: Record<string, unknown>, fieldsV1: Record<string, unknown>, manager = MANAGER): KubeObject {
  const managedFields = [{ manager, operation: 'Apply' as const, time: '2026-01-01T00:00:00Z', fieldsV1 }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', uid: 'u', managedFields }, ...content };
}

const wanted = (content: Record<string, unknown>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'a' },
  ...content,
});

describe('isApplied', () => {
  it('is true when every wanted field stands there; fields that the server added do not matter', () => {
    const there = live({ spec: { type: 'ExternalName', added: 1 } }, { 'f:spec': { 'f:type': {} } });
    expect(isApplied(wanted({ spec: { type: 'ExternalName' } }), there, MANAGER)).toBe(true);
  });

  it.each([
    ['a field differs', { spec: { type: 'ClusterIP' } }],
    ['a field is missing', { spec: { type: 'ExternalName', externalName: 'x' } }],
    ['a list is longer', { spec: { type: 'ExternalName', list: [1, 2] } }],
  ])('is false when %s', (_case, content) => {
    const there = live({ spec: { type: 'ExternalName', list: [1] } }, { 'f:spec': { 'f:type': {} } });
    expect(isApplied(wanted(content), there, MANAGER)).toBe(false);
  });

  it('is false when we own a field that is no longer wanted, and true when another owns it', () => {
    const content = { spec: { type: 'a', old: 1 } };
    const fields = { 'f:spec': { 'f:type': {}, 'f:old': {} } };
    expect(isApplied(wanted({ spec: { type: 'a' } }), live(content, fields), MANAGER)).toBe(false);
    expect(isApplied(wanted({ spec: { type: 'a' } }), live(content, fields, 'other'), MANAGER)).toBe(true);
  });

  it('follows list entries by their keys, also by keys that the server defaulted', () => {
    const ports = [{ port: 80, protocol: 'TCP', name: 'http' }];
    const owned = {
      'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:name': {} } } },
    };
    expect(
      isApplied(wanted({ spec: { ports: [{ port: 80, name: 'http' }] } }), live({ spec: { ports } }, owned), MANAGER),
    ).toBe(true);
    expect(isApplied(wanted({ spec: { ports: [{ port: 80 }] } }), live({ spec: { ports } }, owned), MANAGER)).toBe(
      false,
    );
  });

  it('follows set members and positions', () => {
    const content = { spec: { set: ['a', 'b'], list: [{ x: 1 }] } };
    const owned = { 'f:spec': { 'f:set': { 'v:"a"': {}, 'v:"b"': {} }, 'f:list': { 'i:0': { 'f:x': {} } } } };
    expect(isApplied(wanted(content), live(content, owned), MANAGER)).toBe(true);
    const more = { 'f:spec': { 'f:set': { 'v:"c"': {} } } };
    expect(isApplied(wanted(content), live(content, more), MANAGER)).toBe(false);
  });

  it('does not mind under which served version an object is read', () => {
    const there = { ...live({ spec: { a: 1 } }, {}), apiVersion: 'g/v1beta1' };
    expect(isApplied({ ...wanted({ spec: { a: 1 } }), apiVersion: 'g/v1' }, there, MANAGER)).toBe(true);
  });
});

it('keepFieldsOf drops what others manage, and appliedAt reads our time', () => {
  const there = live({}, {});
  there.metadata.managedFields?.push(
    { manager: MANAGER, operation: 'Apply', subresource: 'status', time: '2027-01-01T00:00:00Z' },
    { manager: 'other', operation: 'Update' },
  );
  const kept = keepFieldsOf(MANAGER)(there);
  expect(kept.metadata.managedFields).toHaveLength(1);
  expect(appliedAt(kept, MANAGER)).toEqual(new Date('2026-01-01T00:00:00Z'));
  expect(appliedAt(kept, 'other')).toBeUndefined();
});

it('project takes what stands at the wanted places', () => {
  expect(project({ a: { b: '1', c: 2 }, d: 3 }, { a: { b: 1 } })).toEqual({ a: { b: '1' } });
});
