import { FUNCTION, SERVING, type ServingStatus } from '@openfunction/api';
import { type Controller, startController } from '@openfunction/controller';
import type { RunningService, ServiceContext } from '@openfunction/service';
import { markFailed } from './conditions.ts';
import type { ServingControllerConfig } from './config.ts';
import { KnativeFeatures } from './knative-features.ts';
import { observe, type ServingSeen } from './observe.ts';
import { OperatorConfigSource } from './operator-config-source.ts';
import { planServing } from './plan.ts';
import { watches } from './watches.ts';

/** Connects and starts: Servings in, workloads out; what runs is handed to the function-controller. */
export function start(context: ServiceContext<ServingControllerConfig>): Promise<RunningService> {
  const { openfunctionNamespace, clusterDomain } = context.config;
  const operatorConfig = new OperatorConfigSource(openfunctionNamespace, context.logger);
  const features = new KnativeFeatures(() => operatorConfig.current, context.logger);
  const controller: Controller<ServingSeen, ServingStatus> = {
    name: 'serving',
    primary: SERVING,
    parent: FUNCTION,
    watches: [...watches, operatorConfig.watch],
    observe: (object, world) => observe(object, world, { operatorConfig, clusterDomain }),
    plan: planServing,
    remedy: (refusal, client) => features.remedy(refusal, client),
    markFailed: ({ input }, error, now) => markFailed(input.serving, error, now),
  };
  const identity = 'openfunction-serving-controller';
  return startController({ ...context, identity, controller, partners: [[FUNCTION, 'function']] });
}
