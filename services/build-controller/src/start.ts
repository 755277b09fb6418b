import { BUILDER, type BuilderStatus, FUNCTION } from '@openfunction/api';
import { type Controller, startController } from '@openfunction/controller';
import type { RunningService, ServiceContext } from '@openfunction/service';
import { markFailed } from './conditions.ts';
import type { BuildControllerConfig } from './config.ts';
import { type BuilderSeen, observe, watches } from './observe.ts';
import { planBuilder } from './plan.ts';

const builderController: Controller<BuilderSeen, BuilderStatus> = {
  name: 'builder',
  primary: BUILDER,
  parent: FUNCTION,
  watches,
  observe,
  plan: planBuilder,
  markFailed: ({ builder }, error, now) => markFailed(builder, error, now),
};

/** Connects and starts: Builders in, Shipwright objects out; what is finished is handed to the function-controller. */
export function start(context: ServiceContext<BuildControllerConfig>): Promise<RunningService> {
  const identity = 'openfunction-build-controller';
  return startController({ ...context, identity, controller: builderController, partners: [[FUNCTION, 'function']] });
}
