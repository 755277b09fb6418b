import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SECRET } from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
import { freePort, type ManagedProcess, startProcess } from '@openfunction/local';
import { waitFor } from '@openfunction/testing';
import { deployedEnv, imageArgs } from '../../deployed-webhook.ts';
import type { Target } from './review-client.ts';

const NAMESPACE = 'openfunction';
const SECRET_NAME = 'openfunction-webhook-server-cert';
const SERVER_NAME = `openfunction-webhook-service.${NAMESPACE}.svc`;

/** A server that answers reviews, as a process of its own. */
export interface ReviewServer extends Target {
  process: ManagedProcess;
}

export interface Webhook extends ReviewServer {
  healthPort: number;
  /** From the start of the process until `/readyz` says yes and reviews are listened for. */
  readyMs: number;
}

export interface WebhookOptions {
  name: string;
  /** The bundle. */
  entry: string;
  directory: string;
  kubeconfig: string;
  client: KubeClient;
  /** More settings, e.g. `OTEL_*`. */
  env?: Record<string, string>;
  /** More arguments for Node, e.g. `--cpu-prof`. */
  nodeArgs?: readonly string[];
}

const READY_MS = 30_000;

/** Starts the webhook as its image does, and waits until it is ready. */
export async function startWebhook(options: WebhookOptions): Promise<Webhook> {
  const [port, healthPort, args] = [await freePort(), await freePort(), await imageArgs()];
  const startedAt = performance.now();
  const child = await startProcess({
    name: options.name,
    command: process.execPath,
    args: [...args, ...(options.nodeArgs ?? []), options.entry],
    env: {
      PATH: process.env['PATH'],
      ...(await deployedEnv()),
      KUBECONFIG: options.kubeconfig,
      PORT: String(port),
      HEALTH_PORT: String(healthPort),
      HOST: '127.0.0.1',
      HEALTH_HOST: '127.0.0.1',
      ...options.env,
    },
    logFile: join(options.directory, `${options.name}.log`),
  });
  await untilReady(child, { port, healthPort }, startedAt + READY_MS);
  const readyMs = Math.round(performance.now() - startedAt);
  return { process: child, port, healthPort, readyMs, ...(await trustOf(options.client)) };
}

/** Asks every 5 ms: the time is what is measured. */
async function untilReady(
  child: ManagedProcess,
  ports: { port: number; healthPort: number },
  deadline: number,
): Promise<void> {
  while (!((await saysReady(ports.healthPort)) && (await listens(ports.port)))) {
    if (child.running && performance.now() < deadline) await pause(5);
    else throw new Error(`${child.name} is not ready: ${(await child.lastLines()).join(' | ')}`);
  }
}

function saysReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Starts the bare handler with the webhook's own certificate. */
export async function startBare(client: KubeClient, directory: string): Promise<ReviewServer> {
  const data = await certificate(client);
  const files = { cert: join(directory, 'bare.crt'), key: join(directory, 'bare.key') };
  await writeFile(files.cert, data('tls.crt'), { mode: 0o600 });
  await writeFile(files.key, data('tls.key'), { mode: 0o600 });
  const logFile = join(directory, 'bare.log');
  const script = fileURLToPath(new URL('./bare-server.ts', import.meta.url));
  const args = [script, files.cert, files.key];
  const child = await startProcess({ name: 'bare', command: process.execPath, args, logFile });
  const port = await waitFor('the bare handler listens', async () => {
    if (!child.running) throw new Error((await child.lastLines()).join(' | '));
    const line = (await readFile(logFile, 'utf8')).split('\n').find((text) => text.startsWith('{"port"'));
    return line !== undefined && (JSON.parse(line) as { port: number }).port;
  });
  return { process: child, port, ...(await trustOf(client)) };
}

async function trustOf(client: KubeClient): Promise<Omit<Target, 'port'>> {
  return { ca: (await certificate(client))('ca.crt'), serverName: SERVER_NAME };
}

async function certificate(client: KubeClient): Promise<(part: string) => string> {
  const secret = await client.get(SECRET, { namespace: NAMESPACE, name: SECRET_NAME });
  return (part) => Buffer.from(secret?.['data']?.[part] ?? '', 'base64').toString();
}
