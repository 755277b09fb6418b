import { POD } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import type { KubeClient } from '@openfunction/kube';
import { SIDECAR, SIDECAR_IMAGE } from '../dapr/sidecar.ts';
import { MANAGER } from '../names.ts';
import type { Pod } from '../objects.ts';

/** What even a namespace under PodSecurity `restricted` admits. */
const HARMLESS = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** Adds container `daprd` to the ephemeral containers of a pod, unless it is there. A pod that is gone is fine. */
export async function showSidecar(client: KubeClient, pod: Pod): Promise<void> {
  const present = pod.spec.ephemeralContainers ?? [];
  if ([...pod.spec.containers, ...present].some(({ name }) => name === SIDECAR)) return;
  const container = { name: SIDECAR, image: SIDECAR_IMAGE, securityContext: HARMLESS };
  const { namespace, name } = pod.metadata;
  const body = { spec: { ephemeralContainers: [...present, container] } };
  try {
    await client.patch(POD, { namespace, name }, body, { subresource: 'ephemeralcontainers', fieldManager: MANAGER });
  } catch (error) {
    if (!isCoded(error, 'api.not-found')) throw error;
  }
}
