import { apiVersionOf, BUILDER, childMeta, FUNCTION, type Kind, type KubeObject } from '@openfunction/api';
import { CodedError } from '@openfunction/errors';
import { type KubeClient, Store, storeKey } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import { describe, expect, it } from 'vitest';
import { Actor } from './actor.ts';
import type { Caches } from './caches.ts';
import { InFlight } from './in-flight.ts';
import type { Plan } from './types.ts';

const owner: KubeObject = {
  apiVersion: 'core.openfunction.io/v1beta2',
  kind: 'Function',
  metadata: { name: 'a', namespace: 'ns', uid: 'uid-a' },
};
const wanted: KubeObject = {
  apiVersion: 'core.openfunction.io/v1beta2',
  kind: 'Builder',
  metadata: childMeta(owner, 'b'),
  spec: { image: 'i' },
};
const nothing: Plan<never> = { apply: [], remove: [], status: undefined, events: [] };

interface Setting {
  cached?: KubeObject;
  live?: KubeObject;
  refusal?: 'api.conflict' | 'api.invalid';
  /** What writing an Event ends in, unless well. */
  ofEvents?: CodedError;
}

/** An actor whose cache holds `cached` and whose API server holds `live` as well; tells what was asked of it. */
function setUp({ cached, live, refusal = 'api.conflict', ofEvents }: Setting = {}) {
  const asked: unknown[] = [];
  const store = new Store();
  if (cached !== undefined) store.put(cached);
  const client = {
    apiVersion: (kind: Kind) => apiVersionOf(kind),
    apply: async (
      _kind: Kind,
      object: KubeObject,
      { force = false, dryRun = false }: { force?: boolean; dryRun?: boolean },
    ) => {
      asked.push(dryRun ? 'try' : force ? 'force' : 'apply');
      if (live !== undefined && !force) throw new CodedError(refusal, 'refused');
      return { ...object, metadata: { ...object.metadata, uid: 'uid-b', resourceVersion: '9' } };
    },
    get: async () => live,
    create: async (kind: Kind, { note }: KubeObject) => {
      asked.push(`${kind.kind}: ${Buffer.byteLength(note)}`);
      if (ofEvents !== undefined) throw ofEvents;
    },
    delete: async () => asked.push('delete'),
    patch: async (_kind: Kind, _key: unknown, body: { metadata: object }) => {
      asked.push(body);
      return { ...cached, metadata: { ...cached?.metadata, resourceVersion: '9' } };
    },
  } as unknown as KubeClient;
  const caches = { store: () => store, keep: (_kind: Kind, object: KubeObject) => store.put(object) };
  const parts = { client, caches: caches as unknown as Caches, inFlight: new InFlight() };
  const options = { ...parts, fieldManager: 'me', primary: FUNCTION, logger: silentLogger() };
  return { asked, store, actor: new Actor({ ...options, kinds: [FUNCTION, BUILDER] }) };
}

describe('a child that the cache does not hold', () => {
  const apply = async ({ actor }: ReturnType<typeof setUp>) =>
    actor.apply({ ...nothing, apply: [wanted] }, async () => {});

  it('is made without force', async () => {
    const world = setUp();
    await apply(world);
    expect(world.asked).toEqual(['apply']);
    expect(world.store.get(storeKey(wanted.metadata))).toBeDefined();
  });

  it('is put right with force when it turns out to be ours', async () => {
    const world = setUp({ live: { ...wanted, metadata: { ...wanted.metadata, uid: 'uid-b', labels: {} } } });
    await apply(world);
    expect(world.asked).toEqual(['apply', 'force']);
  });

  it('is seen from then on when it is ours, and the API server refuses it as it would be made', async () => {
    const live = { ...wanted, metadata: { ...wanted.metadata, uid: 'uid-b', resourceVersion: '5' } };
    const world = setUp({ live, refusal: 'api.invalid' });
    await expect(apply(world)).rejects.toThrow('refused');
    expect(world.store.get('ns/b')).toBe(live);
  });

  it.each(['api.conflict', 'api.invalid'] as const)('is left alone when somebody else owns it: %s', async (refusal) => {
    const theirs = { ...owner, metadata: { ...owner.metadata, name: 'other', uid: 'uid-other' } };
    const world = setUp({ live: { ...wanted, metadata: childMeta(theirs, 'b') }, refusal });
    await expect(apply(world)).rejects.toThrow(/Builder "b" exists and belongs to Function "other"/);
    expect(world.asked).toEqual(['apply']);
  });
});

