import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Admission, RevisionTraffic } from './revision-traffic.ts';

let held: number;
let accepting: boolean;
let door: RevisionTraffic;
const forever = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
  held = 0;
  accepting = true;
  door = new RevisionTraffic({
    queueLimit: 3,
    holdMs: 60_000,
    now: Date.now,
    probe: async () => accepting,
    onHeld: () => {
      held += 1;
    },
  });
});
afterEach(() => void vi.useRealTimers());

function leaseOf(admission: Admission) {
  if (!('lease' in admission)) throw new Error(admission.refused);
  return admission.lease;
}

describe('the door of a revision', () => {
  test('lets requests in at once while there is an instance', async () => {
    door.addInstance('a', 20_001);
    expect(leaseOf(await door.admit(forever))).toMatchObject({ port: 20_001, instance: 'a' });
    expect(held).toBe(0);
  });

  test('spreads requests over the instances, most to the one with the fewest', async () => {
    door.addInstance('a', 20_001);
    door.addInstance('b', 20_002);
    const leases = [];
    for (let count = 0; count < 4; count += 1) leases.push(leaseOf(await door.admit(forever)));
    expect(leases.map(({ instance }) => instance).sort()).toEqual(['a', 'a', 'b', 'b']);
    for (const lease of leases.filter(({ instance }) => instance === 'b')) lease.release();
    expect(leaseOf(await door.admit(forever)).instance).toBe('b');
    expect(leaseOf(await door.admit(forever)).instance).toBe('b');
  });

  test('holds requests while there is none, wakes the scaler, and lets them in in order', async () => {
    const order: number[] = [];
    const waiting = [1, 2, 3].map((number) => door.admit(forever).then(() => order.push(number)));
    expect([held, door.open]).toEqual([3, 3]);
    door.addInstance('a', 20_001);
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  test('refuses when too many wait, and when one has waited too long', async () => {
    const first = door.admit(forever);
    void door.admit(forever);
    void door.admit(forever);
    expect(await door.admit(forever)).toEqual({ refused: 'queue-full' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await first).toEqual({ refused: 'too-late' });
    expect(door.open).toBe(0);
  });

  test('forgets a caller that has left', async () => {
    const caller = new AbortController();
    const waiting = door.admit(caller.signal);
    caller.abort();
    expect(await waiting).toEqual({ refused: 'caller-left' });
    expect(door.open).toBe(0);
  });

  test('lets no more in than the concurrency of the revision', async () => {
    door.concurrency = 1;
    door.addInstance('a', 20_001);
    const first = leaseOf(await door.admit(forever));
    let second: Admission | undefined;
    void door.admit(forever).then((admission) => {
      second = admission;
    });
    await vi.advanceTimersByTimeAsync(10);
    expect(second).toBeUndefined();
    first.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(second).toHaveProperty('lease');
  });

  test('drains an instance: nothing new goes there, and it is empty when the last request ended', async () => {
    door.addInstance('a', 20_001);
    const lease = leaseOf(await door.admit(forever));
    let empty = false;
    void door.drainInstance('a').then(() => {
      empty = true;
    });
    door.addInstance('b', 20_002);
    expect(leaseOf(await door.admit(forever)).instance).toBe('b');
    expect(empty).toBe(false);
    lease.release();
    lease.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(empty).toBe(true);
    expect(door.open).toBe(1);
  });

  test('sends nothing to an instance that dropped a connection until it accepts one again', async () => {
    door.addInstance('a', 20_001);
    accepting = false;
    door.suspect('a');
    let admission: Admission | undefined;
    void door.admit(forever).then((result) => {
      admission = result;
    });
    await vi.advanceTimersByTimeAsync(500);
    expect(admission).toBeUndefined();
    accepting = true;
    await vi.advanceTimersByTimeAsync(100);
    expect(admission).toHaveProperty('lease');
  });

  test('refuses the held ones when the revision is gone, so that they go elsewhere', async () => {
    const waiting = door.admit(forever);
    door.close();
    expect(await waiting).toEqual({ refused: 'revision-gone' });
    expect(await door.admit(forever)).toEqual({ refused: 'revision-gone' });
  });

  test('knows when the last request ended', async () => {
    door.addInstance('a', 20_001);
    const lease = leaseOf(await door.admit(forever));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(door.lastActive).toBe(Date.now());
    lease.release();
    const ended = Date.now();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(door.lastActive).toBe(ended);
  });
});
