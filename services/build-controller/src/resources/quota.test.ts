import type { KubeObject } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { foretellQuota } from './quota.ts';

const object = (kind: string, spec: object): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { namespace: 'demo', name: 'tight' },
  spec,
});
const quota = (hard: Record<string, string>, more: object = {}) => object('ResourceQuota', { hard, ...more });
const range = (...limits: object[]) => object('LimitRange', { limits });
const LIMITS = { type: 'Container', default: { cpu: '1', memory: '1Gi' } };

describe('a quota', () => {
  it.each([
    ['on limits', [quota({ 'limits.cpu': '4' })], [], 'limits.cpu'],
    ['on requests, in either spelling', [quota({ cpu: '4', 'requests.cpu': '4' })], [], 'requests.cpu'],
    [
      'of which defaults cover a part',
      [quota({ 'limits.cpu': '4', 'limits.memory': '4Gi' })],
      [range({ type: 'Container', default: { cpu: '1' } })],
      'limits.memory',
    ],
    [
      'on limits, where only requests have defaults',
      [quota({ 'limits.cpu': '4' })],
      [range({ type: 'Container', defaultRequest: { cpu: '1' } })],
      'limits.cpu',
    ],
    [
      'beside a range that is not of containers',
      [quota({ 'limits.cpu': '4' })],
      [range({ type: 'Pod', max: { cpu: '1' } })],
      'limits.cpu',
    ],
    ['behind one that takes the pod', [quota({ pods: '4' }), quota({ memory: '1Gi' })], [], 'requests.memory'],
  ])('that nothing answers is foretold: %s', (_case, quotas, ranges, missing) => {
    expect(foretellQuota('demo', quotas, ranges)).toBe(
      `ResourceQuota demo/tight takes no container without ${missing}, and there are no defaults: the pod will most likely be refused. ` +
        'Set the annotation openfunction.io/build-limits of Namespace demo (e.g. cpu=1,memory=1Gi), or make a LimitRange there.',
    );
  });

  it.each([
    ['there is none', [], []],
    ['it counts objects', [quota({ pods: '5', 'count/configmaps': '2', 'requests.storage': '1Gi' })], []],
    [
      'limits have defaults, which are requests too',
      [quota({ 'limits.cpu': '4', 'requests.memory': '4Gi' })],
      [range(LIMITS)],
    ],
    [
      'defaults come from two ranges',
      [quota({ 'limits.cpu': '4', memory: '1Gi' })],
      [
        range({ type: 'Container', default: { cpu: '1' } }),
        range({ type: 'Container', defaultRequest: { memory: '1Mi' } }),
      ],
    ],
    ['it is about some pods only', [quota({ 'limits.cpu': '4' }, { scopes: ['NotTerminating'] })], []],
    ['it is about some classes only', [quota({ 'limits.cpu': '4' }, { scopeSelector: {} })], []],
  ])('is no reason when %s', (_case, quotas, ranges) => {
    expect(foretellQuota('demo', quotas, ranges)).toBeUndefined();
  });
});
