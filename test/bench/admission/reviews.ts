import { apiVersionOf, FUNCTION, type KubeObject } from '@openfunction/api';
import { PATH, type Review } from './paths.ts';
import { usualFunction } from './sample.ts';

/** How many Functions take turns, so that no two reviews in a row are the same. */
const TURNS = 16;

/** Whole HTTP requests of one review, for Functions of 3 KiB. */
export function usualRequests(review: Review): Buffer[] {
  return Array.from({ length: TURNS }, (_, turn) => requestOf(review, usualFunction(`orders-${turn}`, 'shop'), turn));
}

/** One whole HTTP/1.1 request, as the API server sends it. `turn` makes the uid. */
export function requestOf(review: Review, object: KubeObject, turn = 0): Buffer {
  const uid = `705ab4f5-6393-11e8-b7cc-${String(turn).padStart(12, '0')}`;
  const body = JSON.stringify(review === 'convert' ? conversionOf(uid, object) : admissionOf(uid, object));
  const head = [
    `POST ${PATH[review]}?timeout=5s HTTP/1.1`,
    'Host: openfunction-webhook-service.openfunction.svc:443',
    'User-Agent: kube-apiserver-admission',
    'Accept: application/json, */*',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Whether an answer's body grants what was asked. */
export function isGranted(body: string): boolean {
  return body.includes('"allowed":true') || body.includes('"status":"Success"');
}

function admissionOf(uid: string, object: KubeObject): object {
  const { group, kind, plural } = FUNCTION;
  const version = FUNCTION.versions[0];
  const { name, namespace } = object.metadata;
  const request = {
    uid,
    kind: { group, version, kind },
    resource: { group, version, resource: plural },
    requestKind: { group, version, kind },
    requestResource: { group, version, resource: plural },
    name,
    namespace,
    operation: 'CREATE',
    userInfo: { username: 'checkout', uid: 'u-1', groups: ['developers', 'system:authenticated'] },
    object,
    oldObject: null,
    dryRun: false,
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'kubectl-client-side-apply' },
  };
  return { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request };
}

function conversionOf(uid: string, object: KubeObject): object {
  const request = { uid, desiredAPIVersion: apiVersionOf(FUNCTION, 'v1beta1'), objects: [object] };
  return { kind: 'ConversionReview', apiVersion: 'apiextensions.k8s.io/v1', request };
}
