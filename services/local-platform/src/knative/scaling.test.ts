import { describe, expect, test } from 'vitest';
import { readScaling } from './annotations.ts';
import { decideScale, type ScaleSeen } from './scaling.ts';

const NOW = 1_000_000;
const SETTINGS = { windowMs: 60_000, minScale: 0, maxScale: 50, target: 70 };

function seen(change: Partial<ScaleSeen>): ScaleSeen {
  const load = { burst: 0, window: 0 };
  return {
    settings: SETTINGS,
    load,
    reachable: true,
    everReady: true,
    open: 0,
    lastActive: NOW - 120_000,
    now: NOW,
    ...change,
  };
}

describe('the number of instances', () => {
  test.each<[string, Partial<ScaleSeen>, number]>([
    ['is zero after a quiet window', {}, 0],
    ['is one while a request is open, whatever else', { open: 1, reachable: false }, 1],
    ['is one within the window', { lastActive: NOW - 59_999 }, 1],
    ['is zero when the window has just ended', { lastActive: NOW - 60_000 }, 0],
    ['is one until the first instance was ready', { everReady: false }, 1],
    ['is zero when it was replaced before it was ready', { everReady: false, reachable: false }, 0],
    ['is one with min-scale', { settings: { ...SETTINGS, minScale: 1 } }, 1],
    [
      'is zero with min-scale when nothing points to it',
      { settings: { ...SETTINGS, minScale: 1 }, reachable: false },
      0,
    ],
    ['is what the last moments need', { open: 150, load: { burst: 141, window: 10 } }, 3],
    ['is what the window needed, once fewer come', { open: 1, load: { burst: 1, window: 141 } }, 3],
    ['is at most max-scale', { load: { burst: 999, window: 0 }, settings: { ...SETTINGS, maxScale: 4 } }, 4],
    ['is never below min-scale', { load: { burst: 1, window: 1 }, settings: { ...SETTINGS, minScale: 2 } }, 2],
    [
      'is one while the first instance starts, however many wait',
      { everReady: false, load: { burst: 999, window: 9 } },
      1,
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
    expect(readScaling(Object.fromEntries(annotations))).toEqual({ maxScale: 50, target: 70, ...settings });
  });

  test.each([
    ['100 open requests without any limit, of which 70 are aimed at', {}, 0, 70],
    ['the limit of the container', {}, 10, 7],
    ['a wished concurrency', { target: '20' }, 0, 14],
    ['the smaller of both', { target: '20' }, 10, 7],
    ['another share', { target: '20', 'target-utilization-percentage': '100' }, 0, 20],
  ])('give an instance %s', (_sentence, short, concurrency, target) => {
    const annotations = Object.entries(short).map(([name, value]) => [`autoscaling.knative.dev/${name}`, value]);
    expect(readScaling(Object.fromEntries(annotations), concurrency).target).toBeCloseTo(target);
  });

  test.each([
    ['max-scale', '3', 3],
    ['maxScale', '3', 3],
    ['max-scale', '0', 50],
    ['max-scale', '1000', 50],
  ])('limit the instances: %s %s', (name, value, most) => {
    expect(readScaling({ [`autoscaling.knative.dev/${name}`]: value }).maxScale).toBe(most);
  });
});
