import type { KubeObject } from '@openfunction/api';
import { expect, it } from 'vitest';
import { declaredParams, trimStrategy } from './strategy.ts';

function makeStrategy(version: string, spec: object): KubeObject {
  return { apiVersion: `shipwright.io/${version}`, kind: 'ClusterBuildStrategy', metadata: { name: 's' }, spec };
}

it.each([
  ['by the name of the original', '--dockerfile=$(build.dockerfile)'],
  ['by its own', '$(params.DOCKERFILE)'],
])('a strategy of v1alpha1 that reads a Dockerfile is known by its steps: %s', (_case, arg) => {
  const strategy = makeStrategy('v1alpha1', { parameters: [{ name: 'p' }], buildSteps: [{ name: 'b', args: [arg] }] });
  expect([...declaredParams(trimStrategy(strategy))]).toEqual([
    ['p', 'string'],
    ['dockerfile', 'built-in'],
  ]);
});

it('others declare what they say', () => {
  const parameters = [
    { name: 'dockerfile', type: 'string' },
    { name: 'list', type: 'array' },
  ];
  const steps = [{ name: 'b', args: ['$(params.dockerfile)'] }];
  expect([...declaredParams(trimStrategy(makeStrategy('v1beta1', { parameters, steps })))]).toEqual([
    ['dockerfile', 'string'],
    ['list', 'array'],
  ]);
  expect([...declaredParams(trimStrategy(makeStrategy('v1alpha1', { buildSteps: [{ name: 'b' }] })))]).toEqual([]);
});
