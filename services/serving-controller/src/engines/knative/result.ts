import type { KubeObject } from '@openfunction/api';

/** What an engine says of its workload: the Ready condition, once it speaks of the present spec. */
export interface EngineResult {
  ready: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
}

interface KnativeStatus {
  observedGeneration?: number;
  conditions?: { type: string; status: EngineResult['ready']; reason?: string; message?: string }[];
}

/** The state of a Knative Service (controllers.md §3.9). A status about an older generation says nothing yet. */
export function readResult(service: KubeObject): EngineResult {
  const status = (service['status'] ?? {}) as KnativeStatus;
  if (status.observedGeneration !== service.metadata.generation) return { ready: 'Unknown' };
  const condition = status.conditions?.find(({ type }) => type === 'Ready');
  if (condition === undefined) return { ready: 'Unknown' };
  const { reason, message } = condition;
  return {
    ready: condition.status,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
  };
}
