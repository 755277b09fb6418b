import { DEPLOYMENT, type Kind, type KubeObject, SCALED_OBJECT, STATEFUL_SET } from '@openfunction/api';
import { type KubeClient, recordEvent, type Store } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import { holds, rfc3339 } from '../conditions.ts';
import { MANAGER } from '../names.ts';
import { splitKey } from '../objects.ts';
import { type Answers, askTriggers } from './ask-triggers.ts';
import { decide, type ScaleLimits, type Wish } from './decide.ts';
import {
  COOLDOWN_SECONDS,
  MOST_REPLICAS,
  POLLING_SECONDS,
  type ScaledObject,
  type ScaledStatus,
  STABILIZATION_SECONDS,
  variablesOf,
} from './keda-objects.ts';
import { type ScaledState, scaledConditions } from './scaled-conditions.ts';

export interface ScaledReconcilerOptions {
  client: KubeClient;
  /** The ScaledObjects, or the ScaledJobs. */
  objects: Store;
  logger: Logger;
  /** Looks at an object again after this time. */
  again(key: string, ms: number): void;
}

/** What is remembered of an object between two looks. */
interface Memory {
  lastActive: number;
  wishes: readonly Wish[];
  failures: number;
}

interface Outcome {
  state: ScaledState;
  replicas?: number;
}

/** How often an autoscaler looks. */
const AUTOSCALER_MS = 15_000;
const TARGET_AGAIN_MS = 2_000;
const TARGETS: Record<string, Kind> = { Deployment: DEPLOYMENT, StatefulSet: STATEFUL_SET };
const PAUSED = 'autoscaling.keda.sh/paused';
const PAUSED_REPLICAS = 'autoscaling.keda.sh/paused-replicas';

/** Plays KEDA and the autoscaler for one ScaledObject: asks its triggers, sets the replicas of its target, says how it is. */
export class ScaledObjectReconciler {
  readonly #options: ScaledReconcilerOptions;
  readonly #memories = new Map<string, Memory>();

