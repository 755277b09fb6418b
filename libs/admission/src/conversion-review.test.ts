import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reviewConversion } from './conversion-review.ts';

const V1BETA1 = 'core.openfunction.io/v1beta1';
const V1BETA2 = 'core.openfunction.io/v1beta2';

function functionOf(name: string, apiVersion = V1BETA1): unknown {
  return { apiVersion, kind: 'Function', metadata: { name, namespace: 'n' }, spec: { image: 'i' } };
}

function request(objects: unknown, desiredAPIVersion: unknown = V1BETA2, rest: object = {}): unknown {
  const envelope = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' };
  return { ...envelope, request: { uid: 'u-1', desiredAPIVersion, objects }, ...rest };
}

describe('an answer to a ConversionReview', () => {
  it('echoes the uid and keeps the order of the objects, also of those that need no conversion', () => {
    const { answer, count } = reviewConversion(request([functionOf('b'), functionOf('a', V1BETA2), functionOf('c')]));
    expect(answer).toEqual({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      response: {
        uid: 'u-1',
        convertedObjects: ['b', 'a', 'c'].map((name) => functionOf(name, V1BETA2)),
        result: { status: 'Success' },
      },
    });
    expect(count).toBe(3);
  });

  it('gives objects of the wanted version back as they are', () => {
    const object = functionOf('a');
    expect(reviewConversion(request([object], V1BETA1)).answer.response.convertedObjects[0]).toBe(object);
  });

  it('answers an empty list with an empty list', () => {
    expect(reviewConversion(request([])).answer.response).toMatchObject({
      convertedObjects: [],
      result: { status: 'Success' },
    });
  });

  const gateway = { apiVersion: V1BETA1, kind: 'Gateway', metadata: { name: 'g' } };
  it.each([
    ['an unknown kind', request([functionOf('a'), gateway]), 'request.objects[1] (g): kind "Gateway" of'],
    [
      'an unknown version of the object',
      request([functionOf('a', 'core.openfunction.io/v1alpha1')]),
      'request.objects[0] (n/a)',
    ],
    [
      'an unknown wanted version',
      request([functionOf('a')], 'core.openfunction.io/v1'),
      'cannot be converted to "core.openfunction.io/v1"',
    ],
    [
      'another group',
      request([functionOf('a')], 'example.com/v1beta2'),
      'cannot be converted to "example.com/v1beta2"',
    ],
    ['an item that is no object', request([null]), 'request.objects[0]: must be an object'],
    ['objects that are no list', request({}), 'request.objects: must be a list'],
    ['no wanted version', request([], 5), 'request.desiredAPIVersion: must be specified'],
    [
      'another review',
      request([], V1BETA2, { apiVersion: 'apiextensions.k8s.io/v1beta1' }),
      'apiVersion and kind must be',
    ],
  ])('fails with the uid and a message for %s', (_name, body, message) => {
    const { answer, problem, count } = reviewConversion(body);
    expect(answer.response).toMatchObject({
      uid: 'u-1',
      convertedObjects: [],
      result: { status: 'Failure', message: expect.stringContaining(message), code: 400 },
    });
    expect(problem).toContain(message);
    expect(count).toBe(0);
  });

  it.each([
    ['no request', { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' }, 'request: must be an object'],
    ['no uid', request([], V1BETA2, { request: { objects: [] } }), 'request.uid: must be specified'],
    ['no review at all', [1], 'the body must be a ConversionReview object'],
  ])('fails with an empty uid for %s', (_name, body, message) => {
    expect(reviewConversion(body).answer.response).toMatchObject({ uid: '', result: { status: 'Failure', message } });
  });

  it('law: any JSON gets an answer', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.jsonValue()), (noise, objects) => {
        expect(['Success', 'Failure']).toContain(reviewConversion(noise).answer.response.result.status);
        expect(reviewConversion(request(noise, V1BETA1)).answer.response.uid).toBe('u-1');
        expect(reviewConversion(request(objects)).answer.response.uid).toBe('u-1');
      }),
      { numRuns: 2_000 },
    );
  });
});
