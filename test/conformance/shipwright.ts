import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CRD, type KubeObject } from '@openfunction/api';
import { findProgram, freePort, type ProcessGroup, readManifests, type Say } from '@openfunction/local';
import { type ClusterAddress, moduleFolder, withoutConversion } from '@openfunction/testing';

/** Shipwright and Tekton as they are: the controllers' own programs beside the test's control plane, without their webhooks. */

const TEKTON = 'github.com/tektoncd/pipeline@v1.6.0';
const TEKTON_NAMESPACE = 'tekton-pipelines';
const SHIPWRIGHT_NAMESPACE = 'shipwright-build';

/** What Tekton puts into pods beside the steps; nothing runs here, so any image will do. */
const TEKTON_IMAGES = ['entrypoint', 'nop', 'sidecarlogresults', 'workingdirinit', 'shell'].map(
  (name) => `${name}-image`,
);

/** Tekton's CRDs, namespaces, and configuration; Shipwright's CRDs come with `foreignCrds`. */
export async function buildManifests(): Promise<KubeObject[]> {
  const config = join(await moduleFolder(TEKTON), 'config');
  const crds = await readManifests(
    (await readdir(join(config, '300-crds'))).map((file) => join(config, '300-crds', file)),
  );
  const maps = (await readdir(config))
    .filter((file) => /^config-.*\.yaml$/.test(file))
    .map((file) => join(config, file));
  return [
    ...crds.filter(({ kind }) => kind === CRD.kind).map(withoutConversion),
    ...[TEKTON_NAMESPACE, SHIPWRIGHT_NAMESPACE].map(namespace),
    ...(await readManifests(maps)).map(withoutMetrics),
  ];
}

/** Starts both controllers; they take a moment until they act. Builds the programs when they are not in the cache: minutes. */
export async function startBuildControllers(
  group: ProcessGroup,
  { kubeconfig, directory }: ClusterAddress,
  say: Say,
): Promise<void> {
  const tekton = await findProgram('tekton-controller', say);
  const shipwright = await findProgram('shipwright-build-controller', say);
  await group.start({
    name: 'tekton',
    command: tekton,
    args: [
      '-kubeconfig',
      kubeconfig,
      '-disable-ha=true',
      ...[...TEKTON_IMAGES, 'shell-image-win'].flatMap((flag) => [`-${flag}`, 'example.com/tekton']),
    ],
    env: { ...process.env, ...(await tektonEnvironment()) },
    logFile: join(directory, 'tekton.log'),
  });
  await group.start({
    name: 'shipwright',
    command: shipwright,
    args: ['--kubeconfig', kubeconfig],
    env: {
      ...process.env,
      BUILD_NAMESPACE: SHIPWRIGHT_NAMESPACE,
      BUILD_CONTROLLER_LEADER_ELECTION_NAMESPACE: SHIPWRIGHT_NAMESPACE,
      CONTROLLER_NAME: 'shipwright-build',
      TERMINATION_LOG_PATH: join(directory, 'shipwright-termination.log'),
    },
    logFile: join(directory, 'shipwright.log'),
  });
}

async function tektonEnvironment(): Promise<Record<string, string>> {
  return {
    SYSTEM_NAMESPACE: TEKTON_NAMESPACE,
    CONFIG_LOGGING_NAME: 'config-logging',
    CONFIG_OBSERVABILITY_NAME: 'config-observability',
    CONFIG_LEADERELECTION_NAME: 'config-leader-election-controller',
    METRICS_DOMAIN: 'tekton.dev/pipeline',
    PROBES_PORT: String(await freePort()),
    PROFILING_PORT: String(await freePort()),
  };
}

/** Its port would be the same for every Tekton on this machine. */
function withoutMetrics(map: KubeObject): KubeObject {
  if (map.metadata.name !== 'config-observability') return map;
  return { ...map, data: { 'metrics.backend-destination': 'none' } };
}

function namespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}
