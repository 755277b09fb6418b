import { BUILDER, childMeta, FUNCTION, type KubeObject, SERVING } from '@openfunction/api';
import { CodedError } from '@openfunction/errors';
import type { KubeClient, WatchEvent } from '@openfunction/kube';
import { type Job, memoryQueue, type WorkQueue } from '@openfunction/queue';
import { silentLogger } from '@openfunction/telemetry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Shell } from './shell.ts';
import type { Controller, Gate, Plan } from './types.ts';

/** An API server of three kinds in memory: versions count up, watches tell, status patches need the right version. */
class FakeServer {
  readonly objects = new Map<string, KubeObject>();
  readonly writes: string[] = [];
  refuse: ((write: string) => Error | undefined) | undefined;
  /** How much later than the watch tells of it an apply is answered. */
  answerMs = 0;
  #version = 100;
  readonly #listeners = new Set<(event: WatchEvent) => void>();

  apiVersion = () => 'core.openfunction.io/v1beta2';
  discover = async () => 'v1beta2';
  list = async (kind: { kind: string }) => ({
    items: [...this.objects.values()].filter((object) => object.kind === kind.kind),
    resourceVersion: String(this.#version),
  });

  async *watch(kind: { kind: string }, { signal }: { signal: AbortSignal }) {
    const events: WatchEvent[] = [];
    let wake = () => {};
    const listener = (event: WatchEvent) => {
      if (event.object.kind !== kind.kind) return;
      events.push(event);
      wake();
    };
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      for (let event = events.shift(); event !== undefined; event = events.shift()) yield event;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    this.#listeners.delete(listener);
  }

  get = async (kind: { kind: string }, { name }: { name: string }) => this.objects.get(`${kind.kind}/${name}`);

  apply = async (_kind: unknown, object: KubeObject) => {
    this.#allow(`apply ${object.kind} ${object.metadata.name}`);
    const stored = this.put(object);
    await new Promise((resolve) => setTimeout(resolve, this.answerMs));
    return stored;
  };

  patch = async (
    kind: { kind: string },
    { name }: { name: string },
    patch: { metadata: { resourceVersion: string }; status: object },
  ) => {
    this.#allow(`status ${name}`);
    const object = this.objects.get(`${kind.kind}/${name}`);
    if (object?.metadata.resourceVersion !== patch.metadata.resourceVersion)
      throw new CodedError('api.conflict', 'it changed');
    return this.put({ ...object, status: { ...object['status'], ...patch.status } });
  };

  delete = async (kind: { kind: string }, { name }: { name: string }) => {
    this.#allow(`delete ${kind.kind} ${name}`);
    const object = this.objects.get(`${kind.kind}/${name}`);
    this.objects.delete(`${kind.kind}/${name}`);
    if (object !== undefined)
      this.#tell({
        type: 'DELETED',
        object: { ...object, metadata: { ...object.metadata, resourceVersion: this.#next() } },
      });
  };

  create = async (_kind: unknown, event: { reason: string }) => this.#allow(`event ${event.reason}`);

  put(object: KubeObject): KubeObject {
    const key = `${object.kind}/${object.metadata.name}`;
    const old = this.objects.get(key);
    const changed = JSON.stringify(old?.['spec']) !== JSON.stringify(object['spec']);
    const generation = (old?.metadata.generation ?? 0) + (changed ? 1 : 0);
    const metadata = {
      uid: `uid-${object.metadata.name}`,
      ...object.metadata,
      generation,
      resourceVersion: this.#next(),
    };
    const stored = { ...object, metadata };
    this.objects.set(key, stored);
    this.#tell({ type: old === undefined ? 'ADDED' : 'MODIFIED', object: stored });
    return stored;
  }

  #next(): string {
    this.#version += 1;
    return String(this.#version);
  }

  #allow(write: string): void {
    this.writes.push(write);
    const refusal = this.refuse?.(write);
    if (refusal !== undefined) throw refusal;
  }

