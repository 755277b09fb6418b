import { type Builder, type KubeObject, ownerReference, RESOURCE_REF, type SHIPWRIGHT_BUILD } from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { Store } from '@openfunction/kube';
import { describe, expect, it } from 'vitest';
import { withShipwrightObjects } from './adopt.ts';
import { shipwrightNames } from './make.ts';

function makeBuilder(resourceRef?: Record<string, string>): Builder {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Builder',
    metadata: { name: 'builder-a', namespace: 'ns', uid: 'uid-b' },
    spec: { image: 'acme/fn:v1', srcRepo: { url: 'https://x' } },
    ...(resourceRef !== undefined && { status: { state: 'Building', resourceRef } }),
  };
}

function owned(kind: 'Build' | 'BuildRun', name: string, more: { at?: number; spec?: object } = {}): KubeObject {
  const ownerReferences = [ownerReference(makeBuilder())];
  const creationTimestamp = `2026-01-01T12:00:0${more.at ?? 0}Z`;
  const metadata = {
    namespace: 'ns',
    name,
    uid: `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp,
    ownerReferences,
  };
  return { apiVersion: 'shipwright.io/v1beta1', kind, metadata, spec: more.spec ?? {} };
}

function namesWith(builder: Builder, ...objects: KubeObject[]) {
  const stores = { Build: new Store(), BuildRun: new Store() };
  for (const object of objects) stores[object.kind as 'Build'].put(object);
  const world = { store: ({ kind }: typeof SHIPWRIGHT_BUILD) => stores[kind as 'Build'] } as unknown as World;
  return shipwrightNames(withShipwrightObjects(builder, world));
}

describe('what a Builder owns and does not name', () => {
  const ours = shipwrightNames(makeBuilder());
  const run = owned('BuildRun', 'builder-a-buildrun-x1y2z', { spec: { build: { name: 'builder-a-build-x1y2z' } } });

  it('is nothing for a new one: its names are derived', () => {
    expect(namesWith(makeBuilder())).toEqual(ours);
  });

  it('is followed: the run, and the Build that it names', () => {
    const found = { build: 'builder-a-build-x1y2z', run: 'builder-a-buildrun-x1y2z' };
    expect(namesWith(makeBuilder(), run)).toEqual(found);
    expect(namesWith(makeBuilder({}), run, owned('Build', 'builder-a-build-x1y2z'))).toEqual(found);
  });

  it('is followed in v1alpha1 too', () => {
    const older = owned('BuildRun', 'builder-a-buildrun-x1y2z', {
      spec: { buildRef: { name: 'builder-a-build-x1y2z' } },
    });
    expect(namesWith(makeBuilder(), older).build).toBe('builder-a-build-x1y2z');
  });

  it('can be a Build alone: its run is made under a name of ours', () => {
    expect(namesWith(makeBuilder(), owned('Build', 'builder-a-build-x1y2z'))).toEqual({
      build: 'builder-a-build-x1y2z',
      run: ours.run,
    });
  });

  it('is the latest of several', () => {
    expect(namesWith(makeBuilder(), run, owned('BuildRun', 'later', { at: 1 })).run).toBe('later');
  });

  it('does not stand for what is named, or made by us', () => {
    const recorded = { [RESOURCE_REF.shipwrightBuild]: 'b', [RESOURCE_REF.shipwrightBuildRun]: 'r' };
    expect(namesWith(makeBuilder(recorded), owned('BuildRun', 'r'), run, owned('Build', 'b'))).toEqual({
      build: 'b',
      run: 'r',
    });
    expect(namesWith(makeBuilder(), owned('BuildRun', ours.run), run, owned('Build', ours.build))).toEqual(ours);
  });
});
