import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '@openfunction/api';
import { KubeClient } from '@openfunction/kube';
import {
  applyManifests,
  type ControlPlane,
  type Redis,
  type Say,
  silent,
  startControlPlane,
  startRedis,
} from '@openfunction/local';
import { makeTestFolder } from './test-folder.ts';

/** What a test needs to reach a cluster; plain data, so that it can be handed to worker processes. */
export interface ClusterAddress {
  server: string;
  ca: string;
  /** Credentials of the administrator, ready for `KubeClient.of`. */
  admin: ControlPlane['admin'];
  /** Kubeconfig file of the administrator. */
  kubeconfig: string;
  /** A Redis that may be emptied at will. */
  redisUrl: string;
  /** Process ids of Redis and of the control plane, by name. */
  pids: Readonly<Record<string, number>>;
  auditLogFile: string;
  kubeletClientCaFile: string;
  /** Temporary folder of this cluster; tests may put files there. */
  directory: string;
}

/** A cluster for tests: kube-apiserver, etcd, kube-controller-manager and Redis. */
export interface StartedCluster extends ClusterAddress {
  stop(): Promise<void>;
}

/** What is installed before the controller manager starts. */
export interface ClusterOptions {
  /** Our CRDs (deploy/crds). Default true. */
  crds?: boolean;
  /** Namespace, roles, configuration, webhooks (deploy/base). Default false: without a running webhook, ours are refused. */
  base?: boolean;
  /** Roles and configuration of deploy/base without its webhook configurations. Default false. */
  roles?: boolean;
  /** Further manifests, applied after those. */
  manifests?: readonly (string | KubeObject)[];
  log?: Say;
}

const FIELD_MANAGER = 'openfunction-test';

/**
 * Starts a cluster in a folder of its own under the system's temporary folder (kept when `OPENFUNCTION_KEEP` is set).
 * `stop` ends every process and removes the folder. Two may run at once.
 */
export async function startTestCluster(options: ClusterOptions = {}): Promise<StartedCluster> {
  const folder = await makeTestFolder();
  const directory = folder.path;
  const log = options.log ?? silent;
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
    await folder.remove();
  };
  try {
    const redis = await startRedis({ directory: join(directory, 'redis'), own: true, log });
    started.push(redis);
    const plane = await startControlPlane({ directory: join(directory, 'control-plane'), log });
    started.push(plane);
    await install(plane, options);
    await plane.startControllerManager();
    return { ...(await address(plane, redis, directory)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function install(plane: ControlPlane, options: ClusterOptions): Promise<void> {
  const manifests = [
    ...(options.crds === false ? [] : await manifestFiles('crds')),
    ...(options.base === true ? await manifestFiles('base') : []),
    ...(options.roles === true ? (await manifestFiles('base')).filter((file) => /\/(00|2\d|30)-/.test(file)) : []),
    ...(options.manifests ?? []),
  ];
  const client = KubeClient.of(plane.admin);
  try {
    await applyManifests(client, manifests, { fieldManager: FIELD_MANAGER });
  } finally {
    await client.close();
  }
}

/** The manifests of deploy/<folder>, in the order of their names. */
async function manifestFiles(folder: string): Promise<string[]> {
  const path = fileURLToPath(new URL(`../../../deploy/${folder}/`, import.meta.url));
  const names = await readdir(path);
  return names
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => join(path, name));
}

async function address(plane: ControlPlane, redis: Redis, directory: string): Promise<ClusterAddress> {
  const kubeconfig = join(directory, 'kubeconfig');
  await plane.adminKubeconfig(kubeconfig);
  const { server, ca, admin, auditLogFile = '', kubeletClientCaFile } = plane;
  return {
    server,
    ca,
    admin,
    kubeconfig,
    redisUrl: redis.url,
    pids: { ...plane.pids(), ...(redis.pid !== undefined && { redis: redis.pid }) },
    auditLogFile,
    kubeletClientCaFile,
    directory,
  };
}
