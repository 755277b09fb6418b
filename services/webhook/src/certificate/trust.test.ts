import { expect, it } from 'vitest';
import { trustPatch } from './trust.ts';

const configuration = (webhooks: unknown) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'c' },
  webhooks,
});

it('sets a differing caBundle only, guarded by the name of the webhook', () => {
  const webhooks = [
    { name: 'a', clientConfig: { caBundle: 'new' } },
    { name: 'b', clientConfig: { caBundle: 'old' } },
    { name: 'c', clientConfig: {} },
  ];
  expect(trustPatch(configuration(webhooks), 'new')).toEqual([
    { op: 'test', path: '/webhooks/1/name', value: 'b' },
    { op: 'add', path: '/webhooks/1/clientConfig/caBundle', value: 'new' },
    { op: 'test', path: '/webhooks/2/name', value: 'c' },
    { op: 'add', path: '/webhooks/2/clientConfig/caBundle', value: 'new' },
  ]);
});

it('writes nothing where nothing differs or nothing is there', () => {
  expect(trustPatch(configuration([{ name: 'a', clientConfig: { caBundle: 'x' } }]), 'x')).toEqual([]);
  expect(trustPatch(configuration(undefined), 'x')).toEqual([]);
});
