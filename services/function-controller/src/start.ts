import { BUILDER, FUNCTION, type Function, type FunctionStatus, SERVING } from '@openfunction/api';
import { type Controller, startController } from '@openfunction/controller';
import type { RunningService, ServiceContext } from '@openfunction/service';
import { markFailed, markPaused } from './conditions.ts';
import type { FunctionControllerConfig } from './config.ts';
import { type FunctionSeen, observe, watches } from './observe.ts';
import { planFunction } from './plan.ts';

export const FIELD_MANAGER = 'openfunction-function-controller';

/** Connects and starts: Functions in; Builders, Servings and routes out; every state rolled up into the Function. */
export function start(context: ServiceContext<FunctionControllerConfig>): Promise<RunningService> {
  const { drainSeconds } = context.config;
  const controller: Controller<FunctionSeen, FunctionStatus> = {
    name: 'function',
    primary: FUNCTION,
    watches,
    observe: (object, world) => observe(object, world, FIELD_MANAGER),
    plan: (seen, now) => planFunction(seen, now, { drainSeconds }),
    markFailed: ({ fn }, error, now) => markFailed(fn, error, now),
    markPaused: (object, now) => markPaused(object as Function, now),
  };
  const partners = [[BUILDER, 'builder'] as const, [SERVING, 'serving'] as const];
  return startController({ ...context, identity: FIELD_MANAGER, controller, partners });
}
