import {
  ANNOTATION,
  type Default,
  type FieldPath,
  isObject,
  type Kind,
  type Operation,
  type Rule,
  type StructuralSchema,
  segments,
  valueAt,
} from '@openfunction/api';
import { type AdmissionReview, allow, deny, parseReview, type ReviewRequest, refuse } from './admission-review.ts';
import { checkSchema, MOST_PROBLEMS } from './check.ts';
import { applyDefaults, type PatchOperation, patchOf, pointer } from './defaulting.ts';
import { isEqual } from './json.ts';
import { inDocumentOrder } from './order.ts';
import { type Problem, printPath, problemOf } from './problem.ts';
import { traceparentToSet } from './trace.ts';

/** One kind and version that is reviewed, with its tables. */
export interface ReviewedKind {
  kind: Kind;
  version: string;
  /** `openAPIV3Schema` of the CRD. */
  schema: StructuralSchema;
  defaults: readonly Default[];
  rules: readonly Rule[];
}

export interface ReviewContext {
  /** W3C trace context for a change that begins a trace now. */
  newTraceparent: () => string;
}

/** An answer, and what telemetry wants to know about it. */
export interface Reviewed {
  answer: AdmissionReview;
  verdict: 'allowed' | 'denied' | 'malformed';
  operation: Operation | 'other';
  /** `namespace/name`, empty when the request could not be read. */
  key: string;
  problems: number;
}

/**
 * The mutating review: fills in defaults and says everything that is wrong with the object at once. The API server checks the
 * schema only after this review, and would answer alone; so the whole table runs here, schema included. Defaults only add, so
 * what is wrong with the object as sent is still there in the defaulted one, and one run speaks about both. Never throws.
 */
export function reviewMutating(body: unknown, reviewed: ReviewedKind, context: ReviewContext): Reviewed {
  return reviewWith(body, reviewed, (request, operation) => {
    const defaulted = applyDefaults(reviewed.defaults, request.object, operation);
    const old = defaultedOld(reviewed, request, operation);
    const findings = findAll(reviewed, defaulted.object, old, operation);
    if (findings.problems.length > 0) return findings;
    const { dryRun } = request;
    const traceparent = traceparentToSet({ object: defaulted.object, old, dryRun }, context.newTraceparent);
    return { ...findings, patch: [...patchOf(request.object, defaulted), ...tracePatch(request.object, traceparent)] };
  });
}

/** The validating review: the same table, on the final object. Never throws. */
export function reviewValidating(body: unknown, reviewed: ReviewedKind): Reviewed {
  return reviewWith(body, reviewed, (request, operation) =>
    findAll(reviewed, request.object, defaultedOld(reviewed, request, operation), operation),
  );
}

interface Findings {
  problems: Problem[];
  warnings: string[];
  patch?: PatchOperation[];
}

function reviewWith(
  body: unknown,
  reviewed: ReviewedKind,
  find: (request: ReviewRequest, operation: Operation) => Findings,
): Reviewed {
  const request = parseReview(body, reviewed.kind, reviewed.version);
  if ('malformed' in request) {
    const answer = refuse(request.uid, request.malformed);
    return { answer, verdict: 'malformed', operation: 'other', key: '', problems: 0 };
  }
  const { operation, uid } = request;
  const facts = { operation, key: `${request.namespace}/${request.name}` };
  // Nothing may stand between an object and its finalizers.
  const isDeleted = valueAt(request.object, 'metadata.deletionTimestamp') !== undefined;
  if (operation === 'other' || (operation === 'update' && isDeleted))
    return { answer: allow(uid), verdict: 'allowed', problems: 0, ...facts };
  const { problems, warnings, patch } = find(request, operation);
  const refused = problems.length > 0;
  const answer = refused ? deny(request, reviewed.kind, problems, warnings) : allow(uid, patch, warnings);
  return { answer, verdict: refused ? 'denied' : 'allowed', problems: problems.length, ...facts };
}

