import {
  REVIEWED_KINDS,
  type ReviewContext,
  type Reviewed,
  type ReviewedKind,
  reviewConversion,
  reviewMutating,
  reviewPath,
  reviewValidating,
} from '@openfunction/admission';

/** What a review ended in, of whichever kind it is. */
export type Outcome = Omit<Reviewed, 'answer'> & { answer: object };

/** One kind of review, under one path. */
export interface Route {
  path: string;
  review: 'mutating' | 'validating' | 'conversion';
  kind: string;
  run: (body: unknown, context: ReviewContext) => Outcome;
}

/** Every path of this service; those of the original, and the same for the kinds and versions it does not review. */
export const ROUTES: readonly Route[] = [
  ...REVIEWED_KINDS.flatMap((reviewed) => [
    route('mutating', 'mutate', reviewed, reviewMutating),
    route('validating', 'validate', reviewed, reviewValidating),
  ]),
  { path: '/convert', review: 'conversion', kind: 'any', run: runConversion },
];

function route(
  review: Route['review'],
  verb: 'mutate' | 'validate',
  reviewed: ReviewedKind,
  run: (body: unknown, reviewed: ReviewedKind, context: ReviewContext) => Outcome,
): Route {
  return {
    path: reviewPath(verb, reviewed),
    review,
    kind: reviewed.kind.kind,
    run: (body, context) => run(body, reviewed, context),
  };
}

function runConversion(body: unknown): Outcome {
  const { answer, apiVersion, problem } = reviewConversion(body);
  const [verdict, problems] = problem === undefined ? (['allowed', 0] as const) : (['malformed', 1] as const);
  return { answer, verdict, operation: 'other', key: apiVersion, problems };
}
