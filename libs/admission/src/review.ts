import {
  ANNOTATION,
  type Default,
  type FieldPath,
  isEqual,
  isObject,
  type Kind,
  NOTHING,
  type Operation,
  type Rule,
  type Seen,
  type StructuralSchema,
  segments,
  valueAt,
} from '@openfunction/api';
import { type AdmissionReview, allow, deny, parseReview, type ReviewRequest, refuse } from './admission-review.ts';
import { checkSchema, MOST_PROBLEMS } from './check.ts';
import { applyDefaults, type Defaulted, type PatchOperation, patchBetween, patchOf, withField } from './defaulting.ts';
import { inDocumentOrder } from './order.ts';
import { type Problem, printPath, problemOf } from './problem.ts';
import { traceparentToSet } from './trace.ts';

/** One kind and version that is reviewed, with its tables. */
export interface ReviewedKind {
  kind: Kind;
  version: string;
  /** `openAPIV3Schema` of the CRD's version. */
  schema: StructuralSchema;
  defaults: readonly Default[];
  rules: readonly Rule[];
  /** Set where the tables speak of another version than the one that is sent. */
  view?: VersionView;
  /** Whether a change of the spec begins a trace. */
  isTraced?: boolean;
}

/** How an object of one version is looked at through the tables of another. */
export interface VersionView {
  /** The object in the tables' version, and the other way round. Total, and without loss. */
  convert: (object: unknown) => unknown;
  revert: (object: unknown) => unknown;
  /** Where the user finds, in the object he sent, what is at `path` of the converted one. */
  pathOf: (sent: unknown, path: FieldPath) => FieldPath;
  /** Rules on the object as sent. */
  rules: readonly Rule[];
}

