import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { MUTATING_CONFIGURATION, SERVICE_NAME, VALIDATING_CONFIGURATION } from './names.ts';
import { ROUTES } from './reviews.ts';

// deploy/base/60-webhook-configuration.yaml is what the API server is told of this service.

interface Webhook {
  name: string;
  clientConfig: { service: { name: string; path: string } };
  rules: { apiGroups: string[]; apiVersions: string[]; resources: string[]; operations: string[] }[];
  matchPolicy: string;
  failurePolicy: string;
  sideEffects: string;
  timeoutSeconds: number;
}

const FILE = new URL('../../../deploy/base/60-webhook-configuration.yaml', import.meta.url);
const CONFIGURATIONS = parseAllDocuments(readFileSync(FILE, 'utf8')).map(
  (document) => document.toJS() as { metadata: { name: string }; webhooks: Webhook[] },
);

describe.each([
  ['mutating', 'm', MUTATING_CONFIGURATION],
  ['validating', 'v', VALIDATING_CONFIGURATION],
] as const)('the %s configuration', (review, letter, name) => {
  const webhooks = CONFIGURATIONS.find(({ metadata }) => metadata.name === name)?.webhooks ?? [];

  it('asks on each path of that review, once, and on no other', () => {
    const paths = ROUTES.filter((route) => route.review === review).map(({ path }) => path);
    expect(webhooks.map(({ clientConfig }) => clientConfig.service.path).sort()).toEqual(paths.sort());
  });

  it('has the names of the original, and others for what it did not review', () => {
    const kinds = ['functions', 'functions-v1beta1', 'builders', 'builders-v1beta1', 'servings', 'servings-v1beta1'];
    const names = [...kinds, 'gateway'].map((kind) => `${letter}${kind}.of.io`);
    expect(webhooks.map((webhook) => webhook.name)).toEqual(names);
  });

  it.each(webhooks.map((webhook) => [webhook.name, webhook] as const))(
    '%s asks for its own version, safely',
    (_, webhook) => {
      const [rule, ...others] = webhook.rules;
      const [group, version, resource] = [rule?.apiGroups[0] ?? '', rule?.apiVersions[0], rule?.resources[0]];
      expect(others).toEqual([]);
      expect(rule).toMatchObject({ apiGroups: [group], apiVersions: [version], resources: [resource] });
      expect(rule?.operations).toEqual(['CREATE', 'UPDATE']);
      const { name: service, path } = webhook.clientConfig.service;
      expect(service).toBe(SERVICE_NAME);
      expect(`${path}s`).toMatch(new RegExp(`^/[a-z]+-${group.replaceAll('.', '-')}-${version}-${resource}$`));
      expect(webhook).toMatchObject({
        matchPolicy: 'Exact',
        failurePolicy: 'Fail',
        sideEffects: 'None',
        timeoutSeconds: 5,
      });
    },
  );
});
