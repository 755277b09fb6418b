import type { TestProject } from 'vitest/node';
import { type ClusterAddress, startTestCluster } from './cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ClusterAddress;
  }
}

/** One cluster for all files of the project `integration`; vitest calls what this returns at the end, also after a failure. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...cluster } = await startTestCluster({ log: (line) => console.log(line) });
  project.provide('cluster', cluster);
  return stop;
}
