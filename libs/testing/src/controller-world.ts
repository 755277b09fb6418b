import { KubeClient } from '@openfunction/kube';
import { type StartedCluster, startTestCluster } from './cluster.ts';
import { foreignCrds, NEEDS_GO } from './foreign-crds.ts';
import { defaultGateway } from './functions.ts';
import { type NeighbourOptions, type Neighbours, startNeighbours } from './neighbours.ts';
import { type System, type SystemOptions, startSystem } from './system.ts';

/** Where the HTTP add-on of KEDA is looked for. */
const HTTP_ADD_ON = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'keda' } };

/** A cluster with the neighbours' own CRDs and played neighbours, in which our services can be started. */
export interface ControllerWorld {
  cluster: StartedCluster;
  client: KubeClient;
  neighbours: Neighbours;
  /** Errors of the played neighbours; a test that passes should find none. */
  complaints: string[];
  /** Starts our services; the ones started before are stopped first. */
  startSystem: (options?: Omit<SystemOptions, 'cluster' | 'client'>) => Promise<System>;
  stop: () => Promise<void>;
}

/** Builds the world. Throws when the CRDs of the neighbours cannot be had: ask `hasControllerWorld` first. */
export async function startControllerWorld(
  played: Omit<NeighbourOptions, 'client' | 'onError'> = {},
): Promise<ControllerWorld> {
  const crds = await foreignCrds();
  if (crds === undefined) throw new Error(NEEDS_GO);
  const cluster = await startTestCluster({ roles: true, manifests: [...crds, HTTP_ADD_ON, defaultGateway()] });
  const client = KubeClient.of(cluster.admin);
  const complaints: string[] = [];
  const neighbours = await startNeighbours({ ...played, client, onError: (text) => complaints.push(text) });
  let system: System | undefined;
  return {
    cluster,
    client,
    neighbours,
    complaints,
    startSystem: async (options) => {
      await system?.stop();
      system = await startSystem({ cluster, client, ...options });
      return system;
    },
    stop: async () => {
      await system?.stop();
      await neighbours.stop();
      await client.close();
      await cluster.stop();
    },
  };
}

/** Whether a controller world can be built here; when not, says once why its tests are skipped. */
export async function hasControllerWorld(): Promise<boolean> {
  const available = (await foreignCrds()) !== undefined;
  if (!available) console.warn(NEEDS_GO);
  return available;
}
