import {
  applyDefaults,
  type ReviewContext,
  type Reviewed,
  type ReviewedKind,
  reviewMutating,
  reviewValidating,
} from '@openfunction/admission';
import { ANNOTATION, isObject, type Operation as Verb, valueAt, withoutPreserved } from '@openfunction/api';
import type { Case } from './cases.ts';
import { applyPatch, type Operation } from './json-patch.ts';

/** What is asked about one object. */
interface Question {
  reviewed: ReviewedKind;
  operation: Verb;
  object: unknown;
  old?: unknown;
  dryRun?: boolean;
  cluster?: ReviewContext['cluster'];
}

/** What a review says about it, as a caller sees it. */
interface Verdict {
  allowed: boolean;
  patch: readonly Operation[];
  /** Fields that are complained about. */
  fields: readonly string[];
  answer: Reviewed['answer'];
}

/** The trace that a review begins. */
const TRACE = '00-11111111111111111111111111111111-2222222222222222-01';
/** Any size that is not small: what is large is looked at more closely. */
const LARGEST = 7 * 1024 * 1024;
const newTraceparent = () => TRACE;

/** The AdmissionReview that asks. */
export function reviewOf({ operation, object, old, dryRun = false }: Question): object {
  const request = {
    uid: 'u-1',
    operation: operation.toUpperCase(),
    name: valueAt(object, 'metadata.name'),
    namespace: 'default',
    dryRun,
    object,
    oldObject: old ?? null,
  };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
}

const verdicts = new WeakMap<Question, Verdict>();

/** What the mutating review says. Asked twice about the very same case, it answers from memory: several laws begin here. */
export function mutate(question: Question): Verdict {
  const known = verdicts.get(question);
  if (known !== undefined) return known;
  const verdict = verdictOf(
    reviewMutating(reviewOf(question), question.reviewed, { newTraceparent, ...contextOf(question) }),
  );
  verdicts.set(question, verdict);
  return verdict;
}

export function validate(question: Question): Verdict {
  return verdictOf(reviewValidating(reviewOf(question), question.reviewed, contextOf(question)));
}

function contextOf({ cluster }: Question): Omit<ReviewContext, 'newTraceparent'> {
  return { bytes: LARGEST, ...(cluster && { cluster }) };
}

function verdictOf({ answer }: Reviewed): Verdict {
  const { allowed, patch } = answer.response;
  const causes = valueAt(answer.response.status, 'details.causes') as { field: string }[] | undefined;
  return { allowed, patch: patchIn(patch), fields: (causes ?? []).map(({ field }) => field), answer };
}

/** The operations of an answer. */
export function patchIn(patch: string | undefined): Operation[] {
  return patch === undefined ? [] : (JSON.parse(Buffer.from(patch, 'base64').toString()) as Operation[]);
}

/** The object as the API server has it after the mutating review. */
export function patched({ object }: Question, { patch }: Verdict): unknown {
  return applyPatch(object, patch);
}

/** The object in the version of the tables, and with their defaults. */
export function inTables({ reviewed, operation, object, old }: Case): { given: unknown; defaulted: unknown } {
  const convert = reviewed.view?.convert ?? ((value: unknown) => value);
  const given = convert(object);
  const stored = old && applyDefaults(reviewed.defaults, convert(old), 'create').object;
  return { given, defaulted: applyDefaults(reviewed.defaults, given, operation, stored).object };
}

/** The object without the annotation of its trace: defaults know nothing of it. Without others, there are none at all. */
export function untraced(object: unknown): unknown {
  const metadata = valueAt(object, 'metadata');
  if (!isObject(object) || !isObject(metadata)) return object;
  const { annotations, ...others } = metadata;
  const { [ANNOTATION.traceparent]: _, ...rest } = isObject(annotations) ? annotations : {};
  return { ...object, metadata: Object.keys(rest).length === 0 ? others : { ...others, annotations: rest } };
}

/** The object without the annotations of conversion. */
export function unpreserved(object: unknown): unknown {
  const annotations = valueAt(object, 'metadata.annotations');
  if (!isObject(object) || !isObject(annotations)) return object;
  return { ...object, metadata: { ...(object['metadata'] as object), annotations: withoutPreserved(annotations) } };
}
