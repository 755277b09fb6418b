import type { KubeObject } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { toBase64 } from './bundle.ts';
import { certificatesOf, compareSlot, slotPatch, slotsOf, splitCertificates } from './ca-bundle.ts';

const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
const [A, B, C] = [pem('AAAA'), pem('BBBB'), pem('CCCC')];

const configuration = (webhooks: unknown): KubeObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'c' },
  webhooks,
});
const crd = (conversion: unknown): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'c' },
  spec: { conversion },
});

describe('slotsOf', () => {
  it('finds each webhook by its place, guarded by its name', () => {
    expect(slotsOf(configuration([{ name: 'a', clientConfig: { caBundle: 'x' } }, { name: 'b' }, null]))).toEqual([
      { path: '/webhooks/0/clientConfig', guard: { path: '/webhooks/0/name', value: 'a' }, caBundle: 'x' },
    ]);
  });

  it('finds the conversion of a CRD, if a webhook does it', () => {
    expect(slotsOf(crd({ strategy: 'Webhook', webhook: { clientConfig: {} } }))).toEqual([
      {
        path: '/spec/conversion/webhook/clientConfig',
        guard: { path: '/spec/conversion/strategy', value: 'Webhook' },
        caBundle: undefined,
      },
    ]);
  });

  it.each([
    ['a CRD of one version', crd({ strategy: 'None' })],
    ['a CRD without conversion', crd(undefined)],
    ['webhooks that are no list', configuration('x')],
  ])('leaves %s alone', (_, object) => {
    expect(slotsOf(object)).toEqual([]);
  });
});

describe('certificates', () => {
  it.each([
    ['one after the other', `${A}\n${B}\n`, [A, B]],
    ['with other line ends and remarks', `# one\r\n${A.replaceAll('\n', '\r\n')}\r\n\r\n${B}`, [A, B]],
    ['none', 'x', []],
  ])('are read %s', (_, text, expected) => {
    expect(splitCertificates(text)).toEqual(expected);
  });

  it('are compared as a set', () => {
    const [slot] = slotsOf(configuration([{ name: 'a', clientConfig: { caBundle: toBase64(`${B}\n${A}`) } }]));
    if (slot === undefined) throw new Error('no slot');
    expect(compareSlot(slot, [A, B])).toEqual({ complete: true, extras: [] });
    expect(compareSlot(slot, [A])).toEqual({ complete: true, extras: [B] });
    expect(compareSlot(slot, [A, C])).toEqual({ complete: false, extras: [B] });
    expect(compareSlot({ ...slot, caBundle: 7 }, [A])).toEqual({ complete: false, extras: [] });
  });
});

describe('slotPatch', () => {
  it('sets a caBundle unless it has changed meanwhile', () => {
    const [first, second] = slotsOf(
      configuration([
        { name: 'a', clientConfig: { caBundle: 'old' } },
        { name: 'b', clientConfig: {} },
      ]),
    );
    const value = toBase64(`${A}\n${B}\n`);
    expect([first, second].flatMap((slot) => (slot ? slotPatch(slot, [A, B]) : []))).toEqual([
      { op: 'test', path: '/webhooks/0/name', value: 'a' },
      { op: 'test', path: '/webhooks/0/clientConfig/caBundle', value: 'old' },
      { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value },
      { op: 'test', path: '/webhooks/1/name', value: 'b' },
      { op: 'add', path: '/webhooks/1/clientConfig/caBundle', value },
    ]);
    if (first) expect(certificatesOf({ ...first, caBundle: value })).toEqual([A, B]);
  });
});
