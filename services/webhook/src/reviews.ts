import {
  type ReviewContext,
  type Reviewed,
  type ReviewedKind,
  reviewMutating,
  reviewValidating,
} from '@openfunction/admission';
import { FUNCTION, FUNCTION_DEFAULTS, FUNCTION_RULES } from '@openfunction/api';
import { FUNCTION_SCHEMA } from '@openfunction/api/schemas';

/** One kind of review, under one path. */
export interface Route {
  path: string;
  review: 'mutating' | 'validating';
  kind: string;
  run: (body: unknown, context: ReviewContext) => Reviewed;
}

const FUNCTION_V1BETA2: ReviewedKind = {
  kind: FUNCTION,
  version: 'v1beta2',
  schema: FUNCTION_SCHEMA,
  defaults: FUNCTION_DEFAULTS,
  rules: FUNCTION_RULES,
  isTraced: true,
};

/** Every path of this service; those of the original. */
export const ROUTES: readonly Route[] = [
  mutating('/mutate-core-openfunction-io-v1beta2-function', FUNCTION_V1BETA2),
  validating('/validate-core-openfunction-io-v1beta2-function', FUNCTION_V1BETA2),
];

function mutating(path: string, reviewed: ReviewedKind): Route {
  const run = (body: unknown, context: ReviewContext) => reviewMutating(body, reviewed, context);
  return { path, review: 'mutating', kind: reviewed.kind.kind, run };
}

function validating(path: string, reviewed: ReviewedKind): Route {
  return { path, review: 'validating', kind: reviewed.kind.kind, run: (body) => reviewValidating(body, reviewed) };
}
