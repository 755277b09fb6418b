import type { KubeObject } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { readDefaults } from './defaults.ts';
import { isMadeHere, makeLimitRange } from './limit-range.ts';

const LIMITS = 'openfunction.io/build-limits';
const REQUESTS = 'openfunction.io/build-requests';
const namespace = (annotations?: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'demo', ...(annotations !== undefined && { annotations }) },
});

describe('what a namespace asks for', () => {
  it.each([
    ['nothing', namespace(), undefined],
    ['nothing, of one that is not known yet', undefined, undefined],
    ['limits', namespace({ [LIMITS]: 'cpu=1,memory=1Gi' }), { limits: { cpu: '1', memory: '1Gi' }, requests: {} }],
    [
      'both, with spaces',
      namespace({ [LIMITS]: ' cpu = 1.5 , ephemeral-storage=2Gi', [REQUESTS]: 'memory=64Mi' }),
      { limits: { cpu: '1.5', 'ephemeral-storage': '2Gi' }, requests: { memory: '64Mi' } },
    ],
  ])('is read: %s', (_case, object, defaults) => {
    expect(readDefaults(object)).toEqual(defaults === undefined ? {} : { defaults });
  });

  it.each([
    [
      'an unknown resource',
      { [LIMITS]: 'cpus=1' },
      `${LIMITS} has "cpus", which is none of cpu, memory, ephemeral-storage`,
    ],
    ['no resource', { [REQUESTS]: '' }, `${REQUESTS} has "", which is none of`],
    ['no quantity', { [LIMITS]: 'cpu=1,memory' }, `${LIMITS} has no quantity for memory in "memory"`],
    ['a wrong one', { [LIMITS]: 'memory=1GB' }, `${LIMITS} has no quantity for memory in "memory=1GB"`],
    ['none at all', { [LIMITS]: 'cpu=0' }, `${LIMITS} has no quantity for cpu in "cpu=0"`],
    ['two', { [LIMITS]: 'cpu=1,cpu=2' }, `${LIMITS} has cpu twice`],
  ])('is named when it cannot be understood: %s', (_case, annotations, words) => {
    expect(readDefaults(namespace(annotations)).trouble).toContain(`Namespace demo: the annotation ${words}`);
  });
});

it('becomes a LimitRange of containers, with nothing in it that was not asked for', () => {
  const range = makeLimitRange('demo', { limits: { cpu: '1' }, requests: {} });
  expect(range).toMatchObject({
    metadata: { namespace: 'demo', name: 'openfunction-build-defaults', labels: { 'openfunction.io/managed': 'true' } },
    spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] },
  });
  expect(range['spec'].limits[0]).not.toHaveProperty('defaultRequest');
  expect(range.metadata.ownerReferences).toBeUndefined();
  expect([isMadeHere(range), isMadeHere({ ...range, metadata: { ...range.metadata, labels: {} } })]).toEqual([
    true,
    false,
  ]);
});
