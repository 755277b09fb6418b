import { randomBytes } from 'node:crypto';
import { NAMESPACE, SERVICE_ACCOUNT } from '@openfunction/api';
import { KubeClient } from '@openfunction/kube';
import type { ClusterAddress } from './cluster.ts';
import { waitFor } from './wait-for.ts';

/** The cluster that all integration tests of a run share. */
export interface TestCluster extends ClusterAddress {
  /** Speaks as the administrator. */
  client: KubeClient;
}

let shared: Promise<TestCluster> | undefined;

/** The cluster of this run (global-setup.ts). Only within the vitest project `integration`. */
export function testCluster(): Promise<TestCluster> {
  shared ??= connect();
  return shared;
}

/**
 * Makes a namespace with a name of its own, and these labels, and returns it when its ServiceAccount `default` is there, so that Pods are admitted.
 * It is not deleted: the cluster goes away with the run.
 */
export async function freshNamespace(
  client: KubeClient,
  prefix = 'test',
  labels: Record<string, string> = {},
): Promise<string> {
  const name = `${prefix}-${randomBytes(5).toString('hex')}`;
  await client.create(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  await waitFor(`ServiceAccount default in ${name}`, () =>
    client.get(SERVICE_ACCOUNT, { namespace: name, name: 'default' }),
  );
  return name;
}

async function connect(): Promise<TestCluster> {
  // Loaded here, so that what else this library offers works outside vitest too (benches).
  const { inject } = await import('vitest');
  const cluster = inject('cluster');
  return { ...cluster, client: KubeClient.of(cluster.admin) };
}
