export { type AdmissionResponse, type AdmissionReview, refuse } from './admission-review.ts';
export { checkSchema } from './check.ts';
export { reviewConversion } from './conversion-review.ts';
export { applyDefaults, type Defaulted, type PatchOperation, patchOf } from './defaulting.ts';
export { causeOf, type Problem, printPath, printProblem } from './problem.ts';
export {
  type Judgement,
  judge,
  type ReviewContext,
  type Reviewed,
  type ReviewedKind,
  reviewMutating,
  reviewValidating,
} from './review.ts';
export { REVIEWED_KINDS, reviewPath } from './reviewed-kinds.ts';
export { traceparentOf } from './trace.ts';
export { unknownFields } from './unknown-fields.ts';
