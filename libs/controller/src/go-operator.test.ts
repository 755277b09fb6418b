import { GO_OPERATOR, type KubeObject } from '@openfunction/api';
import { CodedError } from '@openfunction/errors';
import type { KubeClient, WatchEvent } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GoOperatorGate } from './go-operator.ts';

/** One lease behind an API: `renew` is told to the watch, `renewUnheard` is not. */
class FakeLeases {
  readonly notes: string[] = [];
  refusal: Error | undefined;
  #lease: KubeObject | undefined;
  #version = 1;
  #tell: (event: WatchEvent) => void = () => {};

  discover = async () => 'v1';
  list = async () => ({
    items: this.#lease === undefined ? [] : [this.#lease],
    resourceVersion: String(this.#version),
  });
  create = async (_kind: unknown, event: { note: string }) => void this.notes.push(event.note);
  get = vi.fn(async () => {
    if (this.refusal !== undefined) throw this.refusal;
    return this.#lease;
  });

  async *watch(_kind: unknown, { signal }: { signal: AbortSignal }) {
    const events: WatchEvent[] = [];
    let wake = () => {};
    this.#tell = (event) => {
      events.push(event);
      wake();
    };
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      for (let event = events.shift(); event !== undefined; event = events.shift()) yield event;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  renewUnheard(holderIdentity = 'go_1', at = new Date()): KubeObject {
    this.#version += 1;
    const metadata = {
      namespace: 'openfunction',
      name: GO_OPERATOR.lease,
      uid: 'u',
      resourceVersion: String(this.#version),
    };
    const spec = { holderIdentity, renewTime: at.toISOString(), leaseDurationSeconds: 15 };
    this.#lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    return this.#lease;
  }

  renew(holderIdentity = 'go_1', at = new Date()): void {
    this.#tell({ type: 'MODIFIED', object: this.renewUnheard(holderIdentity, at) });
  }

  remove(): void {
    const object = this.renewUnheard();
    this.#lease = undefined;
    this.#tell({ type: 'DELETED', object });
  }
}

describe('while the Go operator renews its lease', () => {
  let leases: FakeLeases;
  let gate: GoOperatorGate;
  let opened: number;

  beforeEach(() => {
    vi.useFakeTimers();
    leases = new FakeLeases();
    opened = 0;
    gate = new GoOperatorGate({
      client: leases as unknown as KubeClient,
      namespace: 'openfunction',
      controller: 'function',
      identity: 'openfunction-function-controller',
      logger: silentLogger(),
    });
  });

  afterEach(async () => {
    await gate.stop();
    vi.useRealTimers();
  });

  const start = () => gate.start(() => (opened += 1));
  const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

  it('is open at once without a lease, and asks nothing more', async () => {
    await start();
    expect(gate.isOpen()).toBe(true);
    await pass(3600);
    expect(leases.get).toHaveBeenCalledTimes(1);
    expect(opened).toBe(0);
  });

  it('is open at once, and stays so, where the lease may not be read', async () => {
    leases.refusal = new CodedError('api.forbidden', 'no');
    await start();
    await pass(3600);
    expect(gate.isOpen()).toBe(true);
    expect(leases.get).toHaveBeenCalledTimes(1);
  });

  it('waits as long as renewals are seen, whatever time they bear, says so once, and goes on after the last', async () => {
    leases.renewUnheard();
    await start();
    expect(gate.isOpen()).toBe(false);
    for (let round = 0; round < 30; round += 1) {
      await pass(2);
      leases.renew('go_1', new Date(Date.now() - 3_600_000));
    }
    await pass(19);
    expect([gate.isOpen(), opened]).toEqual([false, 0]);
    await pass(2);
    expect([gate.isOpen(), opened]).toEqual([true, 1]);
    expect(leases.notes).toEqual([expect.stringMatching(/waits and writes nothing while the Go operator \(go_1\)/)]);
  });

  it('goes on at once when the lease is given up or deleted', async () => {
    leases.renewUnheard();
    await start();
    leases.renew('');
    await pass(0);
    expect([gate.isOpen(), opened]).toEqual([true, 1]);
    leases.renew('go_2');
    await pass(0);
    expect(gate.isOpen()).toBe(false);
    leases.remove();
    await pass(0);
    expect([gate.isOpen(), opened]).toEqual([true, 2]);
  });

  it('stops again when the operator comes back', async () => {
    await start();
    leases.renew('go_1');
    await pass(0);
    expect(gate.isOpen()).toBe(false);
  });

  it('does not take a broken watch, or an API server that does not answer, for the end of the operator', async () => {
    leases.renewUnheard();
    await start();
    await pass(15);
    leases.renewUnheard();
    await pass(10);
    expect(gate.isOpen()).toBe(false);
    leases.refusal = new CodedError('api.unavailable', 'away');
    await pass(60);
    expect(gate.isOpen()).toBe(false);
    leases.refusal = undefined;
    await pass(2);
    expect([gate.isOpen(), opened]).toEqual([true, 1]);
  });
});
