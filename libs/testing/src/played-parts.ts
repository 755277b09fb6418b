import { conditionTime, HTTP_SCALED_OBJECT, isOfKind, type KubeObject } from '@openfunction/api';
import type { Outcome } from './neighbours.ts';

/** What a kubelet and KEDA would say of pods and scalers of event-driven functions, as statuses to be written. */

/**
 * How long the containers of a played pod have been running when they are first seen to: one without a readiness probe is not believed
 * before it has lasted a moment (serving-controller, results/workload.ts).
 */
const RUNNING_SINCE_MS = 10_000;

/** The status of a pod whose containers run, or wait for the outcome's reason; undefined when it has one, or goes. */
export function playPod(pod: KubeObject, outcome: Outcome): object | undefined {
  if (pod.metadata.deletionTimestamp !== undefined || pod['status']?.containerStatuses !== undefined) return undefined;
  const startedAt = conditionTime(new Date(Date.now() - RUNNING_SINCE_MS));
  const state = outcome.ok
    ? { running: { startedAt } }
    : { waiting: { reason: outcome.reason, message: outcome.message } };
  const containers = pod['spec'].containers as { name: string; image: string }[];
  return {
    phase: outcome.ok ? 'Running' : 'Pending',
    conditions: [{ type: 'Ready', status: outcome.ok ? 'True' : 'False' }],
    containerStatuses: containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      ready: outcome.ok,
      started: outcome.ok,
      restartCount: 0,
      state,
    })),
  };
}

/** The status of a ScaledObject, ScaledJob or HTTPScaledObject that was taken up; undefined when it has one. */
export function playScaler(scaler: KubeObject, outcome: Outcome): object | undefined {
  if (scaler['status']?.conditions !== undefined) return undefined;
  const isHttp = isOfKind(scaler, HTTP_SCALED_OBJECT);
  const good = { status: 'True', reason: isHttp ? 'HTTPScaledObjectIsReady' : 'ScaledObjectReady', message: '' };
  const said = outcome.ok ? good : { status: 'False', reason: outcome.reason, message: outcome.message };
  return { conditions: [{ type: 'Ready', ...said }] };
}
