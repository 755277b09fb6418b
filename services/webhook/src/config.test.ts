import { readFileSync } from 'node:fs';
import { loadConfig } from '@openfunction/config';
import { expect, it } from 'vitest';
import { webhookConfig } from './config.ts';

it('has the defaults of testdata/defaults.json', () => {
  const golden = JSON.parse(readFileSync(new URL('../testdata/defaults.json', import.meta.url), 'utf8'));
  expect(loadConfig(webhookConfig, { env: {} })).toEqual(golden);
});

it.each([
  ['an authority that does not outlive its leaves', { LEAF_LIFETIME_SECONDS: '60', AUTHORITY_LIFETIME_SECONDS: '400' }],
  ['a certificate without its key', { TLS_CERT_FILE: '/tls.crt' }],
  ['an authority without its certificate', { CA_FILE: '/ca.crt' }],
])('refuses %s', (_, env) => {
  expect(() => loadConfig(webhookConfig, { env })).toThrow(expect.objectContaining({ code: 'config.invalid' }));
});

it('reads PORT, HOST and OPENFUNCTION_NAMESPACE, and names a wrong one', () => {
  const env = { PORT: '0', HOST: '127.0.0.1', OPENFUNCTION_NAMESPACE: 'fn' };
  expect(loadConfig(webhookConfig, { env })).toMatchObject({ port: 0, host: '127.0.0.1', openfunctionNamespace: 'fn' });
  expect(() => loadConfig(webhookConfig, { env: { PORT: 'x' } })).toThrow(/PORT/);
});
