import { type ClusterAddress, foreignCrds } from '@openfunction/testing';
import type { TestProject } from 'vitest/node';
import { startRealCluster } from './real-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    realCluster: ClusterAddress | undefined;
  }
}

/** One cluster with the real neighbours for all files of the project; none where there is no Go. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if ((await foreignCrds()) === undefined) {
    project.provide('realCluster', undefined);
    return async () => {};
  }
  const { cluster, stop } = await startRealCluster((line) => console.log(line));
  const { stop: _own, ...address } = cluster;
  project.provide('realCluster', address);
  return stop;
}
