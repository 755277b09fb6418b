import type { KubeObject } from '@openfunction/api';
import { expect, test } from 'vitest';
import { explain, findTrouble } from './pod-troubles.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

function troubleOf(waiting: { reason: string; message?: string }) {
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'demo' },
    spec: { containers: [{ name: 'dapr-proxy' }] },
    status: { phase: 'Pending', containerStatuses: [{ name: 'dapr-proxy', state: { waiting } }] },
  };
  const found = findTrouble([pod], NOW);
  return found && explain(found, new Map());
}

test('a reason that no kubelet knows is passed on with its words', () => {
  expect(troubleOf({ reason: 'DaprBuilding', message: 'The Dapr runtime is being built.' })).toMatchObject({
    reason: 'ContainerWaiting',
    cause: 'container dapr-proxy does not start yet (DaprBuilding): The Dapr runtime is being built.',
  });
});

test('one without words, or one that every container goes through, is not', () => {
  expect(troubleOf({ reason: 'DaprBuilding' })).toBeUndefined();
  expect(troubleOf({ reason: 'PodInitializing', message: 'x' })?.reason).toBe('ContainerCreating');
  expect(troubleOf({ reason: 'ErrImagePull', message: 'x' })?.reason).toBe('ImagePullFailed');
});
