import { expect, test } from 'vitest';
import { readInstallation } from './install.ts';

const PORTS = { webhook: 21_001, functions: 21_002 };

test('what is shipped, as this machine needs it', async () => {
  const { base, crds, platform, own } = await readInstallation({ platform: true, ports: PORTS });
  const all = [...base, ...platform, ...own];
  const find = (kind: string, name: string, group = '') =>
    all.find((each) => each.kind === kind && each.metadata.name === name && each.apiVersion.startsWith(group));

  expect(all.map(({ kind }) => kind)).not.toContain('Deployment');
  expect(all.map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
  expect(find('Service', 'openfunction-webhook-service')?.['spec']).toEqual({
    type: 'ExternalName',
    externalName: 'localhost',
  });
  for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
    const [webhook] = all.find((each) => each.kind === kind)?.['webhooks'] ?? [];
    expect(webhook.clientConfig.service).toMatchObject({ name: 'openfunction-webhook-service', port: 21_001 });
  }
  const ports = (listeners: { port: number }[]) => listeners.map(({ port }) => port);
  expect(ports(find('Gateway', 'local', 'gateway')?.['spec'].listeners)).toEqual([21_002, 80]);
  expect(ports(find('Gateway', 'openfunction', 'networking')?.['spec'].gatewaySpec.listeners)).toEqual([21_002, 80]);
  const converted = crds.find(({ metadata }) => metadata.name === 'functions.core.openfunction.io')?.['spec']
    .conversion;
  expect(converted.webhook.clientConfig.service).toMatchObject({ path: '/convert', port: 21_001 });
  expect(own.map(({ kind }) => kind)).toEqual(['Gateway']);
  expect(crds.map(({ metadata }) => metadata.name)).toContain('httproutes.gateway.networking.k8s.io');
  expect(all.map(({ kind }) => kind)).not.toContain('CustomResourceDefinition');
});

test('without the local platform there is no foreign CRD and no Gateway', async () => {
  const { base, crds, platform } = await readInstallation({ platform: false, ports: PORTS });
  expect(crds.map(({ metadata }) => metadata.name).filter((name) => !name.endsWith('.openfunction.io'))).toEqual([]);
  expect(platform).toEqual([]);
  expect(base.map(({ kind }) => kind)).not.toContain('Gateway');
});
