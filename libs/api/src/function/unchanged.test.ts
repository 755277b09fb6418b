import { describe, expect, it } from 'vitest';
import { isSameSetting } from './unchanged.ts';

const resources = (limits: unknown) => ({ containers: [{ name: 'function', resources: { limits } }] });

describe('a setting that a typed client has read and written back', () => {
  it.each<[string, unknown, unknown]>([
    ['nulls', { a: null }, {}],
    ['empty texts, zeros and false', { a: '', b: 0, c: false }, {}],
    ['empty objects and lists', { a: { b: {} }, c: [] }, {}],
    ['another spelling of a duration', { timeout: '90s' }, { timeout: '1m30s' }],
    ['another spelling of a quantity', resources({ cpu: '1000m' }), resources({ cpu: '1' })],
    ['a quantity that was a number', resources({ cpu: 0.5 }), resources({ cpu: '500m' })],
    ['a divisor of zero', { resourceFieldRef: { divisor: '0' } }, { resourceFieldRef: {} }],
    ['another spelling of a volume size', { emptyDir: { sizeLimit: '1024Mi' } }, { emptyDir: { sizeLimit: '1Gi' } }],
  ])('is the same: %s', (_what, left, right) => {
    expect([isSameSetting(left, right), isSameSetting(right, left)]).toEqual([true, true]);
  });

  it.each<[string, unknown, unknown]>([
    ['another text', { a: 'b' }, { a: 'c' }],
    ['another order of a list', { a: ['b', 'c'] }, { a: ['c', 'b'] }],
    ['one more item', { a: [] }, { a: [{}] }],
    ['another memory limit', resources({ memory: '128Mi' }), resources({ memory: '128M' })],
    ['a limit that is new', resources({}), resources({ memory: '128Mi' })],
    ['quantities where none belong', { params: { SIZE: '1k' } }, { params: { SIZE: '1000' } }],
  ])('differs: %s', (_what, left, right) => {
    expect([isSameSetting(left, right), isSameSetting(right, left)]).toEqual([false, false]);
  });
});
