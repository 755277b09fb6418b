import { ANNOTATION, type ServingSpec } from '@openfunction/api';

/** Why this version cannot run the Serving, in one sentence; undefined when it can (controllers.md §3.2, §3.5). */
export function unsupportedBy(spec: ServingSpec): string | undefined {
  const http = spec.triggers?.http;
  if (http === undefined || http === null) {
    return 'spec.triggers has no http trigger: event-driven functions are not run by this version yet.';
  }
  if (http.engine === 'keda') return 'spec.triggers.http.engine is keda: only knative is run by this version yet.';
  if (usesDapr(spec))
    return 'The function uses Dapr (inputs, outputs or states): Dapr is not supported by this version yet.';
  return undefined;
}

function usesDapr(spec: ServingSpec): boolean {
  const choice = spec.annotations?.[ANNOTATION.enableDapr];
  if (choice !== undefined) return choice !== 'false';
  const { dapr = [], inputs = [] } = spec.triggers ?? {};
  return (
    dapr.length > 0 || inputs.length > 0 || (spec.outputs ?? []).length > 0 || Object.keys(spec.states ?? {}).length > 0
  );
}
