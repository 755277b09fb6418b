import { readFileSync } from 'node:fs';
import { loadConfig } from '@openfunction/config';
import { expect, it } from 'vitest';
import { webhookConfig } from './config.ts';

it('has the defaults of testdata/defaults.json', () => {
  const golden = JSON.parse(readFileSync(new URL('../testdata/defaults.json', import.meta.url), 'utf8'));
  expect(loadConfig(webhookConfig, { env: {} })).toEqual(golden);
});

it('reads PORT, HOST and OPENFUNCTION_NAMESPACE, and names a wrong one', () => {
  const env = { PORT: '0', HOST: '127.0.0.1', OPENFUNCTION_NAMESPACE: 'fn' };
  expect(loadConfig(webhookConfig, { env })).toMatchObject({ port: 0, host: '127.0.0.1', openfunctionNamespace: 'fn' });
  expect(() => loadConfig(webhookConfig, { env: { PORT: 'x' } })).toThrow(/PORT/);
});
