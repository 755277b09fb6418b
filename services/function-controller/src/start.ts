import { BUILDER, FUNCTION, type Function, type FunctionStatus, SERVING } from '@openfunction/api';
import { type Controller, startController } from '@openfunction/controller';
import type { RunningService, ServiceContext } from '@openfunction/service';
import { markFailed, markPaused } from './conditions.ts';
import type { FunctionControllerConfig } from './config.ts';
import { grantController } from './grants.ts';
import { type FunctionSeen, observe, watches } from './observe.ts';
import { planFunction } from './plan.ts';

export const FIELD_MANAGER = 'openfunction-function-controller';

/** Connects and starts: Functions in; Builders, Servings and routes out; every state rolled up into the Function. */
export async function start(context: ServiceContext<FunctionControllerConfig>): Promise<RunningService> {
  const { drainSeconds, kedaHttpNamespace, clusterDomain } = context.config;
  const controller: Controller<FunctionSeen, FunctionStatus> = {
    name: 'function',
    primary: FUNCTION,
    watches,
    observe: (object, world) => observe(object, world, { fieldManager: FIELD_MANAGER, kedaHttpNamespace }),
    plan: (seen, now) => planFunction(seen, now, { drainSeconds, kedaHttpNamespace, clusterDomain }),
    markFailed: ({ fn }, error, now, apart) => markFailed(fn, error, now, apart),
    markPaused: (object, now) => markPaused(object as Function, now),
  };
  const partners = [[BUILDER, 'builder'] as const, [SERVING, 'serving'] as const];
  const grants = grantController(kedaHttpNamespace);
  const running = await Promise.all([
    startController({ ...context, identity: FIELD_MANAGER, controller, partners }),
    startController({ ...context, identity: FIELD_MANAGER, controller: grants, partners: [] }),
  ]);
  return { stop: async () => void (await Promise.all(running.map(({ stop }) => stop()))) };
}
