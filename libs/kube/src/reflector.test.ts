import { FUNCTION, type KubeObject } from '@openfunction/api';
import { CodedError } from '@openfunction/errors';
import { silentLogger } from '@openfunction/telemetry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { apiError } from './api-error.ts';
import type { KubeClient, ListResult, WatchEvent } from './client.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';

function make(name: string, resourceVersion: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Function', metadata: { namespace: 'ns', name, resourceVersion } };
}

type Script = (WatchEvent | Error | 'end')[];

/** An API server that lists and watches by script; a script that is used up keeps the watch open. */
class FakeServer {
  served = true;
  lists: ListResult[] = [];
  watches: Script[] = [];
  readonly calls: string[] = [];
  /** What lists are answered with instead. */
  refusal: Error | undefined;

  async discover(): Promise<string | undefined> {
    return this.served ? 'v1' : undefined;
  }

  async list(): Promise<ListResult> {
    this.calls.push('list');
    if (this.refusal !== undefined) throw this.refusal;
    return this.lists.length > 1 ? (this.lists.shift() as ListResult) : (this.lists[0] as ListResult);
  }

  async *watch(_kind: unknown, { resourceVersion, signal }: { resourceVersion: string; signal: AbortSignal }) {
    this.calls.push(`watch ${resourceVersion}`);
    for (const step of this.watches.shift() ?? []) {
      if (step === 'end') return;
      if (step instanceof Error) throw step;
      yield step;
    }
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  }
}

const event = (type: WatchEvent['type'], name: string, version: string): WatchEvent => ({
  type,
  object: make(name, version),
});
const running: Reflector[] = [];

function start(server: FakeServer, changes: string[] = [], more: Partial<ReflectorOptions> = {}): Reflector {
  const client = server as unknown as KubeClient;
  const onChange = ({ type, object }: { type: string; object: KubeObject }) =>
    changes.push(`${type} ${object.metadata.name}`);
  const reflector = new Reflector({ client, kind: FUNCTION, logger: silentLogger(), onChange, ...more });
  running.push(reflector);
  reflector.start();
  return reflector;
}

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(running.splice(0).map((reflector) => reflector.stop()));
});

