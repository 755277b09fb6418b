import { join } from 'node:path';
import { KubeClient } from '@openfunction/kube';
import { applyManifests, issueIdentity } from '@openfunction/local';
import { startTestCluster } from '@openfunction/testing';
import { bundleWebhook } from '../../deployed-webhook.ts';
import { readBase } from '../../integration/webhook-replica.ts';
import { type ReviewServer, startBare, startWebhook, type Webhook, type WebhookOptions } from './servers.ts';
import { startTelemetrySink } from './telemetry-sink.ts';

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
  const entry = await bundleWebhook(join(directory, 'dist'));
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
