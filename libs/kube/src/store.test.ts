import type { KubeObject } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { compareVersions } from './resource-version.ts';
import { Store } from './store.ts';

function make(resourceVersion: string, options: { name?: string; owner?: string } = {}): KubeObject {
  const { name = 'a', owner } = options;
  const ownerReferences = owner === undefined ? [] : [{ apiVersion: 'v1', kind: 'K', name: 'o', uid: owner }];
  return { apiVersion: 'v1', kind: 'Thing', metadata: { namespace: 'ns', name, resourceVersion, ownerReferences } };
}

describe('a store', () => {
  it('never goes back in time', () => {
    const store = new Store();
    expect(store.put(make('10'))?.type).toBe('added');
    expect(store.put(make('9'))).toBeUndefined();
    expect(store.put(make('10'))).toBeUndefined();
    expect(store.put(make('11'))?.type).toBe('updated');
    expect(store.remove('ns/a', '9')).toBeUndefined();
    expect(store.get('ns/a')?.metadata.resourceVersion).toBe('11');
  });

  it('does not bring a deleted object back by an older version, however the deletions are told', () => {
    const store = new Store();
    store.put(make('5'));
    expect(store.remove('ns/a', '9')).toMatchObject({ type: 'deleted', resourceVersion: '9' });
    store.remove('ns/a', '6');
    expect(store.put(make('7'))).toBeUndefined();
    expect(store.put(make('12'))?.type).toBe('added');
  });

  it('finds objects by the uid of their owner, also when the owner changes', () => {
    const store = new Store();
    store.put(make('1', { owner: 'u1' }));
    store.put(make('2', { name: 'b', owner: 'u1' }));
    expect(store.ownedBy('u1').map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    store.put(make('3', { owner: 'u2' }));
    store.remove('ns/b', '4');
    expect(store.ownedBy('u1')).toEqual([]);
    expect(store.ownedBy('u2')).toHaveLength(1);
  });

  it('has what it was told by an event, by a deletion, or by how far the watch has come', () => {
    const store = new Store();
    expect(store.has('ns/a', '5')).toBe(false);
    store.put(make('5'));
    expect([store.has('ns/a', '5'), store.has('ns/a', '6')]).toEqual([true, false]);
    store.remove('ns/a', '7');
    expect(store.has('ns/a', '6')).toBe(true);
    store.advance('20');
    expect([store.has('ns/other', '20'), store.has('ns/other', '21')]).toEqual([true, false]);
  });

  it('lets a reader wait for a version, and says when it did not come', async () => {
    const store = new Store();
    const waiting = store.waitFor('ns/a', '5', 5_000);
    store.put(make('4'));
    store.put(make('6'));
    expect(await waiting).toBe(true);
    expect(await store.waitFor('ns/a', '9', 10)).toBe(false);
  });
});

it.each([
  ['9', '10', -1],
  ['10', '9', 1],
  ['7', '7', 0],
  ['99999999999999999998', '99999999999999999999', -1],
])('compares versions as integers: %s and %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
});
