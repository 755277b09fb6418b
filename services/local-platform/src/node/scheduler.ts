import { POD } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import type { KubeClient } from '@openfunction/kube';
import { NODE_NAME } from '../names.ts';
import type { Pod } from '../objects.ts';

/** Whether a pod waits for a node and would take this one. */
export function isUnscheduled(pod: Pod): boolean {
  const { nodeName, schedulerName = 'default-scheduler', schedulingGates = [] } = pod.spec;
  return (
    !nodeName &&
    schedulerName === 'default-scheduler' &&
    schedulingGates.length === 0 &&
    pod.metadata.deletionTimestamp === undefined
  );
}

/** Binds a pod to this node. False when it has been deleted, or bound to a node already. */
export async function bindPod(client: KubeClient, pod: Pod): Promise<boolean> {
  const { namespace, name, uid } = pod.metadata;
  const body = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { namespace, name, uid },
    target: { apiVersion: 'v1', kind: 'Node', name: NODE_NAME },
  };
  try {
    await client.request('POST', client.path(POD, { namespace, name }, 'binding'), { body });
    return true;
  } catch (error) {
    if (isCoded(error, 'api.not-found') || isCoded(error, 'api.conflict')) return false;
    throw error;
  }
}
