import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KubeObject } from '@openfunction/api';
import { findProgram, parseManifests, silent } from '@openfunction/local';
import { expect, test } from 'vitest';

// deploy/strategies as `kubectl apply -k` sends it: every image has got its version, in steps and in the default of builder-image.

const STRATEGIES = fileURLToPath(new URL('../../deploy/strategies/', import.meta.url));

test('kubectl puts the versions of Kustomization into every strategy', async () => {
  const kubectl = await findProgram('kubectl', silent);
  const { stdout } = await promisify(execFile)(kubectl, ['kustomize', STRATEGIES]);
  const objects = parseManifests(stdout) as KubeObject[];
  const strategies = objects.filter(({ kind }) => kind === 'ClusterBuildStrategy');
  expect(objects.length - strategies.length).toBe(1);
  const images = strategies.flatMap(({ spec }) => [
    ...spec['steps'].map((step: { image: string }) => step.image),
    ...spec['parameters'].flatMap((each: { name: string; default: string }) =>
      each.name === 'builder-image' ? [each.default] : [],
    ),
  ]);
  expect(strategies).toHaveLength(5);
  for (const image of images) expect(image).toMatch(/^\$\(params\.builder-image\)$|^[^:]+\/[^:]+:[^:]+$/);
  expect(images.filter((image) => image.includes(':'))).toHaveLength(7);
});
