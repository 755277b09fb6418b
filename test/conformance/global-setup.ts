import { type ClusterAddress, foreignCrds } from '@openfunction/testing';
import type { TestProject } from 'vitest/node';
import { startBuildCluster } from './build-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    buildCluster: ClusterAddress | undefined;
  }
}

/** One cluster with the real Shipwright and Tekton for all files of the project; none where there is no Go. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if ((await foreignCrds()) === undefined) {
    project.provide('buildCluster', undefined);
    return async () => {};
  }
  const { cluster, stop } = await startBuildCluster((line) => console.log(line));
  const { stop: _own, ...address } = cluster;
  project.provide('buildCluster', address);
  return stop;
}
