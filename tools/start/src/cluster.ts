import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CodedError, explain } from '@openfunction/errors';
import { KubeClient } from '@openfunction/kube';
import { findProgram, type Say, startControlPlane, writeSecretFile } from '@openfunction/local';
import { parse } from 'yaml';
import type { State } from './state.ts';

/** The API server in use, seen by its administrator. */
export interface Cluster {
  client: KubeClient;
  server: string;
  /** Authority of the API server, PEM. */
  ca: string;
  /** Authority of the certificate by which the API server calls kubelets; undefined for a cluster that is not ours. */
  kubeletClientCa: string | undefined;
  /** Call it when the CRDs are installed. Does nothing for a cluster that is not ours. */
  startControllerManager: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts etcd and kube-apiserver, and writes the administrator's kubeconfig. Throws `binary.unavailable` or `process.failed`. */
export async function startOwnCluster(state: State, log: Say, restart: Say): Promise<Cluster> {
  const plane = await startControlPlane({ directory: state.controlPlane, logDirectory: state.logs, log, restart });
  await plane.adminKubeconfig(state.kubeconfig);
  const client = KubeClient.of(plane.admin);
  return {
    client,
    server: plane.server,
    ca: plane.ca,
    kubeletClientCa: plane.kubeletClientCaFile,
    startControllerManager: async () => {
      await plane.startControllerManager();
    },
    stop: async () => {
      await client.close();
      await plane.stop();
    },
  };
}

/** Uses the current context of a kubeconfig; a self-contained copy of it becomes ours. Throws `config.invalid`. */
export async function useCluster(kubeconfig: string, state: State, log: Say): Promise<Cluster> {
  const text = await flatten(kubeconfig, log);
  const config = parse(text) as { clusters?: { cluster: Record<string, string> }[] };
  const { server, 'certificate-authority-data': ca } = config.clusters?.[0]?.cluster ?? {};
  if (server === undefined || ca === undefined) {
    throw new CodedError(
      'config.invalid',
      `kubeconfig ${kubeconfig}: its cluster needs a server and a certificate authority`,
    );
  }
  await writeSecretFile(state.kubeconfig, text);
  const client = await KubeClient.load({ kubeconfig: state.kubeconfig });
  await client.request('GET', '/version');
  return {
    client,
    server,
    ca: Buffer.from(ca, 'base64').toString('utf8'),
    kubeletClientCa: undefined,
    startControllerManager: async () => {},
    stop: () => client.close(),
  };
}

async function flatten(kubeconfig: string, log: Say): Promise<string> {
  const kubectl = await findProgram('kubectl', log);
  const args = ['config', 'view', '--raw', '--flatten', '--minify', '--kubeconfig', kubeconfig];
  try {
    return (await promisify(execFile)(kubectl, args)).stdout;
  } catch (error) {
    throw new CodedError(
      'config.invalid',
      `kubeconfig ${kubeconfig}: ${explain((error as { stderr?: string }).stderr)}`,
      error,
    );
  }
}
