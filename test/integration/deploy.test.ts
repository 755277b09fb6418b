import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KubeObject } from '@openfunction/api';
import { applyManifests, findProgram, readManifests, silent } from '@openfunction/local';
import { type TestCluster, testCluster } from '@openfunction/testing';
import { beforeAll, describe, expect, test } from 'vitest';

// deploy/base against a real API server, by kubectl as an administrator does. Dry run: the webhook configurations would judge
// the Functions of other test files, and the Deployments would make Pods.

const BASE = fileURLToPath(new URL('../../deploy/base/', import.meta.url));
const SERVICES = ['webhook', 'function-controller', 'build-controller', 'serving-controller'];

let cluster: TestCluster;
let kubectl: string;
let objects: KubeObject[];

beforeAll(async () => {
  [cluster, kubectl] = [await testCluster(), await findProgram('kubectl', silent)];
  const files = (await readdir(BASE)).filter((name) => name.endsWith('.yaml')).sort();
  objects = await readManifests(files.map((name) => join(BASE, name)));
  // A dry run needs the namespace, whose labels say how strict Pods are judged.
  await applyManifests(cluster.client, [join(BASE, '00-namespace.yaml')], { fieldManager: 'install' });
});

function find(kind: string, name: string): KubeObject {
  const found = objects.find((each) => each.kind === kind && each.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name} in deploy/base`);
  return found;
}

async function run(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(kubectl, ['--kubeconfig', cluster.kubeconfig, ...args]);
}

describe('deploy/base', () => {
  test('every object is accepted, without a warning of the API server (restricted Pod Security included)', async () => {
    const { stdout, stderr } = await run('apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', BASE);
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toHaveLength(objects.length);
  });

  test('Kustomization lists every file, and names each image with a version', async () => {
    const { stdout } = await run('kustomize', BASE);
    expect(stdout.match(/^kind: /gm)).toHaveLength(objects.length);
    const images = [...stdout.matchAll(/^ +image: (.+)$/gm)].map(([, image]) => image);
    expect(images.toSorted()).toEqual(SERVICES.map((name) => `openfunction/${name}:v0.1.0`).toSorted());
  });

  test.each(SERVICES)('%s runs twice, under its own ServiceAccount, and is reached by its own labels', (service) => {
    const name = `openfunction-${service}`;
    const { spec } = find('Deployment', name);
    expect(find('ServiceAccount', name).metadata.namespace).toBe('openfunction');
    expect(spec.replicas).toBe(2);
    expect(spec.template.spec.serviceAccountName).toBe(name);
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(find('PodDisruptionBudget', name)['spec'].selector).toEqual(spec.selector);
    expect(find('Service', `${name}-metrics`)['spec'].selector).toEqual(spec.selector.matchLabels);
    const redis = spec.template.spec.containers[0].env.find((each: { name: string }) => each.name === 'REDIS_URL');
    expect(redis?.valueFrom.secretKeyRef).toEqual(
      service === 'webhook' ? undefined : { name: 'openfunction-redis', key: 'url' },
    );
  });

  test('no role has a wildcard, and no controller reads Secrets', () => {
    const roles = objects.filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role');
    expect(roles.length).toBeGreaterThan(SERVICES.length - 1);
    const controllers = roles.filter(({ metadata }) => metadata.name.endsWith('-controller'));
    expect(JSON.stringify(roles.map((role) => role['rules']))).not.toContain('"*"');
    expect(JSON.stringify(controllers.map((role) => role['rules']))).not.toContain('"secrets"');
  });
});
