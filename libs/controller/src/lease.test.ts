import type { KubeObject } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { heldFor, renewalOf } from './lease.ts';

const NOW = new Date('2026-01-01T12:00:00Z');

function lease(spec: object): KubeObject {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l', uid: 'u' }, spec };
}

const at = (secondsAgo: number) => new Date(NOW.getTime() - secondsAgo * 1000).toISOString();
const held = (secondsAgo: number, more = {}) =>
  lease({ holderIdentity: 'pod_1', leaseDurationSeconds: 15, renewTime: at(secondsAgo), ...more });

describe('how long a lease counts as held', () => {
  const cases: [string, KubeObject | undefined, boolean, number][] = [
    ['no lease', undefined, true, 0],
    ['one that was given up', lease({ holderIdentity: '', leaseDurationSeconds: 1, renewTime: at(0) }), true, 0],
    ['one without a holder', lease({}), true, 0],
    ['a renewal just seen: its duration, and a moment for a successor', held(0), false, 20_000],
    ['the duration that it names', held(0, { leaseDurationSeconds: 60 }), false, 65_000],
    ['no duration named: that of client-go', held(0, { leaseDurationSeconds: null }), false, 20_000],
    ['first seen, renewed lately', held(3), true, 20_000],
    ['first seen, run out a minute ago by our clock, which may be wrong', held(75), true, 20_000],
    ['first seen, renewed in our future: clocks differ', held(-3600), true, 20_000],
    ['first seen, not renewed for an hour: left over', held(3600), true, 0],
    ['first seen, never renewed', lease({ holderIdentity: 'pod_1' }), true, 0],
    ['a renewal seen now, an hour ago by its own clock', held(3600), false, 20_000],
  ];

  it.each(cases)('%s', (_name, object, isFirstSight, milliseconds) => {
    expect(heldFor(object, isFirstSight, NOW)).toBe(milliseconds);
  });

  it('is prolonged by a renewal or another holder, not by a label', () => {
    const before = held(4);
    const labelled = { ...before, metadata: { ...before.metadata, labels: { a: 'b' }, resourceVersion: '2' } };
    expect(renewalOf(labelled)).toBe(renewalOf(before));
    expect(renewalOf(held(2))).not.toBe(renewalOf(before));
    expect(renewalOf(held(4, { holderIdentity: 'pod_2' }))).not.toBe(renewalOf(before));
    expect(renewalOf(undefined)).not.toBe(renewalOf(before));
  });
});
