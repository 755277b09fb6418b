import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { KubeClient } from '@openfunction/kube';
import { applyManifests, issueIdentity } from '@openfunction/local';
import { startTestCluster } from '@openfunction/testing';
import { readBase } from '../../integration/webhook-replica.ts';
import { type ReviewServer, startBare, startWebhook, type Webhook, type WebhookOptions } from './servers.ts';
import { startTelemetrySink } from './telemetry-sink.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FIELD_MANAGER = 'bench';

/** A real control plane, and servers that are started beside it. All of it ends with the stack. */
export interface World {
  client: KubeClient;
  /** Starts the webhook's bundle with its telemetry as it is by default: metrics, to be scraped. */
  startDefault: (name: string) => Promise<Webhook>;
  /** Starts it so that it exports traces and metrics; with a folder, a CPU profile is left there. */
  startExporting: (name: string, profile?: string) => Promise<Webhook>;
  startBare: () => Promise<ReviewServer>;
  /** Bytes of telemetry that were exported so far, by path. */
  exported: () => Record<string, number>;
}

export async function startWorld(stack: AsyncDisposableStack): Promise<World> {
  const cluster = await startTestCluster();
  stack.defer(cluster.stop);
  const client = KubeClient.of(cluster.admin);
  stack.defer(() => client.close());
  const sink = await startTelemetrySink();
  stack.defer(sink.close);
  const { directory } = cluster;
  await applyManifests(client, await readBase('00-namespace', '22-webhook-rbac'), { fieldManager: FIELD_MANAGER });
  const identity = await issueIdentity({
    client,
    ca: cluster.ca,
    namespace: 'openfunction',
    serviceAccount: 'openfunction-webhook',
    directory: join(directory, 'identity'),
  });
  stack.defer(() => identity.stop());
  const entry = await bundle(join(directory, 'dist'));
  const start = async (name: string, more: Partial<WebhookOptions>) => {
    const webhook = await startWebhook({ entry, directory, client, kubeconfig: identity.kubeconfig, name, ...more });
    return ending(stack, webhook);
  };
  const profiled = (folder?: string) => (folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]);
  return {
    client,
    startDefault: (name) => start(name, {}),
    startExporting: (name, folder) => start(name, { env: sink.env, nodeArgs: profiled(folder) }),
    startBare: async () => ending(stack, await startBare(client, directory)),
    exported: () => Object.fromEntries(sink.taken),
  };
}

function ending<T extends ReviewServer>(stack: AsyncDisposableStack, server: T): T {
  stack.defer(async () => {
    await server.process.stop();
  });
  return server;
}

/** Bundles the webhook as the image has it; returns the file. */
async function bundle(outdir: string): Promise<string> {
  const args = ['tools/bundle/src/main.ts', 'webhook', '--outdir', outdir];
  await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  return join(outdir, 'webhook/main.mjs');
}
