import { join } from 'node:path';
import { writeKubeconfig } from '../kubeconfig.ts';
import type { ProcessGroup } from '../process/group.ts';
import type { ManagedProcess } from '../process/process.ts';
import type { Pki } from './pki.ts';

/** Controllers that a cluster without nodes of its own needs; the others only cost start-up time and watches. */
const CONTROLLERS = [
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'job-controller',
  'cronjob-controller',
  'endpointslice-controller',
  'horizontal-pod-autoscaler-controller',
  'pod-garbage-collector-controller',
  'resourcequota-controller',
  'clusterrole-aggregation-controller',
];

/**
 * Starts kube-controller-manager. Its garbage collector looks for new kinds every 30 s only: start it after the CRDs have been
 * installed, or the children of new kinds are collected late.
 */
export async function startControllerManager(options: {
  group: ProcessGroup;
  command: string;
  directory: string;
  server: string;
  pki: Pki;
  logFile: string;
}): Promise<ManagedProcess> {
  const kubeconfig = join(options.directory, 'controller-manager.kubeconfig');
  const { server, pki } = options;
  await writeKubeconfig(kubeconfig, { server, caData: pki.ca.cert, clientCert: pki.controllerManager });
  return options.group.start({
    name: 'kube-controller-manager',
    command: options.command,
    args: [
      `--kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      `--controllers=${CONTROLLERS.join(',')}`,
      `--service-account-private-key-file=${pki.tokens.keyFile}`,
      `--root-ca-file=${pki.ca.certFile}`,
      // No health port: nothing would ask, and a fixed one would clash with a second run.
      '--secure-port=0',
      // The default (20 requests/s) is for a shared control plane; here it would be the slowest part of everything.
      '--kube-api-qps=1000',
      '--kube-api-burst=2000',
      '--concurrent-deployment-syncs=10',
      '--concurrent-replicaset-syncs=10',
    ],
    logFile: options.logFile,
  });
}