describe('a reflector', () => {
  it('lists, watches, and tells each change once', async () => {
    const server = new FakeServer();
    const changes: string[] = [];
    server.lists = [{ items: [make('a', '1')], resourceVersion: '5' }];
    server.watches = [[event('ADDED', 'b', '6'), event('MODIFIED', 'b', '6'), event('DELETED', 'a', '7')]];
    const reflector = start(server, changes);
    await vi.waitFor(() => expect(changes).toEqual(['added a', 'added b', 'deleted a']), { timeout: 10_000 });
    expect(reflector.store.list().map(({ metadata }) => metadata.name)).toEqual(['b']);
    expect(reflector.served).toBe(true);
  });

  it('goes on where it was when the connection ends or fails: no second list', async () => {
    const server = new FakeServer();
    server.lists = [{ items: [], resourceVersion: '5' }];
    server.watches = [
      [event('BOOKMARK', '', '9'), 'end'],
      [event('ADDED', 'b', '12'), new CodedError('api.unavailable', 'gone')],
      [],
    ];
    start(server);
    await vi.waitFor(() => expect(server.calls).toEqual(['list', 'watch 5', 'watch 9', 'watch 12']), 5_000);
  });

  it.each([
    ['inside the stream', { type: 'ERROR', object: { code: 410 } as unknown as KubeObject } satisfies WatchEvent],
    ['as an answer', new CodedError('api.gone', 'too old')],
  ])('lists again when its version is too old, told %s, and finds what was deleted meanwhile', async (_case, gone) => {
    const server = new FakeServer();
    const changes: string[] = [];
    server.lists = [
      { items: [make('a', '1'), make('b', '2')], resourceVersion: '5' },
      { items: [make('b', '2')], resourceVersion: '50' },
    ];
    server.watches = [[gone], []];
    start(server, changes);
    await vi.waitFor(() => expect(changes).toEqual(['added a', 'added b', 'deleted a']), 5_000);
    await vi.waitFor(() => expect(server.calls.at(-1)).toBe('watch 50'), { timeout: 10_000 });
  });

  it('waits for a kind that is not installed, and begins when it is told to look again', async () => {
    const server = new FakeServer();
    server.served = false;
    server.lists = [{ items: [make('a', '1')], resourceVersion: '5' }];
    const reflector = start(server);
    await reflector.ready();
    expect([reflector.served, server.calls]).toEqual([false, []]);
    server.served = true;
    await vi.waitFor(() => {
      reflector.recheck();
      expect(reflector.store.list()).toHaveLength(1);
    });
  });

  it('opens a watch again that has been silent for longer than bookmarks take', async () => {
    vi.useFakeTimers();
    const server = new FakeServer();
    server.lists = [{ items: [], resourceVersion: '5' }];
    start(server);
    await vi.advanceTimersByTimeAsync(99_000);
    expect(server.calls).toEqual(['list', 'watch 5']);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(server.calls).toEqual(['list', 'watch 5', 'watch 5']);
  });

  it('asks a server that refuses every watch ever less often', async () => {
    vi.useFakeTimers();
    const server = new FakeServer();
    server.lists = [{ items: [], resourceVersion: '5' }];
    server.watches = Array.from({ length: 1000 }, () => [new CodedError('api.gone', 'too old')]);
    start(server);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.calls.filter((call) => call === 'list').length).toBeLessThan(15);
  });

  describe('whose first list is refused', () => {
    const refusal = apiError('GET /apis/x', 500, 'conversion webhook for x/v1, Kind=A failed');

    /** What has happened after so many seconds: whether it is ready, whether the kind counts as served, and what was told. */
    async function begin(error: Error, patienceMs?: number) {
      vi.useFakeTimers();
      const server = new FakeServer();
      server.lists = [{ items: [make('a', '1')], resourceVersion: '5' }];
      server.refusal = error;
      const told: boolean[] = [];
      const onServed = (served: boolean) => told.push(served);
      const reflector = start(server, [], { onServed, ...(patienceMs !== undefined && { patienceMs }) });
      let isReady = false;
      reflector.ready().then(() => {
        isReady = true;
      });
      return { server, told, reflector, state: () => [isReady, reflector.served, reflector.unreadable] };
    }

    it('is waited for without limit where no patience is set', async () => {
      const { state } = await begin(refusal);
      await vi.advanceTimersByTimeAsync(600_000);
      expect(state()).toEqual([false, undefined, undefined]);
    });

    it('counts as not served when patience ends, and as served as soon as it is listed', async () => {
      const { server, told, reflector, state } = await begin(refusal, 20_000);
      await vi.advanceTimersByTimeAsync(19_000);
      expect(state()).toEqual([false, undefined, undefined]);
      await vi.advanceTimersByTimeAsync(13_000);
      const why = 'GET /apis/x: conversion webhook for x/v1, Kind=A failed';
      expect([...state(), told]).toEqual([true, false, why, [false]]);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(told).toEqual([false]);
      server.refusal = undefined;
      await vi.advanceTimersByTimeAsync(15_000);
      expect([...state(), told]).toEqual([true, true, undefined, [false, true]]);
      expect(reflector.store.list()).toHaveLength(1);
    });

    it('and then not served at all, is told anew: it is another cause', async () => {
      const { server, told, state } = await begin(refusal, 20_000);
      await vi.advanceTimersByTimeAsync(40_000);
      server.served = false;
      await vi.advanceTimersByTimeAsync(15_000);
      expect([...state(), told]).toEqual([true, false, undefined, [false, false]]);
    });

    it('is waited for while the API server does not answer', async () => {
      const { state } = await begin(new CodedError('api.unavailable', 'cannot be reached'), 20_000);
      await vi.advanceTimersByTimeAsync(600_000);
      expect(state()).toEqual([false, undefined, undefined]);
    });
  });
});
