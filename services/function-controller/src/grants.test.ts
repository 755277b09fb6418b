import { expect, it } from 'vitest';
import { planGrant } from './grants.ts';
import { makeReferenceGrant } from './resources/reference-grant.ts';

const NOW = new Date('2026-01-01T12:00:00Z');

function grant(secondsOld: number) {
  const made = makeReferenceGrant('team', 'keda');
  const creationTimestamp = new Date(NOW.getTime() - secondsOld * 1000).toISOString();
  return { ...made, metadata: { ...made.metadata, uid: 'u', creationTimestamp } };
}

it('a grant that a route needs stays', () => {
  expect(planGrant(grant(100), true, NOW)).toEqual({ apply: [], remove: [], status: undefined, events: [] });
});

it('a grant that no route needs goes, once its first route had time to come', () => {
  expect(planGrant(grant(16), false, NOW)).toMatchObject({ remove: [], wakeAt: new Date(NOW.getTime() + 14_000) });
  expect(planGrant(grant(30), false, NOW).remove).toEqual([grant(30)]);
});

it('a grant of somebody else stays, whatever its name', () => {
  const { labels: _labels, ...metadata } = grant(100).metadata;
  expect(planGrant({ ...grant(100), metadata }, false, NOW).remove).toEqual([]);
});
