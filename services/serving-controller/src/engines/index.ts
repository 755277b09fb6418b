import type { Serving } from '@openfunction/api';
import { asyncEngine } from './async/make.ts';
import type { Engine } from './engine.ts';
import { kedaHttpEngine } from './keda-http/make.ts';
import { knativeEngine } from './knative/make.ts';

export type { Engine, EngineInput, ServingRefs } from './engine.ts';
export { type RevisionMetadata, revisionMetadata } from './knative/revision.ts';

/** What runs a Serving (controllers.md §3.2): an http trigger wins over all others. */
export function engineOf(serving: Serving): Engine {
  const http = serving.spec.triggers?.http ?? undefined;
  if (http === undefined) return asyncEngine;
  return http.engine === 'keda' ? kedaHttpEngine : knativeEngine;
}
