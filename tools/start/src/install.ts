import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject } from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
import { applyManifests, readManifests } from '@openfunction/local';
import { ROOT } from './root.ts';
import { type Ports, wireToThisMachine } from './wiring.ts';

const FIELD_MANAGER = 'openfunction-install';
/** Another name, so that applying the platform's Namespace takes nothing away from that of deploy/base. */
const PLATFORM_FIELD_MANAGER = 'openfunction-local-platform-install';

/** What is to be installed, read and fitted to this machine. */
export interface Manifests {
  crds: KubeObject[];
  /** Namespace, roles, configuration, webhooks. */
  base: KubeObject[];
  platform: KubeObject[];
  /** Objects of our own kinds: the webhook is asked about them. */
  own: KubeObject[];
}

/** Reads deploy/ and, when wanted, what belongs to the local platform: its slim CRDs, role and Gateway. */
export async function readInstallation(options: { platform: boolean; ports: Ports }): Promise<Manifests> {
  const base = wireToThisMachine(await folder('deploy/base'), options.ports);
  const own = wireToThisMachine(await folder('deploy/crds'), options.ports);
  if (!options.platform) return { crds: own, base, platform: [], own: [] };
  const foreign = [...(await folder('services/local-platform/deploy')), ...(await folder('tools/start/manifests'))];
  const platform = wireToThisMachine(foreign, options.ports);
  const rest = platform.filter((object) => !isCrd(object));
  return {
    crds: [...own, ...platform.filter(isCrd)],
    base,
    platform: rest.filter((object) => !isOwn(object)),
    own: rest.filter(isOwn),
  };
}

/** Applies CRDs, and beside them what needs none; last what needs them. The webhooks' configurations are among the base. */
export async function install(client: KubeClient, manifests: Manifests): Promise<void> {
  await Promise.all([
    applyManifests(client, manifests.base, { fieldManager: FIELD_MANAGER }),
    ...manifests.crds.map((crd) => applyManifests(client, [crd], { fieldManager: FIELD_MANAGER })),
  ]);
  await applyManifests(client, manifests.platform, { fieldManager: PLATFORM_FIELD_MANAGER });
}

/** Applies what the webhook has to admit, so it must be there. */
export async function installOwn(client: KubeClient, { own }: Manifests): Promise<void> {
  await applyManifests(client, own, { fieldManager: PLATFORM_FIELD_MANAGER });
}

function isOwn({ apiVersion }: KubeObject): boolean {
  return apiVersion.split('/')[0]?.endsWith('openfunction.io') === true;
}

function isCrd({ kind }: KubeObject): boolean {
  return kind === 'CustomResourceDefinition';
}

async function folder(path: string): Promise<KubeObject[]> {
  const directory = join(ROOT, path);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.yaml')).sort();
  return readManifests(names.map((name) => join(directory, name)));
}
