import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CodedError } from '@openfunction/errors';
import { findProgram } from '../binaries/find.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import { tryLock } from '../lock.mjs';
import { freePort } from '../process/free-port.ts';
import { ProcessGroup } from '../process/group.ts';
import type { ManagedProcess } from '../process/process.ts';
import type { Say } from '../say.ts';
import { startApiServer } from './api-server.ts';
import { startControllerManager } from './controller-manager.ts';
import { startEtcd } from './etcd.ts';
import { makePki } from './pki.ts';

/** Where a control plane keeps its files, and who hears about progress. */
export interface ControlPlaneOptions {
  /** Certificates, etcd data and audit log. What is there from an earlier run is used again. */
  directory: string;
  /** Folder of the process logs, default `<directory>/logs`. */
  logDirectory?: string;
  /** Default true. */
  auditLog?: boolean;
  log: Say;
  /** When given, a process that dies is started again, and this hears of it. Default: it stays down. */
  restart?: Say;
}

/** A kube-apiserver with its etcd on this machine, and what a caller needs to use it. */
export interface ControlPlane {
  /** `https://127.0.0.1:<port>`. */
  server: string;
  /** Authority of the API server's certificate and of client certificates, PEM. */
  ca: string;
  /** The same as a file: what a kubelet needs to know its API server by. */
  kubeletClientCaFile: string;
  /** Credentials of a member of `system:masters`, ready for `KubeClient.of`. */
  admin: { server: string; ca: string; cert: string; key: string };
  auditLogFile: string | undefined;
  /** Process ids of what runs now, by name, e.g. `etcd`. */
  pids(): Record<string, number>;
  /** Writes a kubeconfig of the administrator. */
  adminKubeconfig(file: string): Promise<void>;
  /** Starts kube-controller-manager; call it after the CRDs are installed (controller-manager.ts says why). */
  startControllerManager(): Promise<ManagedProcess>;
  /** Stops everything in order; returns when no process is left. */
  stop(): Promise<void>;
}

/**
 * Starts etcd and kube-apiserver on loopback and waits until the API answers (3 to 5 s).
 * Throws `binary.unavailable` or `process.failed`; then nothing is left running.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o700); // keys and etcd's socket are in there
  const release = await claim(directory);
  const group = new ProcessGroup({ restart: options.restart });
  const sockets = await socketFolder(directory);
  const stop = async () => {
    await group.stop();
    await sockets.remove();
    await release();
  };
  try {
    return await bringUp({ ...options, directory }, { group, socketDirectory: sockets.path, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Frame {
  group: ProcessGroup;
  socketDirectory: string;
  stop: () => Promise<void>;
}

async function bringUp(options: ControlPlaneOptions, frame: Frame): Promise<ControlPlane> {
  const { directory, log } = options;
  const { group, stop } = frame;
  const logFile = (name: string) => join(options.logDirectory ?? join(directory, 'logs'), `${name}.log`);
  const etcdCommand = await findProgram('etcd', log);
  const apiServerCommand = await findProgram('kube-apiserver', log);
  const controllerManagerCommand = await findProgram('kube-controller-manager', log);
  const [pki, port, etcd] = await Promise.all([
    makePki(join(directory, 'pki')),
    freePort(),
    startEtcd({
      group,
      command: etcdCommand,
      dataDirectory: join(directory, 'etcd'),
      socketDirectory: frame.socketDirectory,
      logFile: logFile('etcd'),
    }),
  ]);
  const server = `https://127.0.0.1:${port}`;
  const admin = { server, ca: pki.ca.cert, ...pki.admin };
  const auditLogFile = options.auditLog === false ? undefined : join(directory, 'audit.log');
  await startApiServer({
    group,
    command: apiServerCommand,
    directory,
    etcdUrl: etcd.url,
    port,
    pki,
    auditLogFile,
    logFile: logFile('kube-apiserver'),
  });
  return {
    server,
    ca: pki.ca.cert,
    kubeletClientCaFile: pki.ca.certFile,
    admin,
    auditLogFile,
    pids: () => Object.fromEntries(group.running.map(({ name, pid }) => [name, pid])),
    adminKubeconfig: (file) => writeKubeconfig(file, { server, caData: pki.ca.cert, clientCert: pki.admin }),
    startControllerManager: () =>
      startControllerManager({
        group,
        command: controllerManagerCommand,
        directory,
        server,
        pki,
        logFile: logFile('kube-controller-manager'),
      }),
    stop,
  };
}

/** One control plane at a time in one folder: two etcds on the same data would wait for each other without a word. */
async function claim(directory: string): Promise<() => Promise<void>> {
  const taken = await tryLock(join(directory, 'lock'), 'running a control plane');
  if (taken.release !== undefined) return taken.release;
  throw new CodedError(
    'process.failed',
    `${directory} is in use: process ${taken.holder.pid} is ${taken.holder.doing} there`,
  );
}

// sockaddr_un holds 104 bytes on macOS and 108 on Linux, with the name and a closing zero.
const LONGEST_SOCKET_FOLDER = 90;

/** The control plane's own folder; a temporary one where that has too long a name for a socket. */
async function socketFolder(directory: string): Promise<{ path: string; remove: () => Promise<void> }> {
  if (Buffer.byteLength(directory) <= LONGEST_SOCKET_FOLDER) return { path: directory, remove: async () => {} };
  const path = await mkdtemp(join(tmpdir(), 'ofn-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