export interface ReviewContext {
  /** W3C trace context for a change that begins a trace now. */
  newTraceparent: () => string;
  /** What is known of the cluster, for warnings. */
  cluster?: Pick<Seen, 'exists' | 'count'>;
  /** Size of the review's body. */
  bytes?: number;
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

/** The object under review and what it is judged beside. */
interface Case {
  reviewed: ReviewedKind;
  operation: Operation;
  /** As sent. */
  sent: unknown;
  sentOld: unknown;
  /** What the tables look at: in their version, with defaults where the review sets them. */
  object: unknown;
  seen: Seen;
}

/**
 * The mutating review: fills in defaults and says everything that is wrong with the object at once. The API server checks the
 * schema only after this review, and would answer alone; so the whole table runs here, schema included. What is wrong with the
 * object as sent is still there in the defaulted one, so one run speaks about both. Never throws.
 */
export function reviewMutating(body: unknown, reviewed: ReviewedKind, context: ReviewContext): Reviewed {
  return reviewWith(body, reviewed, (request, operation) => {
    const judged = caseOf(reviewed, request, operation, context);
    const draft = draftOf(judged);
    const findings = findAll({ ...judged, object: draft.object });
    return findings.problems.length > 0 ? findings : { ...findings, patch: patchFor(judged, draft, request, context) };
  });
}

/** The validating review: the same table, on the final object. Never throws. */
export function reviewValidating(
  body: unknown,
  reviewed: ReviewedKind,
  context: Omit<ReviewContext, 'newTraceparent'> = {},
): Reviewed {
  return reviewWith(body, reviewed, (request, operation) => {
    // What is stored is judged as it is; its warnings have been given by the mutating review.
    return { problems: problemsOf(caseOf(reviewed, request, operation, context)), warnings: [] };
  });
}

function caseOf(
  reviewed: ReviewedKind,
  request: Pick<ReviewRequest, 'object' | 'old'>,
  operation: Operation,
  { cluster, bytes }: Omit<ReviewContext, 'newTraceparent'>,
): Case {
  const convert = reviewed.view?.convert ?? ((object: unknown) => object);
  const isUpdate = operation === 'update';
  const old = isUpdate ? applyDefaults(reviewed.defaults, convert(request.old), 'create').object : undefined;
  const seen = { ...cluster, ...(bytes !== undefined && { bytes }), ...(isUpdate && { old }) };
  const sentOld = isUpdate ? request.old : undefined;
  return { reviewed, operation, sent: request.object, sentOld, object: convert(request.object), seen };
}

function draftOf({ reviewed, object, operation, seen }: Case): Defaulted {
  return applyDefaults(reviewed.defaults, object, operation, seen.old);
}

function patchFor(
  { reviewed, sent, seen }: Case,
  defaulted: Defaulted,
  { dryRun }: ReviewRequest,
  { newTraceparent }: ReviewContext,
): PatchOperation[] {
  let draft = defaulted;
  if (reviewed.isTraced === true && isObject(valueAt(sent, 'metadata'))) {
    const traceparent = traceparentToSet({ object: draft.object, old: seen.old, dryRun }, newTraceparent);
    if (traceparent !== undefined) draft = withAnnotation(draft, ANNOTATION.traceparent, traceparent);
  }
  const { view } = reviewed;
  if (view === undefined || draft.set.length === 0) return patchOf(sent, draft);
  return patchBetween(sent, view.revert(draft.object));
}

function withAnnotation(draft: Defaulted, name: string, value: string): Defaulted {
  const path = ['metadata', 'annotations'];
  const annotations = valueAt(draft.object, path);
  if (isObject(annotations)) return withField(draft, [...path, name], value);
  return annotations === undefined || annotations === null ? withField(draft, path, { [name]: value }) : draft;
}

/** What is wrong with an object, and what its user should know. */
export interface Judgement {
  problems: Problem[];
  warnings: Problem[];
}

/** The same tables without an API server: a new object as a user would apply it. Never throws. */
export function judge(object: unknown, reviewed: ReviewedKind): Judgement {
  const judged = caseOf(reviewed, { object, old: undefined }, 'create', {});
  return findAll({ ...judged, object: draftOf(judged).object });
}

interface Findings extends Judgement {
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
  const { problems, warnings: notes, patch } = find(request, operation);
  const warnings = notes.slice(0, MOST_WARNINGS).map(({ path, detail }) => `${printPath(path)}: ${detail}`);
  const refused = problems.length > 0;
  const answer = refused ? deny(request, reviewed.kind, problems, warnings) : allow(uid, patch, warnings);
  return { answer, verdict: refused ? 'denied' : 'allowed', problems: problems.length, ...facts };
}

function findAll(judged: Case): Judgement {
  return { problems: problemsOf(judged), warnings: warningsOf(judged) };
}

/** Everything the schema and the rules refuse, in document order, nothing twice. */
function problemsOf(judged: Case): Problem[] {
  const { reviewed, sent, sentOld, seen } = judged;
  const { schema, view } = reviewed;
  const ofRules = [
    ...denials(judged, reviewed.rules, judged.object, seen).map((problem) =>
      view === undefined ? problem : { ...problem, path: view.pathOf(sent, problem.path) },
    ),
    ...(view === undefined ? [] : denials(judged, view.rules, sent, { ...seen, old: sentOld })),
  ];
  // The schema of a converted version is held to the object as sent: that is where the user looks.
  const [object, old] = view === undefined ? [judged.object, seen.old] : [sent, sentOld];
  const ofSchema = checkSchema(withoutStatus(schema), object, [], ...(old === undefined ? [] : [old]));
  const problems = inDocumentOrder(schema, [...ofRules, ...ofSchema.filter((found) => !isSaid(found, ofRules))]);
  return problems.slice(0, MOST_PROBLEMS);
}

function warningsOf(judged: Case): Problem[] {
  const { reviewed, sent, object, seen } = judged;
  const { view, rules } = reviewed;
  const found = told(judged, rules, 'warn', object, seen).map(({ problem }) => problem);
  return view === undefined ? found : found.map((problem) => ({ ...problem, path: view.pathOf(sent, problem.path) }));
}

/** The API server cuts off all warnings of an answer at 4 KiB together. */
const MOST_WARNINGS = 20;

/** Rows that have nothing to say unless the same object is there. */
interface Group {
  within: FieldPath;
  rules: readonly Rule[];
}

const chosen = new WeakMap<readonly Rule[], Map<string, readonly Group[]>>();

/** The rows of a table for one level and operation; picked out once for each table. */
function groupsOf(rules: readonly Rule[], level: Rule['level'], operation: Operation): readonly Group[] {
  const known = chosen.get(rules) ?? new Map<string, readonly Group[]>();
  if (known.size === 0) chosen.set(rules, known);
  const name = `${level} ${operation}`;
  const found = known.get(name) ?? grouped(rules.filter((rule) => rule.level === level && rule.on.includes(operation)));
  known.set(name, found);
  return found;
}

function grouped(rules: readonly Rule[]): readonly Group[] {
  const byPlace = Map.groupBy(rules, ({ within = '' }) => within);
  return Array.from(byPlace, ([within, group]) => ({ within: segments(within), rules: group }));
}

/** What the rows of a level say, those left out whose object is not there. */
function told(
  { operation }: Case,
  rules: readonly Rule[],
  level: Rule['level'],
  object: unknown,
  seen: Seen,
): { rule: Rule; problem: Problem }[] {
  const found: { rule: Rule; problem: Problem }[] = [];
  for (const { within, rules: rows } of groupsOf(rules, level, operation)) {
    const around = within.length === 0 ? NOTHING : valueAt(object, within);
    if (!isObject(around)) continue;
    for (const rule of rows) {
      const broken = rule.broken(object, seen, around);
      if (broken === undefined) continue;
      const complaints = 'reason' in broken ? [broken] : broken;
      for (const complaint of complaints) found.push({ rule, problem: problemOf(complaint, segments(rule.path)) });
    }
  }
  return found;
}

function denials(judged: Case, rules: readonly Rule[], object: unknown, seen: Seen): Problem[] {
  const found = told(judged, rules, 'deny', object, seen);
  const { old } = seen;
  const changed =
    old === undefined ? found : found.filter(({ rule, problem }) => !isUnchanged(problem, rule, object, old));
  return changed.map(({ problem }) => problem);
}

/**
 * Whether an update leaves alone what a rule complains about: objects stored before the rule existed stay editable (the API
 * server treats its own schema checks in the same way). A field that is missing counts only where the object around it was there,
 * or is missing as before.
 */
function isUnchanged(problem: Problem, rule: Rule, object: unknown, old: unknown): boolean {
  const isAsStored = (path: FieldPath) => isEqual(valueAt(object, path), valueAt(old, path));
  if (!(rule.about ?? []).map(segments).every(isAsStored)) return false;
  const parent = problem.path.slice(0, -1);
  const parentWasThere = isObject(valueAt(old, parent)) || isAsStored(parent);
  return (parentWasThere && isAsStored(problem.path)) || isInStoredItem(problem.path, object, old);
}

/** Whether the outermost list item on the way to the problem is one of the stored ones: it may have moved within its list. */
function isInStoredItem(path: FieldPath, object: unknown, old: unknown): boolean {
  const depth = path.findIndex((segment) => typeof segment === 'number');
  if (depth === -1) return false;
  const stored = valueAt(old, path.slice(0, depth));
  const item = valueAt(object, path.slice(0, depth + 1));
  return Array.isArray(stored) && stored.some((other) => isEqual(other, item));
}

/** Whether a rule has spoken about the same field: its words are the better ones. */
function isSaid(problem: Problem, said: readonly Problem[]): boolean {
  const path = printPath(problem.path);
  return said.some((other) => printPath(other.path) === path);
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
