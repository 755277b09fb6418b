import {
  REVIEWED_KINDS,
  type ReviewContext,
  type Reviewed,
  type ReviewedKind,
  reviewMutating,
  reviewValidating,
} from '@openfunction/admission';

/** One kind of review, under one path. */
export interface Route {
  path: string;
  review: 'mutating' | 'validating';
  kind: string;
  run: (body: unknown, context: ReviewContext) => Reviewed;
}

/** Every path of this service; those of the original, and the same for the kinds and versions it does not review. */
export const ROUTES: readonly Route[] = REVIEWED_KINDS.flatMap((reviewed) => [
  route('mutating', 'mutate', reviewed, reviewMutating),
  route('validating', 'validate', reviewed, reviewValidating),
]);

function route(
  review: Route['review'],
  verb: string,
  reviewed: ReviewedKind,
  run: (body: unknown, reviewed: ReviewedKind, context: ReviewContext) => Reviewed,
): Route {
  const { kind, version } = reviewed;
  const path = `/${verb}-${kind.group.replaceAll('.', '-')}-${version}-${kind.kind.toLowerCase()}`;
  return { path, review, kind: kind.kind, run: (body, context) => run(body, reviewed, context) };
}
