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
export const FUNCTION_SCHEMA = withPodSpec(fn);
export const FUNCTION_V1BETA1_SCHEMA = withPodSpec(fnV1beta1);
export const BUILDER_SCHEMA = builder as StructuralSchema;
export const BUILDER_V1BETA1_SCHEMA = builderV1beta1 as StructuralSchema;
export const SERVING_SCHEMA = withPodSpec(serving);
export const SERVING_V1BETA1_SCHEMA = withPodSpec(servingV1beta1);
export const GATEWAY_SCHEMA = gateway as StructuralSchema;
export const EVENT_SOURCE_SCHEMA = eventSource as StructuralSchema;
export const EVENT_BUS_SCHEMA = eventBus as StructuralSchema;
export const CLUSTER_EVENT_BUS_SCHEMA = clusterEventBus as StructuralSchema;
export const TRIGGER_SCHEMA = trigger as StructuralSchema;

/** The schema with the PodSpec where the generated one has its placeholder; filled in where it is, as nobody else has it. */
function withPodSpec(generated: object): StructuralSchema {
  embedPodSpec(generated);
  return generated;
}

function embedPodSpec(part: unknown): void {
  if (typeof part !== 'object' || part === null) return;
  if (EMBED in part) {
    delete part[EMBED];
    Object.assign(part, podSpec);
    return;
  }
  for (const child of Object.values(part)) embedPodSpec(child);
}
