import type { WantedCondition } from '../conditions.ts';

/** How a scaled object is: the words of its conditions are KEDA's own. */
export interface ScaledState {
  kind: 'ScaledObject' | 'ScaledJob';
  /** What is wrong with the object itself. */
  fault?: string | undefined;
  /** Why a trigger could not be asked. */
  trouble?: string | undefined;
  active: boolean;
  cooling?: boolean;
  paused?: boolean;
  falling?: boolean;
}

/** The conditions that KEDA would write. */
export function scaledConditions(state: ScaledState): WantedCondition[] {
  const { kind } = state;
  const common: WantedCondition[] = [
    { type: 'Ready', ...ready(state) },
    { type: 'Active', ...activity(state) },
    { type: 'Paused', ...paused(state) },
  ];
  return kind === 'ScaledJob' ? common : [...common, { type: 'Fallback', ...fallback(state) }];
}

type Words = Omit<WantedCondition, 'type'>;

function ready({ kind, fault, trouble, active }: ScaledState): Words {
  if (fault !== undefined) return { status: 'False', reason: `${kind}CheckFailed`, message: fault };
  if (trouble !== undefined && active) return { status: 'Unknown', reason: 'PartialTriggerError', message: trouble };
  if (trouble !== undefined) return { status: 'False', reason: 'TriggerError', message: trouble };
  return { status: 'True', reason: `${kind}Ready`, message: `${kind} is defined correctly and is ready for scaling` };
}

function activity({ kind, fault, active, cooling }: ScaledState): Words {
  if (fault !== undefined) return { status: 'Unknown', reason: 'UnknownState', message: `${kind} check failed` };
  if (active)
    return { status: 'True', reason: 'ScalerActive', message: 'Scaling is performed because triggers are active' };
  if (cooling === true) {
    return {
      status: 'False',
      reason: 'ScalerCooldown',
      message: 'Scaler cooling down because triggers are not active',
    };
  }
  return {
    status: 'False',
    reason: 'ScalerNotActive',
    message: 'Scaling is not performed because triggers are not active',
  };
}

function paused({ kind, paused: isPaused }: ScaledState): Words {
  if (isPaused === true) return { status: 'True', reason: `${kind}Paused`, message: `${kind} is paused` };
  return { status: 'Unknown' };
}

function fallback({ falling }: ScaledState): Words {
  if (falling === true) {
    return {
      status: 'True',
      reason: 'FallbackExists',
      message: 'At least one trigger is falling back on this scaled object',
    };
  }
  return { status: 'False', reason: 'NoFallbackFound', message: 'No fallbacks are active on this scaled object' };
}