function defaultedOld(reviewed: ReviewedKind, request: ReviewRequest, operation: Operation): unknown {
  return operation === 'update' ? applyDefaults(reviewed.defaults, request.old, operation).object : undefined;
}

/** Everything the schema and the rules say, in document order, nothing twice. */
function findAll(reviewed: ReviewedKind, object: unknown, old: unknown, operation: Operation): Findings {
  const rules = reviewed.rules.filter((rule) => rule.on.includes(operation));
  const ofRules = rules.filter(({ level }) => level === 'deny').flatMap((rule) => denials(rule, object, old));
  const ofSchema = checkSchema(withoutStatus(reviewed.schema), object, [], ...(old === undefined ? [] : [old]));
  const problems = inDocumentOrder(reviewed.schema, [
    ...ofRules,
    ...ofSchema.filter((found) => !isSaid(found, ofRules)),
  ]);
  const warnings = rules.filter(({ level }) => level === 'warn').flatMap((rule) => complaints(rule, object));
  return { problems: problems.slice(0, MOST_PROBLEMS), warnings: warnings.map(printWarning) };
}

function complaints(rule: Rule, object: unknown): Problem[] {
  const broken = rule.broken(object) ?? [];
  const list = 'reason' in broken ? [broken] : broken;
  return list.map((complaint) => problemOf(complaint, segments(rule.path)));
}

function denials(rule: Rule, object: unknown, old: unknown): Problem[] {
  const found = complaints(rule, object);
  return old === undefined ? found : found.filter((problem) => !isUnchanged(problem, rule, object, old));
}

/**
 * Whether an update leaves alone what a rule complains about: objects stored before the rule existed stay editable (the API
 * server treats its own schema checks in the same way). A field that is missing counts only where the object around it was there.
 */
function isUnchanged(problem: Problem, rule: Rule, object: unknown, old: unknown): boolean {
  const isAsStored = (path: FieldPath) => isEqual(valueAt(object, path), valueAt(old, path));
  const parentWasThere = isObject(valueAt(old, problem.path.slice(0, -1)));
  return parentWasThere && [problem.path, ...(rule.about ?? []).map(segments)].every(isAsStored);
}

/** Whether a rule has said the same about the same field: its words are the better ones. */
function isSaid(problem: Problem, said: readonly Problem[]): boolean {
  const path = printPath(problem.path);
  return said.some((other) => other.reason === problem.reason && printPath(other.path) === path);
}

function printWarning({ path, detail }: Problem): string {
  return `${printPath(path)}: ${detail}`;
}

const specSchemas = new WeakMap<StructuralSchema, StructuralSchema>();

/** The schema of what a user writes: the API server drops a status that comes with the spec, so nothing is said about it. */
function withoutStatus(schema: StructuralSchema): StructuralSchema {
  const known = specSchemas.get(schema);
  if (known !== undefined) return known;
  const { status: _, ...properties } = schema.properties ?? {};
  const made = { ...schema, properties };
  specSchemas.set(schema, made);
  return made;
}

/** The patch that sets the trace annotation, where metadata has a place for it. */
function tracePatch(object: unknown, traceparent: string | undefined): PatchOperation[] {
  const metadata = valueAt(object, 'metadata');
  if (traceparent === undefined || !isObject(metadata)) return [];
  const annotations = valueAt(metadata, 'annotations');
  if (isObject(annotations)) {
    const path = pointer(['metadata', 'annotations', ANNOTATION.traceparent]);
    return [{ op: Object.hasOwn(annotations, ANNOTATION.traceparent) ? 'replace' : 'add', path, value: traceparent }];
  }
  const value = { [ANNOTATION.traceparent]: traceparent };
  return annotations === undefined || annotations === null
    ? [{ op: 'add', path: pointer(['metadata', 'annotations']), value }]
    : [];
}
