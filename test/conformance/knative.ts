import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CRD, KNATIVE_SERVICE, type KubeObject } from '@openfunction/api';
import { type KubeClient, statusOf } from '@openfunction/kube';
import { applyManifests, findProgram, freePort, type ProcessGroup, readManifests, type Say } from '@openfunction/local';
import { type ClusterAddress, moduleFolder, waitFor, withoutConversion } from '@openfunction/testing';

/** Knative Serving as it is: its controller and its webhook beside the test's control plane, without its autoscaler. */

const NAMESPACE = 'knative-serving';
const SERVING = 'knative.dev/serving@v0.47.0';
/** As the go.mod of that version says. */
const NETWORKING = 'knative.dev/networking@v0.0.0-20251021092443-0bde19154dce';
const CACHING = 'knative.dev/caching@v0.0.0-20251023153846-09d3ca0533a9';

const NETWORKING_CRDS = ['certificate', 'domain-claim', 'ingress', 'serverlessservice'];

/** Where nothing is asked for the digest of a tag: no test reaches a registry. */
const NO_TAG_RESOLVING = ['kind.local', 'ko.local', 'dev.local', 'index.docker.io', 'registry.example.com'];

const STARTS_WITHIN_MS = 60_000;

/** CRDs, namespace and configuration. */
export async function knativeManifests(): Promise<KubeObject[]> {
  const [serving = '', networking = '', caching = ''] = await Promise.all(
    [SERVING, NETWORKING, CACHING].map(moduleFolder),
  );
  const crds = await readManifests([
    ...(await yamlsIn(join(serving, 'config/core/300-resources'))),
    ...NETWORKING_CRDS.map((name) => join(networking, `config/${name}.yaml`)),
    join(caching, 'config/image.yaml'),
  ]);
  const maps = await readManifests([
    ...(await yamlsIn(join(serving, 'config/core/configmaps'))),
    join(networking, 'config/config-network.yaml'),
  ]);
  return [
    ...crds.filter(({ kind }) => kind === CRD.kind).map(withoutConversion),
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    ...maps.map(settled),
    ...leadingToWebhook(),
  ];
}

/**
 * Starts controller and webhook, and waits until the API server asks the webhook. Builds the programs when they are not in the
 * cache: minutes.
 */
export async function startKnative(
  group: ProcessGroup,
  { kubeconfig, directory }: ClusterAddress,
  client: KubeClient,
  say: Say,
): Promise<void> {
  const port = await freePort();
  const start = async (name: string, command: string, args: readonly string[]) =>
    group.start({
      name: `knative-${name}`,
      command,
      args: ['-kubeconfig', kubeconfig, ...args],
      env: { ...process.env, ...(await environment(name, port)) },
      logFile: join(directory, `knative-${name}.log`),
    });
  await start('controller', await findProgram('knative-serving-controller', say), []);
  await start('webhook', await findProgram('knative-serving-webhook', say), ['-disable-ha=true']);
  await applyManifests(client, await webhookConfigurations(port), { fieldManager: 'install' });
  await waitFor('the API server asks the webhook of Knative', () => isAsked(client), STARTS_WITHIN_MS);
}

async function environment(name: string, port: number): Promise<Record<string, string>> {
  return {
    POD_NAME: `knative-${name}`,
    SYSTEM_NAMESPACE: NAMESPACE,
    CONFIG_LOGGING_NAME: 'config-logging',
    CONFIG_OBSERVABILITY_NAME: 'config-observability',
    METRICS_DOMAIN: 'knative.dev/serving',
    PROFILING_PORT: String(await freePort()),
    WEBHOOK_NAME: 'webhook',
    WEBHOOK_PORT: String(port),
  };
}

async function yamlsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((file) => file.endsWith('.yaml')).map((file) => join(folder, file));
}

/** What has to be other than as shipped: what ko would fill in, that no registry is asked, and functions of WebAssembly. */
const SETTINGS: Record<string, Record<string, string>> = {
  'config-deployment': {
    'queue-sidecar-image': 'kind.local/queue',
    'registries-skipping-tag-resolving': NO_TAG_RESOLVING.join(','),
  },
  'config-features': {
    'kubernetes.podspec-runtimeclassname': 'enabled',
  },
};

function settled(map: KubeObject): KubeObject {
  return { ...map, data: { ...map['data'], ...SETTINGS[map.metadata.name] } };
}

/** The Service that stands for loopback, and the Secret that the webhook fills with its certificates. */
function leadingToWebhook(): KubeObject[] {
  const spec = { type: 'ExternalName', externalName: 'localhost', ports: [{ port: 443 }] };
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { namespace: NAMESPACE, name: 'webhook' }, spec },
    { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: NAMESPACE, name: 'webhook-certs' } },
  ];
}

/** Knative's own, for this port. The webhook adds its rules, paths and authority. */
async function webhookConfigurations(port: number): Promise<KubeObject[]> {
  const folder = join(await moduleFolder(SERVING), 'config/core/webhooks');
  const all = await readManifests(await yamlsIn(folder));
  const configurations = all.filter(({ kind }) => kind.endsWith('WebhookConfiguration'));
  for (const { webhooks } of configurations) for (const { clientConfig } of webhooks) clientConfig.service.port = port;
  return configurations;
}

/** Whether something is refused that the CRD allows. */
async function isAsked(client: KubeClient): Promise<boolean> {
  const template = { metadata: { name: 'of-another' }, spec: { containers: [{ image: 'kind.local/any' }] } };
  const probe = {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: 'any' },
  };
  const refused = await client
    .create(KNATIVE_SERVICE, { ...probe, spec: { template } }, { dryRun: true })
    .catch((error) => statusOf(error));
  return JSON.stringify(refused).includes('must have prefix');
}
