import { ANNOTATION, daprModeOf, FUNCTION_PORT, type Serving } from '@openfunction/api';
import { functionName } from '../resources/children.ts';

/** Annotations of pods that Dapr reads (controllers.md §3.3). */

/** The id by which Dapr knows the function, all versions of it: Components are scoped to it (Q26). */
export function appId(serving: Serving): string {
  return serving.spec.annotations?.[ANNOTATION.daprAppId] ?? `${functionName(serving)}-${serving.metadata.namespace}`;
}

export function appProtocol(serving: Serving): string {
  return serving.spec.annotations?.[ANNOTATION.daprAppProtocol] ?? 'grpc';
}

/** Port that the function listens on. */
export function portOf(serving: Serving): number {
  return serving.spec.triggers?.http?.port || FUNCTION_PORT;
}

/** What an engine adds to the annotations of pods: under the user's, and over them. */
interface Added {
  under?: Record<string, string>;
  over?: Record<string, string>;
}

/** Annotations of the function's pods: defaults, the user's over them, and `dapr.io/enabled`, which cannot be overridden. */
export function podAnnotations(serving: Serving, { under, over }: Added = {}): Record<string, string> {
  const enabled = daprModeOf(serving.spec) === 'sidecar' ? 'true' : 'false';
  return { ...defaults(serving), ...under, ...serving.spec.annotations, ...over, [ANNOTATION.daprEnabled]: enabled };
}

/** Annotations of the proxy's pods. */
export function proxyAnnotations(serving: Serving): Record<string, string> {
  const listen = { 'dapr.io/sidecar-listen-addresses': '[::],0.0.0.0' };
  return { ...defaults(serving), ...listen, ...serving.spec.annotations, [ANNOTATION.daprEnabled]: 'true' };
}

function defaults(serving: Serving): Record<string, string> {
  return {
    [ANNOTATION.daprAppId]: appId(serving),
    'dapr.io/log-as-json': 'true',
    [ANNOTATION.daprAppProtocol]: appProtocol(serving),
    [ANNOTATION.daprAppPort]: String(portOf(serving)),
  };
}
