import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ProcessGroup } from '../process/group.ts';
import type { ManagedProcess } from '../process/process.ts';

/**
 * Starts etcd on a Unix socket in `socketDirectory`.
 *
 * No TLS and no password: the folder (0700) lets in this user only, and no port is open. `--unsafe-no-fsync` because the data
 * is worth no more than the run; it makes writes several times cheaper.
 */
export async function startEtcd(options: {
  group: ProcessGroup;
  command: string;
  dataDirectory: string;
  socketDirectory: string;
  logFile: string;
}): Promise<{ url: string; process: ManagedProcess }> {
  await mkdir(options.dataDirectory, { recursive: true, mode: 0o700 });
  // etcd insists on host:port also for sockets, and makes a socket file of that name in its working directory.
  const client = 'unix://etcd:0';
  const peer = 'unix://peer:0';
  const socket = join(options.socketDirectory, 'etcd:0');
  const started = await options.group.start({
    name: 'etcd',
    command: options.command,
    args: [
      '--name=local',
      `--data-dir=${options.dataDirectory}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=local=${peer}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
      '--auto-compaction-retention=10m',
      '--quota-backend-bytes=4294967296',
    ],
    cwd: options.socketDirectory,
    logFile: options.logFile,
    ready: () => accepts(socket),
  });
  return { url: `unix://${socket}`, process: started };
}

function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => resolve(true));
    connection.once('error', () => resolve(false));
    connection.once('connect', () => connection.destroy());
  });
}
