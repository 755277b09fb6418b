import { readFileSync } from 'node:fs';
import { loadConfig } from '@openfunction/config';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { webhookConfig } from './config.ts';

it('has the defaults of testdata/defaults.json', () => {
  const golden = JSON.parse(readFileSync(new URL('../testdata/defaults.json', import.meta.url), 'utf8'));
  expect(loadConfig(webhookConfig, { env: {} })).toEqual(golden);
});

it('waits for connections no longer than the pod may live', () => {
  const file = new URL('../../../deploy/base/50-webhook-deployment.yaml', import.meta.url);
  const deployment = parseAllDocuments(readFileSync(file, 'utf8'))[0]?.toJS();
  const { drainSeconds, connectionWaitSeconds } = loadConfig(webhookConfig, { env: {} });
  const { terminationGracePeriodSeconds, containers } = deployment.spec.template.spec;
  expect(terminationGracePeriodSeconds).toBeGreaterThan(drainSeconds + connectionWaitSeconds + 20);
  const names = containers[0].env.map(({ name }: { name: string }) => name);
  for (const name of ['DRAIN_SECONDS', 'CONNECTION_WAIT_SECONDS']) expect(names).not.toContain(name);
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
