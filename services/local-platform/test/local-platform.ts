import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeClient } from '@openfunction/kube';
import { issueIdentity, type ManagedProcess, startProcess } from '@openfunction/local';
import { type StartedCluster, startTestCluster, waitFor } from '@openfunction/testing';
import { ImageStore } from '../src/images/index.ts';

const DEPLOY = fileURLToPath(new URL('../deploy/', import.meta.url));
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const MANIFESTS = [
  '00-rbac.yaml',
  '10-shipwright-crds.yaml',
  '20-knative-crds.yaml',
  '30-gateway-crds.yaml',
  '40-gateway.yaml',
  '50-dapr-crds.yaml',
  '60-keda-crds.yaml',
];

/** A function of a few lines: answers what it is asked for, and does not mind being killed at SIGTERM. */
const SERVER = `import { createServer } from 'node:http';
const name = process.argv[2];
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://x');
  console.log(name, request.method, request.url);
  if (url.pathname === '/exit') process.exit(7);
  if (url.pathname === '/echo') return request.pipe(response);
  const answer = () => response.end(url.pathname === '/env' ? JSON.stringify(process.env) : name + ' ' + (request.headers.host ?? ''));
  setTimeout(answer, Number(url.searchParams.get('ms') ?? 0));
});
server.on('upgrade', (request, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: raw\\r\\n\\r\\n');
  socket.on('data', (data) => socket.write('you said ' + data));
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log(name, 'listens'));
`;

/** A control plane with the local platform running beside it, as a process of its own under its own ServiceAccount. */
export interface LocalPlatform {
  cluster: StartedCluster;
  client: KubeClient;
  images: ImageStore;
  port: number;
  directory: string;
  /** Commits an image that runs SERVER under a name, or another Node script. */
  image(reference: string, name: string, script?: string): Promise<string>;
  /** Ends the platform with a signal and starts it again. */
  restart(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

/** Starts all of it in a temporary folder, with further settings of the platform. */
export async function startLocalPlatform(settings: Record<string, string> = {}): Promise<LocalPlatform> {
  const manifests = MANIFESTS.map((name) => join(DEPLOY, name));
  const cluster = await startTestCluster({ crds: false, manifests });
  const client = KubeClient.of(cluster.admin);
  const directory = join(cluster.directory, 'platform');
  await mkdir(directory, { recursive: true });
  const identity = await issueIdentity({
    client,
    ca: cluster.ca,
    namespace: 'openfunction',
    serviceAccount: 'openfunction-local-platform',
    directory: join(directory, 'identity'),
  });
  const images = new ImageStore(join(directory, 'images'));
  const run = () => startPlatform(cluster, directory, { KUBECONFIG: identity.kubeconfig, ...settings });
  let platform = await run();
  const handle: LocalPlatform = {
    cluster,
    client,
    images,
    port: platform.port,
    directory,
    image: (reference, name, script) => commitImage(images, directory, { reference, name, script: script ?? SERVER }),
    restart: async (signal) => {
      process.kill(platform.process.pid, signal);
      await platform.process.exited;
      platform = await run();
      handle.port = platform.port;
    },
    stop: async () => {
      await platform.process.stop();
      await identity.stop();
      await client.close();
      await cluster.stop();
    },
  };
  return handle;
}

async function startPlatform(cluster: StartedCluster, directory: string, settings: Record<string, string>) {
  const logFile = join(directory, `platform-${Date.now()}.log`);
  const process_ = await startProcess({
    name: 'local-platform',
    command: process.execPath,
    args: [MAIN],
    env: {
      PATH: process.env['PATH'] ?? '',
      HTTP_PORT: '0',
      HEALTH_PORT: '0',
      HEALTH_HOST: '127.0.0.1',
      KUBELET_CLIENT_CA: cluster.kubeletClientCaFile,
      STATE_DIRECTORY: join(directory, 'state'),
      IMAGES_DIRECTORY: join(directory, 'images'),
      OPENFUNCTION_CACHE: join(directory, 'cache'),
      PROGRESS_DEADLINE_SECONDS: '5',
      SECRET_OF_THE_PLATFORM: 'must not be seen',
      ...settings,
    },
    logFile,
  });
  const port = await waitFor('the router to listen', () => portOf(logFile), 30_000);
  await waitFor(
    'the platform to have started',
    async () => (await readFile(logFile, 'utf8')).includes('"msg":"started"'),
    30_000,
  );
  return { process: process_ as ManagedProcess, port };
}

async function portOf(logFile: string): Promise<number | undefined> {
  const text = await readFile(logFile, 'utf8');
  const lines = text.split('\n').filter((line) => line.includes('"component":"router"'));
  return lines.map((line) => (JSON.parse(line) as { port: number }).port)[0];
}

async function commitImage(
  images: ImageStore,
  directory: string,
  { reference, name, script }: { reference: string; name: string; script: string },
): Promise<string> {
  const tree = await mkdtemp(join(directory, 'tree-'));
  await writeFile(join(tree, 'server.mjs'), script);
  const command = [process.execPath, 'server.mjs', name];
  const { digest } = await images.commit(reference, tree, { command, env: { FROM_IMAGE: name }, language: 'node' });
  return digest;
}

export interface Reply {
  status: number;
  body: string;
  headers: IncomingHttpHeaders;
}

/** Asks a host through the router. Rejects when the connection fails or the answer is cut off. */
export function ask(
  port: number,
  host: string,
  path = '/',
  options: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        method: options.method ?? 'GET',
        agent: false,
        headers: { ...options.headers, host },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
        response.once('error', reject);
      },
    );
    request.once('error', reject);
    request.end(options.body);
  });
}
