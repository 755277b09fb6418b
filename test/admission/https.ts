import { Agent, request } from 'node:https';
import { type ReviewedKind, reviewPath } from '@openfunction/admission';
import { apiVersionOf, isObject, type Seen, valueAt } from '@openfunction/api';
import { silentLogger } from '@openfunction/telemetry';
import { Issuer } from '../../services/webhook/src/certificate/rotation.ts';
import { serviceDnsNames } from '../../services/webhook/src/names.ts';
import { serveReviews } from '../../services/webhook/src/server.ts';
import { applyPatch } from '../../tools/fuzz/src/json-patch.ts';

/** One mistake, as kubectl prints it. */
export interface Cause {
  reason: string;
  field: string;
  message: string;
}

/** What a review says. */
export interface Verdict {
  allowed: boolean;
  /** `field: message`, in their order. */
  causes: string[];
  fields: string[];
  warnings: string[];
  /** The object with the patch. */
  object: unknown;
  /** JSON pointers of what the patch changes. */
  patched: string[];
}

/** An object under review, and the one that is stored. */
export interface Sent {
  object: unknown;
  old?: unknown;
}

/** The webhook's own HTTPS server, asked as the API server asks it. */
export interface Https {
  mutate(reviewed: ReviewedKind, sent: Sent): Promise<Verdict>;
  validate(reviewed: ReviewedKind, sent: Sent): Promise<Verdict>;
  /** The object in the wanted version. Rejects when the conversion fails. */
  convert(object: object, apiVersion: string): Promise<Record<string, unknown>>;
  post(path: string, body: string, headers?: Record<string, string>): Promise<{ code: number; body: string }>;
  /** What the webhook knows of the cluster from now on. */
  know(cluster: Pick<Seen, 'exists' | 'count'>): void;
  stop(): Promise<void>;
}

/** Starts it in this process, on a free port of loopback, with a certificate of its own. */
export async function startHttps(): Promise<Https> {
  const names = serviceDnsNames('openfunction');
  const { leaf, authority } = await new Issuer(names).make(new Date());
  let known: Pick<Seen, 'exists' | 'count'> = {};
  const cluster: Required<Pick<Seen, 'exists' | 'count'>> = {
    exists: (...which) => known.exists?.(...which),
    count: (kind) => known.count?.(kind),
  };
  const logger = silentLogger();
  const server = await serveReviews({ host: '127.0.0.1', port: 0, maxInFlight: 100, identity: leaf, logger, cluster });
  const agent = new Agent({ keepAlive: true, ca: authority.cert, servername: names[0] ?? '' });

  const post: Https['post'] = (path, body, headers = { 'content-type': 'application/json' }) =>
    new Promise((resolve, reject) => {
      const length = Buffer.byteLength(body);
      const options = { host: '127.0.0.1', port: server.port, path, agent, method: 'POST' };
      const call = request({ ...options, headers: { ...headers, 'content-length': length } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      });
      call.on('error', reject);
      call.end(body);
    });

  const review = async (verb: 'mutate' | 'validate', reviewed: ReviewedKind, sent: Sent) => {
    const { code, body } = await post(reviewPath(verb, reviewed), JSON.stringify(reviewOf(reviewed, sent)));
    if (code !== 200) throw new Error(`${code}: ${body}`);
    return verdictOf(JSON.parse(body), named(reviewed, sent.object));
  };

  return {
    post,
    mutate: (reviewed, sent) => review('mutate', reviewed, sent),
    validate: (reviewed, sent) => review('validate', reviewed, sent),
    convert: async (object, apiVersion) => {
      const request = { uid: 'u1', desiredAPIVersion: apiVersion, objects: [object] };
      const sent = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request };
      const { response } = JSON.parse((await post('/convert', JSON.stringify(sent))).body);
      if (response.uid !== 'u1' || response.result.status !== 'Success') throw new Error(JSON.stringify(response));
      return response.convertedObjects[0];
    },
    know: (next) => {
      known = next;
    },
    stop: async () => {
      agent.destroy();
      await server.close();
    },
  };
}

function reviewOf(reviewed: ReviewedKind, { object, old }: Sent): object {
  const { kind, version } = reviewed;
  const review = {
    uid: 'u1',
    kind: { group: kind.group, version, kind: kind.kind },
    operation: old === undefined ? 'CREATE' : 'UPDATE',
    name: 'hello',
    namespace: 'demo',
    dryRun: true,
    object: named(reviewed, object),
    oldObject: old === undefined ? null : named(reviewed, old),
  };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: review };
}

/** The object with what every object has. */
function named({ kind, version }: ReviewedKind, object: unknown): unknown {
  if (!isObject(object)) return object;
  const metadata = { name: 'hello', namespace: 'demo', ...(object['metadata'] as object | undefined) };
  return { apiVersion: apiVersionOf(kind, version), kind: kind.kind, ...object, metadata };
}

function verdictOf(answer: unknown, object: unknown): Verdict {
  const response = valueAt(answer, 'response');
  if (valueAt(response, 'uid') !== 'u1') throw new Error('another uid came back');
  const causes = (valueAt(response, 'status.details.causes') ?? []) as Cause[];
  const patch = valueAt(response, 'patch');
  const operations = typeof patch === 'string' ? JSON.parse(Buffer.from(patch, 'base64').toString()) : [];
  return {
    allowed: valueAt(response, 'allowed') === true,
    causes: causes.map(({ field, message }) => `${field}: ${message}`),
    fields: causes.map(({ field }) => field),
    warnings: (valueAt(response, 'warnings') ?? []) as string[],
    object: applyPatch(object, operations),
    patched: operations.map(({ path }: { path: string }) => path),
  };
}
