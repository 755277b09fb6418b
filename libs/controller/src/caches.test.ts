import { apiVersionOf, FUNCTION, type Kind, type KubeObject, POD } from '@openfunction/api';
import { CodedError } from '@openfunction/errors';
import type { KubeClient, Selection } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
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
  logTail: () => Promise<string> = async () => '',
  served: (kind: Kind) => string | undefined = () => 'v1',
) {
  const asked = new Map<string, Selection>();
  const client = {
    logTail,
    discover: async (kind: Kind) => served(kind),
    apiVersion: (kind: Kind) => apiVersionOf(kind, served(kind)),
    list: async ({ kind }: { kind: string }, selection: Selection) => {
      asked.set(kind, selection);
      return { items: kind === 'Pod' ? [pod] : [], resourceVersion: '7' };
    },
    async *watch(_kind: unknown, { signal }: { signal: AbortSignal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  } as unknown as KubeClient;
  const quiet = { fieldManager: 'm', logger: silentLogger(), watchDelayMs: 0, onChange: () => {}, onServed: () => {} };
  caches = new Caches({ client, watches, ...quiet });
  caches.start();
  await caches.ready();
  return { caches, asked };
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

  it('is nothing when it cannot be had: it never fails a reconcile', async () => {
    const made = await makeCaches(watches, async () => {
      throw new CodedError('api.forbidden', 'pods/log');
    });
    expect(await made.caches.logTail(pod.metadata, tail)).toBeUndefined();
  });
});
