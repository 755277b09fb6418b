import { ANNOTATION, BUILDER, childMeta, FUNCTION, type KubeObject } from '@openfunction/api';
import { type Change, Store } from '@openfunction/kube';
import { describe, expect, it } from 'vitest';
import { isAtRest, parentWatch } from './pause.ts';
import type { World } from './types.ts';

const V = 'core.openfunction.io/v1beta2';

function fn(paused?: string, uid = 'uid-f'): KubeObject {
  const annotations: Record<string, string> = paused === undefined ? {} : { [ANNOTATION.paused]: paused };
  return {
    apiVersion: V,
    kind: 'Function',
    metadata: { namespace: 'ns', name: 'f', uid, resourceVersion: '1', annotations },
  };
}

const builder = (owner: KubeObject): KubeObject => ({
  apiVersion: V,
  kind: 'Builder',
  metadata: { ...childMeta(owner, 'b'), uid: 'uid-b', resourceVersion: '2' },
});

function worldOf(...objects: KubeObject[]): World {
  const stores = new Map([FUNCTION, BUILDER].map((kind) => [kind.kind, new Store()]));
  for (const object of objects) stores.get(object.kind)?.put(object);
  return { store: (kind: { kind: string }) => stores.get(kind.kind) } as unknown as World;
}

describe('an object is at rest', () => {
  const cases: [string, KubeObject, KubeObject[], boolean][] = [
    ['while its Function is paused', builder(fn()), [fn('true')], true],
    ['not when its Function is not', builder(fn()), [fn()], false],
    ['not when the text is another one', builder(fn()), [fn('True')], false],
    ['not by a namesake of its Function', builder(fn()), [fn('true', 'uid-new')], false],
    ['not when its Function is gone', builder(fn()), [], false],
    [
      'not by an annotation of its own',
      { ...builder(fn()), metadata: { ...builder(fn()).metadata, annotations: { [ANNOTATION.paused]: 'true' } } },
      [fn()],
      false,
    ],
  ];

  it.each(cases)('%s', (_name, object, world, expected) => {
    expect(isAtRest(object, FUNCTION, worldOf(...world))).toBe(expected);
  });

  it('or, without a parent, while it is paused itself', () => {
    expect([fn('true'), fn('yes'), fn()].map((object) => isAtRest(object, undefined, worldOf()))).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('the watch over parents', () => {
  const watch = parentWatch(FUNCTION, BUILDER);
  const woken = (change: Change) => typeof watch.wakes === 'function' && watch.wakes(change, worldOf(builder(fn())));

  it('wakes what a Function controls when a pause begins or ends, and at no other change', () => {
    const key = { namespace: 'ns', name: 'b', uid: 'uid-b' };
    expect(woken({ type: 'updated', old: fn('true'), object: fn() })).toEqual([key]);
    expect(woken({ type: 'updated', old: fn(), object: fn('true') })).toEqual([key]);
    expect(woken({ type: 'updated', old: fn(), object: fn('no') })).toEqual([]);
    expect(woken({ type: 'added', object: fn() })).toEqual([]);
  });

  it('keeps annotations of ours, and drops what kubectl notes', () => {
    const noted = fn('true');
    noted.metadata.annotations = {
      ...noted.metadata.annotations,
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    };
    noted.metadata.labels = { a: 'b' };
    expect(watch.trim?.(noted)).toEqual(fn('true'));
  });
});
