import { get } from 'node:https';
import { join } from 'node:path';
import { writeSecretFile } from '../kubeconfig.ts';
import type { ProcessGroup } from '../process/group.ts';
import type { ManagedProcess } from '../process/process.ts';
import type { Pki } from './pki.ts';

/** What the API server needs. */
export interface ApiServerOptions {
  group: ProcessGroup;
  command: string;
  directory: string;
  etcdUrl: string;
  port: number;
  pki: Pki;
  /** Every request goes here, one JSON line each (level Metadata); undefined for no audit log. */
  auditLogFile: string | undefined;
  logFile: string;
}

/** One event for each request, when it has been answered: who, verb, object, response code; no bodies. */
const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
`;

/** Starts kube-apiserver on 127.0.0.1 and waits until `/readyz` says ok. RBAC on, default admission plugins. */
export async function startApiServer(options: ApiServerOptions): Promise<ManagedProcess> {
  const audit = await auditFlags(options);
  return options.group.start({
    name: 'kube-apiserver',
    command: options.command,
    args: [...servingFlags(options), ...identityFlags(options.pki), ...audit],
    logFile: options.logFile,
    ready: () => isReady(options),
  });
}

function servingFlags({ etcdUrl, port, pki }: ApiServerOptions): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    // Without it the server looks for a non-loopback address of this machine, and fails where there is none.
    '--advertise-address=127.0.0.1',
    // The default reconciler refuses a loopback address for the Endpoints of Service kubernetes; nothing uses them here.
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${pki.server.certFile}`,
    `--tls-private-key-file=${pki.server.keyFile}`,
    '--service-cluster-ip-range=10.0.0.0/16',
    '--allow-privileged=true',
    '--profiling=false',
    // One user on one machine: no queueing by API Priority and Fairness, whose bookkeeping is also written to the API.
    '--enable-priority-and-fairness=false',
    '--max-requests-inflight=800',
    '--max-mutating-requests-inflight=400',
    '--shutdown-delay-duration=0s',
  ];
}

function identityFlags({ ca, kubeletClient, tokens }: Pki): string[] {
  return [
    '--authorization-mode=Node,RBAC',
    `--client-ca-file=${ca.certFile}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${tokens.publicKeyFile}`,
    `--service-account-signing-key-file=${tokens.keyFile}`,
    `--kubelet-client-certificate=${kubeletClient.certFile}`,
    `--kubelet-client-key=${kubeletClient.keyFile}`,
    '--kubelet-preferred-address-types=InternalIP',
  ];
}

async function auditFlags({ auditLogFile, directory }: ApiServerOptions): Promise<string[]> {
  if (auditLogFile === undefined) return [];
  const policy = join(directory, 'audit-policy.yaml');
  await writeSecretFile(policy, AUDIT_POLICY);
  return [
    `--audit-policy-file=${policy}`,
    `--audit-log-path=${auditLogFile}`,
    // One file for a run, so that a reader sees all of it; the older part is dropped after 1 GiB.
    '--audit-log-maxsize=1024',
    '--audit-log-maxbackup=1',
  ];
}

/** `/readyz` is ok only when the default roles are in place too. */
function isReady({ port, pki }: ApiServerOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const url = `https://127.0.0.1:${port}/readyz`;
    const request = get(url, { ca: pki.ca.cert, ...pki.admin, agent: false, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
