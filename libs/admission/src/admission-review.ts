import { isObject, jsonOf, type Kind, type Operation, own, valueAt } from '@openfunction/api';
import type { PatchOperation } from './defaulting.ts';
import { text } from './json.ts';
import { causeOf, type Problem, printPath, printProblem } from './problem.ts';

/** admission.k8s.io/v1 AdmissionReview, as answered. */
export interface AdmissionReview {
  apiVersion: 'admission.k8s.io/v1';
  kind: 'AdmissionReview';
  response: AdmissionResponse;
}

export interface AdmissionResponse {
  uid: string;
  allowed: boolean;
  patchType?: 'JSONPatch';
  /** A JSON patch in Base64. */
  patch?: string;
  warnings?: string[];
  status?: Record<string, unknown>;
}

/** A request to review, checked as far as a review needs it. */
export interface ReviewRequest {
  uid: string;
  /** `other` for operations that are never refused here: DELETE, CONNECT and anything on a subresource. */
  operation: Operation | 'other';
  namespace: string;
  /** The object's name, or its generateName. */
  name: string;
  dryRun: boolean;
  object: unknown;
  old: unknown;
}

/** A body that is no review of the kind: nothing can be said about an object. */
interface Malformed {
  uid: string;
  malformed: string;
}

const API_VERSION = 'admission.k8s.io/v1';
const OPERATIONS: Record<string, Operation> = { CREATE: 'create', UPDATE: 'update' };

/** Reads a review request. Total: any JSON gives a request or one sentence that says what is wrong with it. */
export function parseReview(body: unknown, kind: Kind, version: string): ReviewRequest | Malformed {
  const request = valueAt(body, 'request');
  const uid = text(valueAt(request, 'uid'));
  const wrong = wrongEnvelope(body, request, uid) ?? wrongKind(request, kind, version);
  if (wrong !== undefined) return { uid, malformed: wrong };
  const object = valueAt(request, 'object');
  const named = OPERATIONS[text(valueAt(request, 'operation'))];
  const operation = text(valueAt(request, 'subResource')) === '' ? (named ?? 'other') : 'other';
  if (operation !== 'other' && !isObject(object))
    return { uid, malformed: 'request.object: must be an object: there is nothing to review' };
  const metadata = valueAt(object, 'metadata');
  const name = [valueAt(request, 'name'), valueAt(metadata, 'name'), valueAt(metadata, 'generateName')].map(text);
  return {
    uid,
    operation,
    namespace: text(valueAt(request, 'namespace')),
    name: name.find((candidate) => candidate !== '') ?? '',
    dryRun: valueAt(request, 'dryRun') === true,
    object,
    old: valueAt(request, 'oldObject') ?? undefined,
  };
}

function wrongEnvelope(body: unknown, request: unknown, uid: string): string | undefined {
  if (!isObject(body)) return 'the body must be an AdmissionReview object';
  if (own(body, 'apiVersion') !== API_VERSION || own(body, 'kind') !== 'AdmissionReview')
    return `apiVersion and kind must be ${API_VERSION} AdmissionReview`;
  if (!isObject(request)) return 'request: must be an object';
  return uid === '' ? 'request.uid: must be specified' : undefined;
}

function wrongKind(request: unknown, kind: Kind, version: string): string | undefined {
  const given = valueAt(request, 'kind');
  if (!isObject(given)) return undefined;
  const wanted = { group: kind.group, version, kind: kind.kind };
  const differs = Object.entries(wanted).some(([field, value]) => text(given[field]) !== value);
  return differs ? `request.kind: this path reviews ${kind.kind} of ${kind.group}/${version}` : undefined;
}

/** Allowed, with a patch when there is something to change. */
export function allow(
  uid: string,
  patch: readonly PatchOperation[] = [],
  warnings: readonly string[] = [],
): AdmissionReview {
  return review({
    uid,
    allowed: true,
    ...(patch.length > 0 && {
      patchType: 'JSONPatch' as const,
      patch: Buffer.from(jsonOf(patch)).toString('base64'),
    }),
    ...(warnings.length > 0 && { warnings: [...warnings] }),
  });
}

/** Refused for what is wrong with the object: a Status that kubectl prints as it prints errors of built-in kinds. */
export function deny(
  request: ReviewRequest,
  kind: Kind,
  problems: readonly Problem[],
  warnings: readonly string[] = [],
): AdmissionReview {
  const lines = problems.map((problem) => `${printPath(problem.path)}: ${printProblem(problem)}`);
  return review({
    uid: request.uid,
    allowed: false,
    ...(warnings.length > 0 && { warnings: [...warnings] }),
    status: {
      code: 422,
      reason: 'Invalid',
      message: lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`,
      details: { name: request.name, group: kind.group, kind: kind.kind, causes: problems.map(causeOf) },
    },
  });
}

/** Refused because the request itself cannot be read. */
export function refuse(uid: string, message: string, code = 400): AdmissionReview {
  return review({ uid, allowed: false, status: { code, reason: 'BadRequest', message } });
}

function review(response: AdmissionResponse): AdmissionReview {
  return { apiVersion: API_VERSION, kind: 'AdmissionReview', response };
}
