import { type Conversion, convert, isObject, own, valueAt } from '@openfunction/api';
import { text } from './json.ts';

/** apiextensions.k8s.io/v1 ConversionReview, as answered. */
interface ConversionReview {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'ConversionReview';
  response: ConversionResponse;
}

interface ConversionResponse {
  uid: string;
  /** One for each object of the request, in its order; none on failure. */
  convertedObjects: unknown[];
  result: { status: 'Success' } | { status: 'Failure'; message: string; reason: 'BadRequest'; code: 400 };
}

/** How a review ended: the answer, and what a log or metric says of it. */
interface ConversionReviewed {
  answer: ConversionReview;
  /** Objects converted; 0 on failure. */
  count: number;
  /** The wanted `group/version`, or '' when the request does not say. */
  apiVersion: string;
  problem?: string;
}

const CONVERSION_API_VERSION = 'apiextensions.k8s.io/v1';

/**
 * Converts every object of a ConversionReview. Total: any JSON gets an answer. An object that cannot be converted fails
 * the whole review, as the API wants it, so the converter must take every object of its kinds.
 */
export function reviewConversion(
  body: unknown,
  converter: (object: unknown, apiVersion: string) => Conversion = convert,
): ConversionReviewed {
  const uid = text(valueAt(body, ['request', 'uid']));
  const apiVersion = text(valueAt(body, ['request', 'desiredAPIVersion']));
  const objects = valueAt(body, ['request', 'objects']);
  const wrong = wrongEnvelope(body, uid, apiVersion, objects);
  if (wrong !== undefined) return failure(uid, apiVersion, wrong);
  const converted: unknown[] = [];
  for (const [index, object] of (objects as unknown[]).entries()) {
    const conversion = converter(object, apiVersion);
    if ('problem' in conversion)
      return failure(uid, apiVersion, `request.objects[${index}]${nameOf(object)}: ${conversion.problem}`);
    converted.push(conversion.object);
  }
  const answer = review({ uid, convertedObjects: converted, result: { status: 'Success' } });
  return { answer, count: converted.length, apiVersion };
}

function wrongEnvelope(body: unknown, uid: string, apiVersion: string, objects: unknown): string | undefined {
  if (!isObject(body)) return 'the body must be a ConversionReview object';
  if (own(body, 'apiVersion') !== CONVERSION_API_VERSION || own(body, 'kind') !== 'ConversionReview')
    return `apiVersion and kind must be ${CONVERSION_API_VERSION} ConversionReview`;
  if (!isObject(own(body, 'request'))) return 'request: must be an object';
  if (uid === '') return 'request.uid: must be specified';
  if (apiVersion === '') return 'request.desiredAPIVersion: must be specified';
  return Array.isArray(objects) ? undefined : 'request.objects: must be a list';
}

/** ` (namespace/name)`, or nothing for an object without a name. */
function nameOf(object: unknown): string {
  const parts = ['namespace', 'name'].map((field) => text(valueAt(object, ['metadata', field])).slice(0, 253));
  const name = parts.filter((part) => part !== '').join('/');
  return name === '' ? '' : ` (${name})`;
}

function failure(uid: string, apiVersion: string, problem: string): ConversionReviewed {
  const result = { status: 'Failure', message: problem, reason: 'BadRequest', code: 400 } as const;
  return { answer: review({ uid, convertedObjects: [], result }), count: 0, apiVersion, problem };
}

function review(response: ConversionResponse): ConversionReview {
  return { apiVersion: CONVERSION_API_VERSION, kind: 'ConversionReview', response };
}
