import { apiVersionOf, FUNCTION, type Kind, type KubeObject, POD } from '@openfunction/api';
import { CodedError } from '@openfunction/errors';
import { apiError, type KubeClient, type LogTail, type Selection } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Caches } from './caches.ts';
import type { Watch } from './types.ts';

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', resourceVersion: '7' },
  spec: { secret: 'env' },
};

let caches: Caches | undefined;
afterEach(() => caches?.stop());

/** Caches over an API server that holds one Pod; tells how each kind was listed. */
async function makeCaches(
  watches: Watch[],
  logTail: KubeClient['logTail'] = async () => '',
  served: (kind: Kind) => string | undefined = () => 'v1',
  forbidden = '',
) {
  const asked = new Map<string, Selection>();
  const patched: unknown[] = [];
  const read: unknown[] = [];
  const client = {
    logTail,
    discover: async (kind: Kind) => served(kind),
    apiVersion: (kind: Kind) => apiVersionOf(kind, served(kind)),
    list: async ({ kind }: { kind: string }, selection: Selection) => {
      asked.set(kind, selection);
      if (kind === forbidden) throw new CodedError('api.forbidden', kind);
      return { items: kind === 'Pod' ? [pod] : [], resourceVersion: '7' };
    },
    get: async (_kind: Kind, { name }: { name: string }, options: object) => {
      read.push(options);
      if (name === 'hidden') throw new CodedError('api.forbidden', name);
      return name === pod.metadata.name ? pod : undefined;
    },
    patch: async (_kind: Kind, _key: object, patch: { metadata: object }) => {
      patched.push(patch);
      return { ...pod, metadata: { ...pod.metadata, ...patch.metadata, resourceVersion: '8' } };
    },
    async *watch(_kind: unknown, { signal }: { signal: AbortSignal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  } as unknown as KubeClient;
  const quiet = { fieldManager: 'm', logger: silentLogger(), watchDelayMs: 0, onChange: () => {}, onServed: () => {} };
  caches = new Caches({ client, watches, ...quiet });
  caches.start();
  await caches.ready();
  return { caches, asked, patched, read };
}

describe('a watch', () => {
  it('is narrowed by label on the server, and keeps only what the controller reads', async () => {
    const trim = ({ spec: _spec, ...rest }: KubeObject): KubeObject =>
      ({ ...rest, status: { kept: true } }) as KubeObject;
    const watches: Watch[] = [
      { kind: POD, wakes: 'owner', labelSelector: 'made-by', trim },
      { kind: FUNCTION, wakes: 'self' },
    ];
    const made = await makeCaches(watches);
    expect(made.asked.get('Pod')?.labelSelector).toBe('made-by');
    expect(made.asked.get('Function')?.labelSelector).toBeUndefined();
    const kept = made.caches.store(POD).get('ns/p');
    expect([kept?.['spec'], kept?.['status']]).toEqual([undefined, { kept: true }]);
  });
});

describe('a kind that cannot be listed', () => {
  afterEach(() => vi.useRealTimers());

  it.each([
    ['is done without after 20 s where it is dispensable', true, [true, false]],
    ['is waited for otherwise', false, [false, undefined]],
  ])('%s', async (_case, dispensable, expected) => {
    vi.useFakeTimers();
    const client = {
      discover: async () => 'v1',
      apiVersion: (kind: Kind) => apiVersionOf(kind, 'v1'),
      list: async ({ kind }: { kind: string }) => {
        if (kind === 'Pod') throw apiError('GET /pods', 500, 'conversion webhook failed');
        return { items: [], resourceVersion: '7' };
      },
      async *watch(_kind: unknown, { signal }: { signal: AbortSignal }) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    } as unknown as KubeClient;
    const watches: Watch[] = [
      { kind: POD, wakes: 'owner', dispensable },
      { kind: FUNCTION, wakes: 'self' },
    ];
    const quiet = {
      fieldManager: 'm',
      logger: silentLogger(),
      watchDelayMs: 0,
      onChange: () => {},
      onServed: () => {},
    };
    caches = new Caches({ client, watches, ...quiet });
    caches.start();
    let isReady = false;
    caches.ready().then(() => {
      isReady = true;
    });
    await vi.advanceTimersByTimeAsync(35_000);
    expect([isReady, caches.served(POD)]).toEqual(expected);
    expect([caches.unreadable(POD), caches.version(POD)]).toEqual([
      dispensable ? 'GET /pods: conversion webhook failed' : undefined,
      undefined,
    ]);
  });
});

describe('the version of a kind', () => {
  it('is the one that is served, and none while there is none', async () => {
    const watches: Watch[] = [POD, FUNCTION].map((kind) => ({ kind, wakes: 'self' }));
    const { caches: made } = await makeCaches(watches, undefined, ({ kind }) => (kind === 'Pod' ? 'v1' : undefined));
    expect([made.version(POD), made.version(FUNCTION)]).toEqual(['v1', undefined]);
  });
});

describe('the end of a log', () => {
  const tail = { container: 'c', lines: 1, bytes: 10 };
  const watches: Watch[] = [{ kind: POD, wakes: 'owner' }];

  it('is as the API server gives it', async () => {
    const made = await makeCaches(watches, async () => 'last words');
    expect(await made.caches.logTail(pod.metadata, tail)).toBe('last words');
  });

  /** Serves a log as the kubelet does: the first bytes of the last lines. */
  const serving =
    (log: string[], asked: number[]) =>
    async (_pod: unknown, { lines, bytes }: LogTail) => {
      asked.push(lines);
      return log
        .slice(-lines)
        .map((line) => `${line}\n`)
        .join('')
        .slice(0, bytes);
    };

  it.each([
    ['short lines', ['a', 'b', 'c'], [9], 'a\nb\nc\n'],
    ['a long line far above the error', ['x'.repeat(50), 'a', 'b', 'c', 'd', 'boom'], [9, 5], 'a\nb\nc\nd\nboom\n'],
    ['a long line just above the error', ['a', 'x'.repeat(50), 'boom'], [9, 5, 1], 'boom\n'],
    ['a long line at the end', ['boom', 'x'.repeat(50)], [9, 5, 1], `boom\n${'x'.repeat(15)}`],
  ])('is asked for in fewer lines where the answer is cut off: %s', async (_case, log, asked, text) => {
    const [lines, bytes, container] = [9, 20, 'c'];
    const requests: number[] = [];
    const made = await makeCaches(watches, serving(log, requests));
    expect(await made.caches.logTail(pod.metadata, { container, lines, bytes })).toBe(text);
    expect(requests).toEqual(asked);
  });

  it('is nothing when it cannot be had: it never fails a reconcile', async () => {
    const made = await makeCaches(watches, async () => {
      throw new CodedError('api.forbidden', 'pods/log');
    });
    expect(await made.caches.logTail(pod.metadata, tail)).toBeUndefined();
  });
});

describe('an object that is not watched', () => {
  it.each([
    ['p', true],
    ['gone', false],
    ['hidden', undefined],
  ])('%s: exists, or not, or nobody can tell, and that never fails a reconcile', async (name, exists) => {
    const { caches, read } = await makeCaches([]);
    expect(await caches.exists(POD, { namespace: 'ns', name })).toBe(exists);
    expect(read).toEqual([{ metadataOnly: true }]);
  });
});

describe('the Events about an object', () => {
  it('are asked of the API server by its uid, in its namespace', async () => {
    const made = await makeCaches([{ kind: POD, wakes: 'owner' }]);
    expect(await made.caches.eventsOf({ ...pod, metadata: { ...pod.metadata, uid: 'u-1' } })).toEqual([]);
    expect(made.asked.get('Event')).toEqual({ namespace: 'ns', fieldSelector: 'regarding.uid=u-1' });
  });

  it('are none when they cannot be had: that never fails a reconcile', async () => {
    const made = await makeCaches([{ kind: POD, wakes: 'owner' }], undefined, undefined, 'Event');
    expect(await made.caches.eventsOf(pod)).toEqual([]);
  });
});

describe('annotations on an object of somebody else', () => {
  it('are put on what was observed only, and known at once', async () => {
    const { caches, patched } = await makeCaches([{ kind: POD, wakes: 'owner' }]);
    const observed = { ...pod, metadata: { ...pod.metadata, uid: 'u' } };
    await caches.annotate(POD, observed, { note: 'a' });
    expect(patched).toEqual([{ metadata: { uid: 'u', resourceVersion: '7', annotations: { note: 'a' } } }]);
    expect(caches.store(POD).get('ns/p')?.metadata.annotations).toEqual({ note: 'a' });
  });
});
