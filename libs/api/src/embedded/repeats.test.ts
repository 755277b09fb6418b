import { expect, it } from 'vitest';
import type { Container, PodSpec } from './pod-spec.ts';
import { withoutRepeats } from './repeats.ts';

function pod(container: Partial<Container>, more: Partial<PodSpec> = {}): PodSpec {
  return { containers: [{ name: 'a' }, { name: 'b', ...container }], ...more };
}

it.each<[string, PodSpec, PodSpec]>([
  [
    'the last of equal variables, where it stands',
    pod({ env: [{ name: 'A', value: '1' }, { name: 'B' }, { name: 'A', value: '2' }] }),
    pod({ env: [{ name: 'B' }, { name: 'A', value: '2' }] }),
  ],
  [
    'those of init containers, too',
    pod({}, { initContainers: [{ name: 'i', env: [{ name: 'A', value: '1' }, { name: 'A' }] }] }),
    pod({}, { initContainers: [{ name: 'i', env: [{ name: 'A' }] }] }),
  ],
  [
    'the first of equal ports, which has a name',
    pod({
      ports: [
        { name: 'web', containerPort: 80 },
        { containerPort: 80, protocol: 'TCP' },
        { containerPort: 80, protocol: 'UDP' },
      ],
    }),
    pod({
      ports: [
        { name: 'web', containerPort: 80 },
        { containerPort: 80, protocol: 'UDP' },
      ],
    }),
  ],
  [
    'each pull secret once',
    pod({}, { imagePullSecrets: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] }),
    pod({}, { imagePullSecrets: [{ name: 'a' }, { name: 'b' }] }),
  ],
])('a pod keeps %s', (_what, given, kept) => {
  const before = structuredClone(given);
  expect(withoutRepeats(given)).toEqual(kept);
  expect(given).toEqual(before);
});

it.each<[string, PodSpec]>([
  [
    'without repeats',
    pod({ env: [{ name: 'A' }, { name: 'B' }], ports: [{ containerPort: 80 }, { containerPort: 81 }] }),
  ],
  ['without containers', {} as PodSpec],
  ['of nulls', { containers: null, initContainers: null } as unknown as PodSpec],
])('a pod %s is the very same', (_what, given) => {
  expect(withoutRepeats(given)).toBe(given);
});