describe('an Event', () => {
  const note = { type: 'Warning', reason: 'Failed', action: 'Building', occasion: 'b' } as const;
  const conclude = (world: ReturnType<typeof setUp>, message: string) => {
    const plan = {
      ...nothing,
      remove: [{ ...wanted, metadata: { ...wanted.metadata, uid: 'uid-b' } }],
      events: [{ ...note, message }],
    };
    return world.actor.conclude(owner, plan, new Date(), async () => {});
  };

  it.each([
    ['a', 1024],
    ['├', 1023],
    ['😀', 1024],
  ])('of many %s is as long as the API server takes, in whole characters', async (character, bytes) => {
    const world = setUp({ cached: wanted });
    await conclude(world, character.repeat(1500));
    expect(world.asked).toEqual([`Event: ${bytes}`, 'delete']);
  });

  it('that is refused holds up nothing', async () => {
    const world = setUp({ cached: wanted, ofEvents: new CodedError('api.invalid', 'refused') });
    await conclude(world, 'it failed');
    expect(world.asked).toEqual(['Event: 9', 'delete']);
  });

  it('that cannot be written now is written later', async () => {
    const world = setUp({ cached: wanted, ofEvents: new CodedError('api.unavailable', 'away') });
    await expect(conclude(world, 'it failed')).rejects.toThrow('away');
  });
});

describe('a child that is rehearsed', () => {
  const rehearse = async ({ actor }: ReturnType<typeof setUp>) =>
    actor.apply({ ...nothing, rehearse: [wanted], apply: [wanted] }, async () => {});

  it('is tried, then made', async () => {
    const world = setUp();
    await rehearse(world);
    expect(world.asked).toEqual(['try', 'apply']);
  });

  it('that is refused leaves nothing behind', async () => {
    const world = setUp({ live: wanted, refusal: 'api.invalid' });
    await expect(rehearse(world)).rejects.toThrow('refused');
    expect(world.asked).toEqual(['try']);
  });

  it('whose name somebody else has is not made', async () => {
    const theirs = { ...owner, metadata: { ...owner.metadata, name: 'other', uid: 'uid-other' } };
    const world = setUp({ live: { ...wanted, metadata: childMeta(theirs, 'b') } });
    await expect(rehearse(world)).rejects.toThrow(/Builder "b" exists and belongs to Function "other"/);
    expect(world.asked).toEqual(['try']);
  });

  it('that is there already is not tried', async () => {
    const world = setUp({ cached: { ...wanted, metadata: { ...wanted.metadata, uid: 'uid-b', labels: {} } } });
    await rehearse(world);
    expect(world.asked).toEqual([]);
  });

  it('that is ours and in no cache is put right', async () => {
    const world = setUp({ live: { ...wanted, metadata: { ...wanted.metadata, uid: 'uid-b', labels: {} } } });
    await rehearse(world);
    expect(world.asked).toEqual(['try', 'apply', 'force']);
  });
});

describe('an adjustment', () => {
  const patchedBefore = {
    manager: 'me',
    operation: 'Update' as const,
    fieldsV1: { 'f:metadata': { 'f:annotations': { 'f:old': {}, 'f:kept': {} } } },
  };
  const theirs: KubeObject = {
    ...wanted,
    metadata: {
      name: 'b',
      namespace: 'ns',
      uid: 'uid-b',
      resourceVersion: '1',
      labels: { theirs: 'x' },
      annotations: { old: '1', kept: '1', made: '1' },
      managedFields: [patchedBefore],
    },
  };
  const adjust = async (
    labels: Record<string, string>,
    annotations: Record<string, string | null>,
    object = theirs,
  ) => {
    const { asked, actor } = setUp({ cached: theirs });
    await actor.apply({ ...nothing, adjust: [{ object, labels, annotations }] }, async () => {});
    return asked;
  };

  it('writes what differs, and takes back what it had put there', async () => {
    expect(await adjust({ mine: 'y' }, { kept: '2', made: null })).toEqual([
      { metadata: { uid: 'uid-b', labels: { mine: 'y' }, annotations: { old: null, kept: '2', made: null } } },
    ]);
  });

  it('writes nothing where all is so already', async () => {
    expect(await adjust({ theirs: 'x' }, { kept: '1', old: '1', gone: null })).toEqual([]);
  });

  it('does not touch a namesake', async () => {
    expect(await adjust({ mine: 'y' }, {}, { ...theirs, metadata: { ...theirs.metadata, uid: 'uid-before' } })).toEqual(
      [],
    );
  });
});
