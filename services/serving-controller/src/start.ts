import { FUNCTION, SERVING, type ServingStatus } from '@openfunction/api';
import { type Controller, startController } from '@openfunction/controller';
import type { RunningService, ServiceContext } from '@openfunction/service';
import { markFailed } from './conditions.ts';
import type { ServingControllerConfig } from './config.ts';
import { observe, type ServingSeen, watches } from './observe.ts';
import { planServing } from './plan.ts';

const servingController: Controller<ServingSeen, ServingStatus> = {
  name: 'serving',
  primary: SERVING,
  parent: FUNCTION,
  watches,
  observe,
  plan: planServing,
  markFailed: ({ serving }, error, now) => markFailed(serving, error, now),
};

/** Connects and starts: Servings in, workloads out; what runs is handed to the function-controller. */
export function start(context: ServiceContext<ServingControllerConfig>): Promise<RunningService> {
  const identity = 'openfunction-serving-controller';
  return startController({ ...context, identity, controller: servingController, partners: [[FUNCTION, 'function']] });
}
