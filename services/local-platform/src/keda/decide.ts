import type { Reading } from './trigger.ts';

/** The limits that a ScaledObject sets, with KEDA's defaults. Times in milliseconds. */
export interface ScaleLimits {
  min: number;
  max: number;
  /** Instances while no trigger is active; undefined: `min`. */
  idle: number | undefined;
  cooldownMs: number;
  /** Time over which the highest wish counts before instances are taken away. */
  stabilizationMs: number;
}

/** What is known when the number of instances is decided. */
export interface ScaleSeen {
  limits: ScaleLimits;
  readings: readonly Reading[];
  current: number;
  /** When a trigger was last active, milliseconds since the epoch. */
  lastActive: number;
  /** Wishes of the past, the newest last. */
  wishes: readonly Wish[];
  now: number;
}

export interface Wish {
  at: number;
  replicas: number;
}

export interface ScaleDecision {
  replicas: number;
  active: boolean;
  /** No trigger is active, and the instances stay until the cooldown is over. */
  cooling: boolean;
  wishes: readonly Wish[];
}

/** How many instances there should be: KEDA's part from and to zero, the autoscaler's part between one and N. */
export function decide(seen: ScaleSeen): ScaleDecision {
  const { limits, readings, current, now } = seen;
  const active = readings.some((reading) => reading.active);
  const wish = wishOf(readings, limits);
  const wishes = [...seen.wishes.filter(({ at }) => now - at < limits.stabilizationMs), { at: now, replicas: wish }];
  if (active) return { replicas: steady(wish, current, wishes), active, cooling: false, wishes };
  const rest = limits.idle ?? limits.min;
  const cooling = current > rest && now - seen.lastActive < limits.cooldownMs;
  return { replicas: cooling ? current : rest, active, cooling, wishes: cooling ? wishes : [] };
}

/** The highest wish of all triggers, at least one instance, within the limits. */
function wishOf(readings: readonly Reading[], { min, max }: ScaleLimits): number {
  const wanted = readings.map(({ value, target }) => Math.ceil(value / target));
  return Math.min(max, Math.max(1, min, ...wanted));
}

/** More at once; fewer only when that was wished for a while. */
function steady(wish: number, current: number, wishes: readonly Wish[]): number {
  if (wish >= current) return wish;
  return Math.min(current, Math.max(...wishes.map(({ replicas }) => replicas)));
}
