import { canonicalJson, FUNCTION_PORT, LABEL, type Serving } from '@openfunction/api';

/** `FUNC_CONTEXT`, the layout of v1beta1 that the frameworks read, for an HTTP function (controllers.md §3.7). */
export function makeFunctionContext(serving: Serving): string {
  const port = String(serving.spec.triggers?.http?.port || FUNCTION_PORT);
  return canonicalJson({ ...identity(serving), runtime: 'Knative', port });
}

/** `FUNC_CONTEXT_V1BETA2`. The route is left out: it says nothing to the function, and its changes must not restart it. */
export function makeFunctionContextV1beta2(serving: Serving): string {
  const { route: _route, ...http } = serving.spec.triggers?.http ?? {};
  return canonicalJson({ ...identity(serving), triggers: { http } });
}

function identity(serving: Serving) {
  return {
    name: serving.metadata.labels?.[LABEL.function] ?? serving.metadata.name,
    version: serving.spec.version ?? '',
  };
}
