import { CodedError, type ErrorCode } from '@openfunction/errors';

/** One cause inside a Status of the API server (meta/v1 StatusCause). */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** What the API server answered instead of the object: the cause of every `api.*` CodedError. */
export interface ApiStatus {
  httpCode: number;
  reason: string;
  message: string;
  causes: StatusCause[];
  /** Seconds after which the server wants to be asked again, when it said so. */
  retryAfterSeconds?: number;
}

const CODES: Record<number, ErrorCode> = {
  400: 'api.invalid',
  401: 'api.unauthorized',
  403: 'api.forbidden',
  404: 'api.not-found',
  409: 'api.conflict',
  410: 'api.gone',
  422: 'api.invalid',
};

/**
 * An applied object that does not fit its schema: a field that is not declared, an entry twice, another type. The API server calls that an
 * error of its own, without a reason (k8s.io/apimachinery v0.34, util/managedfields/internal/structuredmerge.go).
 */
const MISFIT = /^failed to create typed patch object /;

/** The CodedError for an answer outside 2xx. `what` names the request in the message. */
export function apiError(what: string, httpCode: number, body: string, retryAfter?: string): CodedError {
  const status = parseStatus(httpCode, body, retryAfter);
  return new CodedError(codeOf(status), `${what}: ${status.message}`, status);
}

function codeOf({ httpCode, message }: ApiStatus): ErrorCode {
  return httpCode === 500 && MISFIT.test(message) ? 'api.invalid' : (CODES[httpCode] ?? 'api.unavailable');
}

/** The CodedError for a request that got no answer. */
export function unreachable(what: string, server: string, error: unknown): CodedError {
  const code = (error as { code?: string } | undefined)?.code;
  const why = code ?? (error instanceof Error ? error.message : String(error));
  return new CodedError('api.unavailable', `${what}: the API server at ${server} cannot be reached: ${why}`, error);
}

/** The ApiStatus behind an error of KubeClient, if it is one. */
export function statusOf(error: unknown): ApiStatus | undefined {
  if (!(error instanceof CodedError)) return undefined;
  const cause = error.cause as ApiStatus | undefined;
  return typeof cause?.httpCode === 'number' ? cause : undefined;
}

function parseStatus(httpCode: number, body: string, retryAfter?: string): ApiStatus {
  const parsed = parseJson(body);
  const message =
    typeof parsed?.message === 'string' && parsed.message !== '' ? parsed.message : body.slice(0, 500).trim();
  return {
    httpCode,
    reason: typeof parsed?.reason === 'string' ? parsed.reason : '',
    message: message === '' ? `HTTP ${httpCode}` : message,
    causes: Array.isArray(parsed?.details?.causes) ? parsed.details.causes : [],
    ...(retryAfter !== undefined && { retryAfterSeconds: Number(retryAfter) || 1 }),
  };
}

function parseJson(body: string) {
  try {
    return JSON.parse(body) as { message?: unknown; reason?: unknown; details?: { causes?: StatusCause[] } };
  } catch {
    return undefined; // a proxy in between may answer in plain text: the text itself is the message
  }
}
