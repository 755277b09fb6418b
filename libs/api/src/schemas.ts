import builder from './generated/builder.schema.json' with { type: 'json' };
import builderV1beta1 from './generated/builder.v1beta1.schema.json' with { type: 'json' };
import clusterEventBus from './generated/cluster-event-bus.schema.json' with { type: 'json' };
import eventBus from './generated/event-bus.schema.json' with { type: 'json' };
import eventSource from './generated/event-source.schema.json' with { type: 'json' };
import fn from './generated/function.schema.json' with { type: 'json' };
import fnV1beta1 from './generated/function.v1beta1.schema.json' with { type: 'json' };
import gateway from './generated/gateway.schema.json' with { type: 'json' };
import podSpec from './generated/pod-spec.json' with { type: 'json' };
import serving from './generated/serving.schema.json' with { type: 'json' };
import servingV1beta1 from './generated/serving.v1beta1.schema.json' with { type: 'json' };
import trigger from './generated/trigger.schema.json' with { type: 'json' };
import { EMBED, type StructuralSchema } from './structural.ts';

/**
 * The schemas of the CRDs, as generated; the API server holds objects to the very same ones. Pod templates share the parts
 * of one PodSpec: it is by far the greatest part, and would else be in memory four times.
 */
export const FUNCTION_SCHEMA = complete(fn);
export const FUNCTION_V1BETA1_SCHEMA = complete(fnV1beta1);
export const BUILDER_SCHEMA = complete(builder);
export const BUILDER_V1BETA1_SCHEMA = complete(builderV1beta1);
export const SERVING_SCHEMA = complete(serving);
export const SERVING_V1BETA1_SCHEMA = complete(servingV1beta1);
export const GATEWAY_SCHEMA = complete(gateway);
export const EVENT_SOURCE_SCHEMA = complete(eventSource);
export const EVENT_BUS_SCHEMA = complete(eventBus);
export const CLUSTER_EVENT_BUS_SCHEMA = complete(clusterEventBus);
export const TRIGGER_SCHEMA = complete(trigger);

/** The schema with the PodSpec where the generated one has its placeholder. */
function complete(generated: object): StructuralSchema {
  return fill(generated) as StructuralSchema;
}

function fill(part: unknown): unknown {
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) return part.map(fill);
  if (!(EMBED in part)) return Object.fromEntries(Object.entries(part).map(([name, child]) => [name, fill(child)]));
  const { [EMBED]: _placeholder, ...own } = part;
  return { ...own, ...podSpec };
}