  constructor(options: ScaledReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string): Promise<void> {
    const object = this.#options.objects.get(key) as ScaledObject | undefined;
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) {
      this.#memories.delete(key);
      return;
    }
    const { kind = 'Deployment', name } = object.spec.scaleTargetRef;
    const target = await this.#target(key, kind, name);
    const current = Number(target?.['spec'].replicas ?? 1);
    const now = new Date();
    const outcome = await this.#look(key, object, target, now);
    if (outcome.replicas !== undefined && outcome.replicas !== current) {
      await this.#scale(object, kind, { from: current, to: outcome.replicas });
    }
    await this.#report(object, outcome.state, target);
    const polling = (object.spec.pollingInterval ?? POLLING_SECONDS) * 1000;
    const busy = (outcome.replicas ?? current) > 0;
    this.#options.again(
      key,
      target === undefined ? TARGET_AGAIN_MS : busy ? Math.min(polling, AUTOSCALER_MS) : polling,
    );
  }

  async #target(key: string, kind: string, name: string): Promise<KubeObject | undefined> {
    const target = TARGETS[kind];
    return target === undefined
      ? undefined
      : await this.#options.client.get(target, { namespace: splitKey(key).namespace, name });
  }

  async #look(key: string, object: ScaledObject, target: KubeObject | undefined, now: Date): Promise<Outcome> {
    const { kind = 'Deployment', name, envSourceContainerName } = object.spec.scaleTargetRef;
    const state = { kind: 'ScaledObject', active: false } as const;
    if (TARGETS[kind] === undefined)
      return { state: { ...state, fault: `scaling a ${kind} needs a cluster with KEDA` } };
    if (target === undefined) return { state: { ...state, fault: `${kind} ${JSON.stringify(name)} does not exist` } };
    const paused = pausedAt(object);
    if (paused !== undefined)
      return { state: { ...state, paused: true }, ...(paused !== 'as it is' && { replicas: paused }) };
    const env = variablesOf(target['spec'].template?.spec, envSourceContainerName);
    const answers = await askTriggers(object.spec.triggers, env, now);
    return this.#judge(key, object, Number(target['spec'].replicas ?? 1), answers, now.getTime());
  }

  #judge(key: string, { spec, status }: ScaledObject, current: number, answers: Answers, now: number): Outcome {
    const { fault, trouble, readings } = answers;
    const lastActive = Date.parse(status?.lastActiveTime ?? '') || 0;
    const memory = this.#memories.get(key) ?? { lastActive, wishes: [], failures: 0 };
    const failures = trouble === undefined ? 0 : memory.failures + 1;
    const decision = decide({ limits: limitsOf(spec), readings, current, now, ...memory });
    const { active, cooling, wishes } = decision;
    this.#memories.set(key, { lastActive: active ? now : memory.lastActive, wishes, failures });
    const falling = spec.fallback !== undefined && failures >= spec.fallback.failureThreshold;
    const state: ScaledState = { kind: 'ScaledObject', fault, trouble, active, cooling, falling };
    if (fault !== undefined) return { state };
    if (falling) return { state, replicas: spec.fallback?.replicas ?? current };
    // Nobody knows what is needed: what runs goes on.
    return trouble !== undefined && !active ? { state } : { state, replicas: decision.replicas };
  }

  async #scale(object: ScaledObject, kind: string, { from, to }: { from: number; to: number }): Promise<void> {
    const { client, logger } = this.#options;
    const { namespace } = object.metadata;
    const { name } = object.spec.scaleTargetRef;
    const target = TARGETS[kind];
    if (target === undefined) return;
    await client.patch(
      target,
      { namespace, name },
      { spec: { replicas: to } },
      { subresource: 'scale', fieldManager: MANAGER },
    );
    logger.info({ scaledObject: object.metadata.name, namespace, replicas: to, before: from }, 'scaled');
    if (from > 0 && to > 0) return;
    const [reason, verb] =
      from === 0 ? ['KEDAScaleTargetActivated', 'Scaled'] : ['KEDAScaleTargetDeactivated', 'Deactivated'];
    const message = `${verb} ${kind} ${namespace}/${name} from ${from} to ${to}`;
    const note = { type: 'Normal', reason, message, action: 'Scale', occasion: `${to} ${Date.now()}` } as const;
    await recordEvent(client, MANAGER, object, note, new Date());
  }

  async #report(object: ScaledObject, state: ScaledState, target: KubeObject | undefined): Promise<void> {
    const { kind = 'Deployment' } = object.spec.scaleTargetRef;
    const before = object.status;
    const memory = this.#memories.get(`${object.metadata.namespace}/${object.metadata.name}`);
    const conditions = scaledConditions(state);
    const changed = !holds(before, { conditions });
    const status: ScaledStatus = {
      ...(changed && memory?.lastActive && { lastActiveTime: rfc3339(new Date(memory.lastActive)) }),
      conditions,
      scaleTargetKind: `apps/v1.${kind}`,
      triggersTypes: object.spec.triggers.map(({ type }) => type).join(','),
      originalReplicaCount: before?.originalReplicaCount ?? Number(target?.['spec'].replicas ?? 1),
    };
    if (holds(before, status)) return;
    const { namespace, name, resourceVersion } = object.metadata;
    const { client, objects } = this.#options;
    const body = { metadata: { resourceVersion }, status };
    objects.put(
      await client.patch(SCALED_OBJECT, { namespace, name }, body, { subresource: 'status', fieldManager: MANAGER }),
    );
  }
}

function limitsOf(spec: ScaledObject['spec']): ScaleLimits {
  const { scaleDown } = spec.advanced?.horizontalPodAutoscalerConfig?.behavior ?? {};
  return {
    min: spec.minReplicaCount ?? 0,
    max: spec.maxReplicaCount ?? MOST_REPLICAS,
    idle: spec.idleReplicaCount,
    cooldownMs: (spec.cooldownPeriod ?? COOLDOWN_SECONDS) * 1000,
    stabilizationMs: (scaleDown?.stabilizationWindowSeconds ?? STABILIZATION_SECONDS) * 1000,
  };
}

/** How many instances a paused object keeps; undefined when it is not paused. */
function pausedAt({ metadata }: ScaledObject): number | 'as it is' | undefined {
  const replicas = Number.parseInt(metadata.annotations?.[PAUSED_REPLICAS] ?? '', 10);
  if (!Number.isNaN(replicas)) return replicas;
  return metadata.annotations?.[PAUSED] === 'true' ? 'as it is' : undefined;
}
