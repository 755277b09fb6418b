/**
 * What the services share. The zod schemas stay out of this entry, so that a service does not pay for them in start-up
 * time and memory: the generator gets them from `@openfunction/api/crds`, admission the generated JSON from
 * `@openfunction/api/schemas`.
 */
export type * from './builder/builder.ts';
export * from './conditions.ts';
export * from './conversion/convert.ts';
export * from './dapr-mode.ts';
export * from './duration.ts';
export type * from './embedded/dapr.ts';
export type { GatewayReference, PathMatch, RouteRule } from './embedded/gateway-api.ts';
export type * from './embedded/keda.ts';
export type { LocalObjectReference } from './embedded/meta.ts';
export type { Container, ContainerPort, EnvVar, PodSpec } from './embedded/pod-spec.ts';
export { withoutRepeats } from './embedded/repeats.ts';
export type { ParamValue, ShipwrightEngine } from './embedded/shipwright.ts';
export type * from './events/event-bus.ts';
export type * from './events/event-source.ts';
export type * from './events/shared.ts';
export type * from './events/sources.ts';
export type * from './events/trigger.ts';
export type * from './function/build.ts';
export { FUNCTION_DEFAULTS } from './function/defaults.ts';
export type * from './function/function.ts';
export { FUNCTION_RULES } from './function/rules.ts';
export { BUILDER_VARIABLES } from './function/rules-builder-env.ts';
export type * from './function/serving.ts';
export type * from './function/status.ts';
export type * from './function/triggers.ts';
export { isSameSetting } from './function/unchanged.ts';
export { GATEWAY_DEFAULTS } from './gateway/defaults.ts';
export * from './gateway/domain.ts';
export type * from './gateway/gateway.ts';
export * from './gateway/hosts.ts';
export type { Listener } from './gateway/listener.ts';
export { GATEWAY_RULES } from './gateway/rules.ts';
export * from './gateway/template.ts';
export * from './hash.ts';
export * from './json.ts';
export * from './kinds.ts';
export * from './names.ts';
export * from './object.ts';
export * from './of-kind.ts';
export * from './owner.ts';
export * from './rules.ts';
export type * from './serving/serving.ts';
export * from './structural.ts';
export * from './tables.ts';
export type * from './v1beta1/build.ts';
export type * from './v1beta1/builder.ts';
export type * from './v1beta1/function.ts';
export type * from './v1beta1/keda.ts';
export type * from './v1beta1/serving.ts';