  #tell(event: WatchEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

interface Seen {
  fn: KubeObject;
  children: KubeObject[];
}

const fn = (name = 'a'): KubeObject => ({
  apiVersion: 'core.openfunction.io/v1beta2',
  kind: 'Function',
  metadata: { namespace: 'ns', name },
  spec: { size: 1 },
});

/** One Builder for each Function; the status tells its size, and an event is told when it is new. */
function planOne({ fn: object, children }: Seen): Plan<Record<string, unknown>> {
  const size = object['spec'].size as number;
  const builder = {
    apiVersion: object.apiVersion,
    kind: 'Builder',
    metadata: childMeta(object, `${object.metadata.name}-b`),
    spec: { size },
  };
  const isNew = object['status']?.size !== size;
  const note = { type: 'Normal' as const, reason: 'Made', message: 'made', action: 'Build', occasion: String(size) };
  const unwanted = children.filter(({ metadata }) => metadata.name !== `${object.metadata.name}-b`);
  return {
    apply: [builder],
    remove: unwanted,
    status: { size, children: children.length },
    events: isNew ? [note] : [],
  };
}

const controller: Controller<Seen, Record<string, unknown>> = {
  name: 'function',
  primary: FUNCTION,
  watches: [
    { kind: FUNCTION, wakes: 'self' },
    { kind: BUILDER, wakes: 'owner' },
    { kind: SERVING, wakes: 'owner' },
  ],
  observe: (object, world) => ({ fn: object, children: world.store(BUILDER).ownedBy(object.metadata.uid ?? '') }),
  plan: planOne,
  markFailed: ({ fn: object }, error) => ({ ...object['status'], failed: error.message }),
  markPaused: (object) => ({ ...object['status'], paused: true }),
};

describe('the shell', () => {
  let shell: Shell<Seen, Record<string, unknown>> | undefined;
  const partners: WorkQueue[] = [];

  const start = async (
    server: FakeServer,
    handedOver: Job[] = [],
    gate?: Gate,
    remedy?: NonNullable<typeof controller.remedy>,
  ) => {
    const partner = memoryQueue();
    partners.push(partner);
    partner.work(async (job) => void handedOver.push(job), { concurrency: 1 });
    const client = server as unknown as KubeClient;
    shell = new Shell({
      controller: { ...controller, ...(remedy !== undefined && { remedy }) },
      client,
      queue: memoryQueue(),
      handOver: new Map([[BUILDER, partner]]),
      fieldManager: 'me',
      concurrency: 4,
      watchDelayMs: 0,
      logger: silentLogger(),
      ...(gate !== undefined && { gate }),
    });
    await shell.start();
  };

  afterEach(async () => {
    await shell?.stop();
    for (const partner of partners.splice(0)) await partner.close();
  });

  const writes = (server: FakeServer) => server.writes;

  it('applies children, writes the status once, then tells the event; and then nothing more', async () => {
    const server = new FakeServer();
    await start(server);
    server.put(fn());
    await vi.waitFor(() => expect(writes(server)).toEqual(['apply Builder a-b', 'status a', 'event Made']), {
      timeout: 10_000,
    });
    server.put({
      ...fn(),
      metadata: { ...server.objects.get('Function/a')?.metadata, name: 'a', labels: { touched: 'yes' } },
    });
    await vi.waitFor(() => expect(server.objects.get('Function/a')?.metadata.labels).toEqual({ touched: 'yes' }), {
      timeout: 10_000,
    });
    await new Promise((resolve) => setTimeout(resolve, 50)); // whatever that woke has run
    expect(writes(server).filter((write) => write.startsWith('apply'))).toHaveLength(1);
  });

  it('is not woken by what it writes itself, although the watch tells of that before the answer comes', async () => {
    const observe = vi.spyOn(controller, 'observe');
    const server = new FakeServer();
    server.answerMs = 30;
    await start(server);
    server.put(fn());
    await vi.waitFor(() => expect(writes(server)).toContain('event Made'), { timeout: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 100)); // whatever that woke has run
    expect(observe).toHaveBeenCalledTimes(3); // the child is missing; it is there; there is nothing left to do
    observe.mockRestore();
    const builder = server.objects.get('Builder/a-b') as KubeObject;
    server.put({ ...builder, spec: { size: 99 } });
    await vi.waitFor(() => expect(server.objects.get('Builder/a-b')?.['spec']).toEqual({ size: 1 }), {
      timeout: 10_000,
    });
  });

  it('makes nothing again for an object that is deleted while its children are made', async () => {
    const server = new FakeServer();
    server.answerMs = 30;
    await start(server);
    server.refuse = (write) => {
      if (write === 'apply Builder a-b')
        setTimeout(async () => {
          await server.delete(FUNCTION, { name: 'a' });
          await server.delete(BUILDER, { name: 'a-b' });
        }, 5);
      return undefined;
    };
    server.put(fn());
    await vi.waitFor(() => expect(writes(server)).toContain('delete Builder a-b'), { timeout: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 200)); // whatever follows has run
    expect(writes(server)).toEqual(['apply Builder a-b', 'delete Function a', 'delete Builder a-b']);
  });

  it('forgets the time to look again when the next plan has none', async () => {
    const plan = vi.spyOn(controller, 'plan').mockImplementation((seen) => {
      const isSmall = seen.fn['spec'].size === 1;
      return { ...planOne(seen), ...(isSmall && { wakeAt: new Date(Date.now() + 1_000) }) };
    });
    const server = new FakeServer();
    await start(server);
    server.put(fn());
    await vi.waitFor(() => expect(writes(server)).toContain('event Made'), { timeout: 10_000 });
    server.put({ ...(server.objects.get('Function/a') as KubeObject), spec: { size: 2 } });
    await vi.waitFor(() => expect(server.objects.get('Function/a')?.['status']?.size).toBe(2), { timeout: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 300)); // the last look of the change is over
    plan.mockClear();
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // it would have rung
    const { length } = plan.mock.calls;
    plan.mockRestore();
    expect(length).toBe(0);
  });

  it('hands what it made to the partner, with the version that it saw', async () => {
    const server = new FakeServer();
    const jobs: Job[] = [];
    await start(server, jobs);
    server.put(fn());
    await vi.waitFor(() => expect(jobs).toHaveLength(1), { timeout: 10_000 });
    const version = server.objects.get('Builder/a-b')?.metadata.resourceVersion;
    expect(jobs[0]).toMatchObject({
      key: { namespace: 'ns', name: 'a-b', uid: 'uid-a-b' },
      floor: { 'builders.core.openfunction.io/ns/a-b': version },
    });
  });

  it('puts drift in a child right, and makes one again that was deleted', async () => {
    const server = new FakeServer();
    await start(server);
    server.put(fn());
    await vi.waitFor(() => expect(writes(server)).toContain('event Made'), { timeout: 10_000 });
    const builder = server.objects.get('Builder/a-b') as KubeObject;
    server.put({ ...builder, spec: { size: 99 } });
    await vi.waitFor(() => expect(server.objects.get('Builder/a-b')?.['spec']).toEqual({ size: 1 }), {
      timeout: 10_000,
    });
    await server.delete(BUILDER, { name: 'a-b' });
    await vi.waitFor(() => expect(server.objects.get('Builder/a-b')).toBeDefined(), { timeout: 10_000 });
  });

  it('removes only after the status is written', async () => {
    const server = new FakeServer();
    const owner = server.put(fn());
    server.put({ apiVersion: owner.apiVersion, kind: 'Builder', metadata: childMeta(owner, 'old'), spec: {} });
    await start(server);
    await vi.waitFor(() => expect(writes(server)).toContain('delete Builder old'), { timeout: 10_000 });
    expect(writes(server).indexOf('status a')).toBeLessThan(writes(server).indexOf('delete Builder old'));
  });

  it('reads again and goes on quietly after a conflict', async () => {
    const server = new FakeServer();
    await start(server);
    let conflicts = 1;
    server.refuse = (write) =>
      write === 'status a' && conflicts-- > 0 ? new CodedError('api.conflict', 'it changed') : undefined;
    server.put(fn());
    await vi.waitFor(() => expect(server.objects.get('Function/a')?.['status']?.size).toBe(1), 3_000);
    expect(server.objects.get('Function/a')?.['status'].failed).toBeUndefined();
  });

  it('tells the user what only the world can mend, and tries again', async () => {
    const server = new FakeServer();
    await start(server);
    server.refuse = (write) =>
      write === 'apply Builder a-b' ? new CodedError('api.invalid', 'the API server refuses it') : undefined;
    server.put(fn());
    await vi.waitFor(() =>
      expect(server.objects.get('Function/a')?.['status']?.failed).toBe('the API server refuses it'),
    );
    server.refuse = undefined;
    await vi.waitFor(() => expect(server.objects.get('Builder/a-b')).toBeDefined(), 3_000);
  });

  it('says nothing of a refusal that the controller has mended, and something else where it could not', async () => {
    const server = new FakeServer();
    const asked: string[] = [];
    const answers = [async () => true, () => Promise.reject(new CodedError('api.invalid', 'switch it on yourself'))];
    await start(server, [], undefined, async (refusal) => {
      asked.push(refusal.message);
      return (await answers[asked.length - 1]?.()) ?? false;
    });
    server.refuse = (write) =>
      write === 'apply Builder a-b' ? new CodedError('api.invalid', 'it is switched off') : undefined;
    server.put(fn());
    await vi.waitFor(() => expect(asked).toHaveLength(1), { timeout: 10_000 });
    expect(server.objects.get('Function/a')?.['status']?.failed).toBeUndefined();
    await vi.waitFor(
      () => expect(server.objects.get('Function/a')?.['status']?.failed).toBe('switch it on yourself'),
      3_000,
    );
    expect(asked[1]).toBe('it is switched off');
  });

  it('carries the rest of the plan out where a child that holds up nothing else is refused, and rests until it is made', async () => {
    const server = new FakeServer();
    const owner = server.put(fn());
    server.put({ apiVersion: owner.apiVersion, kind: 'Builder', metadata: childMeta(owner, 'old'), spec: {} });
    const child = (name: string) => ({
      apiVersion: owner.apiVersion,
      kind: 'Serving',
      metadata: childMeta(server.objects.get('Function/a') as KubeObject, name),
      spec: {},
    });
    const plan = vi.spyOn(controller, 'plan').mockImplementation((seen) => {
      const { status, ...rest } = planOne(seen);
      const size = seen.fn['spec'].size;
      // What is laid over the status is not in the planned one.
      const planned = { ...status, failed: null };
      return { ...rest, status: planned, apart: [[child('a-1'), child('a-2')], [child(`a-3-${size}`)]] };
    });
    const markFailed = vi
      .spyOn(controller, 'markFailed')
      .mockImplementation((_seen, error, _now, apart) => ({ ...apart?.status, failed: error.message }));
    server.refuse = (write) =>
      write === 'apply Serving a-1' ? new CodedError('api.invalid', 'it is wrong') : undefined;
    await start(server);
    await vi.waitFor(() => expect(writes(server)).toContain('delete Builder old'), { timeout: 10_000 });
    expect(
      writes(server)
        .filter((write) => write !== 'apply Serving a-1')
        .slice(0, 5),
    ).toEqual(['apply Builder a-b', 'apply Serving a-3-1', 'status a', 'event Made', 'delete Builder old']);
    expect(server.objects.get('Function/a')?.['status']).toMatchObject({ size: 1, failed: 'it is wrong' });
    const tries = () => writes(server).filter((write) => write === 'apply Serving a-1').length;
    await vi.waitFor(() => expect(server.objects.get('Function/a')?.['status']?.children).toBe(1), { timeout: 10_000 });
    const [before, { length }] = [tries(), writes(server)];
    await vi.waitFor(() => expect(tries()).toBeGreaterThan(before + 1), { timeout: 10_000 });
    expect(
      writes(server)
        .slice(length)
        .filter((write) => write !== 'apply Serving a-1'),
    ).toEqual([]);
    server.put({ ...(server.objects.get('Function/a') as KubeObject), spec: { size: 2 } });
    await vi.waitFor(() => expect(server.objects.get('Function/a')?.['status']?.size).toBe(2), { timeout: 10_000 });
    server.refuse = undefined;
    await vi.waitFor(() => expect(server.objects.get('Function/a')?.['status']?.failed).toBeNull(), {
      timeout: 10_000,
    });
    expect(server.objects.has('Serving/a-2')).toBe(true);
    plan.mockRestore();
    markFailed.mockRestore();
  });

  it('looks again when the plan asks for it, not only when a refused child is tried', async () => {
    const plan = vi.spyOn(controller, 'plan').mockImplementation((seen) => {
      const { apply, ...rest } = planOne(seen);
      return { ...rest, apply: [], apart: [apply], wakeAt: new Date(Date.now() + 50) };
    });
    const server = new FakeServer();
    server.refuse = (write) => (write.startsWith('apply') ? new CodedError('api.invalid', 'no') : undefined);
    await start(server);
    server.put(fn());
    await vi.waitFor(() => expect(plan.mock.calls.length).toBeGreaterThan(2), { timeout: 10_000 });
    const { length } = plan.mock.calls;
    await new Promise((resolve) => setTimeout(resolve, 400)); // less than the first try would wait
    expect(plan.mock.calls.length).toBeGreaterThan(length + 2);
    plan.mockRestore();
  });

  it('throws at once what is no refusal, also of a child that holds up nothing else', async () => {
    const plan = vi.spyOn(controller, 'plan').mockImplementation((seen) => {
      const { apply, ...rest } = planOne(seen);
      return { ...rest, apply: [], apart: [apply] };
    });
    const server = new FakeServer();
    let tries = 0;
    server.refuse = (write) => {
      if (!write.startsWith('apply')) return undefined;
      tries += 1;
      return tries === 1 ? new CodedError('api.conflict', 'it changed') : undefined;
    };
    await start(server);
    server.put(fn());
    await vi.waitFor(() => expect(writes(server)).toContain('event Made'), { timeout: 10_000 });
    expect(writes(server).slice(0, 3)).toEqual(['apply Builder a-b', 'apply Builder a-b', 'status a']);
    plan.mockRestore();
  });

  it('never takes over an object of the wanted name that somebody else owns', async () => {
    const server = new FakeServer();
    const other = fn('other');
    other.metadata.uid = 'uid-other';
    server.put({
      apiVersion: other.apiVersion,
      kind: 'Builder',
      metadata: childMeta(other, 'a-b'),
      spec: { theirs: true },
    });
    await start(server);
    server.put(fn('a'));
    await vi.waitFor(() =>
      expect(server.objects.get('Function/a')?.['status']?.failed).toMatch(
        /Builder "a-b" exists and belongs to Function "other"/,
      ),
    );
    expect(writes(server).filter((write) => write === 'apply Builder a-b')).toEqual([]);
  });

  it('writes one status for a paused object, whatever changes, and goes on with all of it afterwards', async () => {
    const server = new FakeServer();
    await start(server);
    server.put(fn());
    await vi.waitFor(() => expect(writes(server)).toContain('event Made'), { timeout: 10_000 });
    const touch = (changes: object, annotations?: Record<string, string>) => {
      const live = server.objects.get('Function/a') as KubeObject;
      const { annotations: _before, ...metadata } = live.metadata;
      server.put({ ...live, ...changes, metadata: { ...metadata, ...(annotations && { annotations }) } });
    };
    writes(server).splice(0);
    touch({}, { 'openfunction.io/paused': 'true' });
    await vi.waitFor(() => expect(server.objects.get('Function/a')?.['status']).toMatchObject({ paused: true }), {
      timeout: 10_000,
    });
    touch({ spec: { size: 7 } }, { 'openfunction.io/paused': 'true' });
    await server.delete(BUILDER, { name: 'a-b' });
    server.put(fn('other'));
    await vi.waitFor(() => expect(writes(server)).toContain('status other'), { timeout: 10_000 });
    expect(writes(server).filter((write) => !write.includes('other'))).toEqual([
      'status a',
      'delete Builder a-b',
      'event Made',
    ]);
    touch({}, { 'openfunction.io/paused': 'True' });
    await vi.waitFor(() => expect(server.objects.get('Builder/a-b')?.['spec']).toEqual({ size: 7 }), {
      timeout: 10_000,
    });
  });

  it('drops jobs while the gate is shut, and looks at every object when it opens', async () => {
    const server = new FakeServer();
    let open = () => {};
    let isOpen = false;
    const gate = {
      isOpen: () => isOpen,
      start: async (onOpen: () => void) => {
        open = onOpen;
      },
      stop: async () => {},
    };
    server.put(fn('a'));
    await start(server, [], gate);
    server.put(fn('b'));
    await new Promise((resolve) => setTimeout(resolve, 100)); // jobs that should do nothing have run
    expect(writes(server)).toEqual([]);
    isOpen = true;
    open();
    await vi.waitFor(() => expect(writes(server)).toEqual(expect.arrayContaining(['status a', 'status b'])), {
      timeout: 10_000,
    });
  });

  it('lets an object that is being deleted alone', async () => {
    const server = new FakeServer();
    const deleting = fn('gone');
    deleting.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    server.put(deleting);
    server.put(fn('a'));
    await start(server);
    await vi.waitFor(() => expect(writes(server)).toContain('event Made'), { timeout: 10_000 });
    expect(writes(server).some((write) => write.includes('gone'))).toBe(false);
  });
});
