import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram, freePort, type ManagedProcess, silent, startProcess } from '@openfunction/local';
import { needsGo } from './needs-go.ts';

/** For the names of tests that are skipped without daprd; empty when it can be had. */
export const NO_DAPRD = needsGo('daprd comes from its Go module');

export interface DaprdOptions {
  name: string;
  /** Where its files go. */
  folder: string;
  /** Dapr Components. */
  components: readonly object[];
  /** Ports of its APIs. */
  http: number;
  grpc: number;
  /** What it calls with events; undefined: nothing. */
  app?: { port: number; protocol: string };
}

/** A real daprd on loopback, up and with its Components loaded. It is built from its module when no run before has done so. */
export async function startDaprd(options: DaprdOptions): Promise<ManagedProcess> {
  const { name, folder, app, http, grpc } = options;
  const flags = {
    'app-id': `${name}-default`,
    ...(app && { 'app-port': app.port, 'app-protocol': app.protocol, 'app-channel-address': '127.0.0.1' }),
    'dapr-listen-addresses': '127.0.0.1',
    'dapr-http-port': http,
    'dapr-grpc-port': grpc,
    'dapr-internal-grpc-port': await freePort(),
    'enable-metrics': false,
    'resources-path': await writeComponents(options),
  };
  return await startProcess({
    name: `daprd of ${name}`,
    command: await findProgram('daprd', silent),
    args: Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
    env: { PATH: process.env['PATH'], HOME: folder, NAMESPACE: 'default' },
    logFile: join(folder, `${name}-daprd.log`),
    ready: async () => {
      const health = fetch(`http://127.0.0.1:${http}/v1.0/healthz/outbound`);
      return await health.then(
        ({ status }) => status === 204,
        () => false,
      );
    },
    readyTimeoutMs: 60_000,
  });
}

async function writeComponents({ name, folder, components }: DaprdOptions): Promise<string> {
  const resources = join(folder, `${name}-components`);
  await mkdir(resources);
  const texts = components.map((component) => JSON.stringify(component));
  await Promise.all(texts.map((text, index) => writeFile(join(resources, `${index}.yaml`), text)));
  return resources;
}
