import { describe, expect, test } from 'vitest';
import { readScaling } from './annotations.ts';
import { decideScale, type ScaleSeen } from './scaling.ts';

const NOW = 1_000_000;

function seen(change: Partial<ScaleSeen>): ScaleSeen {
  const settings = { windowMs: 60_000, minScale: 0 };
  return { settings, reachable: true, everReady: true, open: 0, lastActive: NOW - 120_000, now: NOW, ...change };
}

describe('the number of instances', () => {
  test.each<[string, Partial<ScaleSeen>, number]>([
    ['is zero after a quiet window', {}, 0],
    ['is one while a request is open, whatever else', { open: 1, reachable: false }, 1],
    ['is one within the window', { lastActive: NOW - 59_999 }, 1],
    ['is zero when the window has just ended', { lastActive: NOW - 60_000 }, 0],
    ['is one until the first instance was ready', { everReady: false }, 1],
    ['is zero when it was replaced before it was ready', { everReady: false, reachable: false }, 0],
    ['is one with min-scale', { settings: { windowMs: 6_000, minScale: 1 } }, 1],
    [
      'is zero with min-scale when nothing points to it',
      { settings: { windowMs: 6_000, minScale: 1 }, reachable: false },
      0,
    ],
  ])('%s', (_sentence, change, replicas) => {
    expect(decideScale(seen(change)).replicas).toBe(replicas);
  });
});

describe('the autoscaling annotations', () => {
  test.each([
    ['nothing', {}, { windowMs: 60_000, minScale: 0 }],
    ['a window', { window: '90s' }, { windowMs: 90_000, minScale: 0 }],
    ['a window that is too short', { window: '1s' }, { windowMs: 6_000, minScale: 0 }],
    ['a window that is too long', { window: '2h' }, { windowMs: 3_600_000, minScale: 0 }],
    ['a window that cannot be read', { window: 'soon' }, { windowMs: 60_000, minScale: 0 }],
    [
      'a longer retention',
      { window: '6s', 'scale-to-zero-pod-retention-period': '1m' },
      { windowMs: 60_000, minScale: 0 },
    ],
    ['min-scale, either way of writing it', { minScale: '2' }, { windowMs: 60_000, minScale: 2 }],
    ['a min-scale that is no number', { 'min-scale': 'x' }, { windowMs: 60_000, minScale: 0 }],
  ])('say: %s', (_sentence, short, settings) => {
    const annotations = Object.entries(short).map(([name, value]) => [`autoscaling.knative.dev/${name}`, value]);
    expect(readScaling(Object.fromEntries(annotations))).toEqual(settings);
  });
});
