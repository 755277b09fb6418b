import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ABSENT, MANIFESTS, publishedManifests } from '../published.ts';
import { STRICTER } from '../stricter.ts';
import { startWebhookCluster, type WebhookCluster } from './webhook-cluster.ts';

// Every manifest that the original publishes, through a real API server and the webhook.

/** Of kinds and versions that nobody serves. */
const FOREIGN = ['no CRD for this version', 'not an OpenFunction CRD'];

/** The fields that a verdict of the index says are refused. */
function refusedIn(verdict: string): string[] {
  const [, refused = ''] = /rejected: ([^;]*)/.exec(verdict) ?? [];
  return refused.match(/spec[\w.[\]]*/g) ?? [];
}

describe.skipIf(ABSENT !== '')(`published manifests${ABSENT}`, () => {
  let webhook: WebhookCluster;

  beforeAll(async () => {
    webhook = await startWebhookCluster();
  });

  afterAll(() => webhook?.stop());

  const rows = publishedManifests().filter(([, verdict]) => !FOREIGN.includes(verdict));

  test('are all there', () => {
    expect(rows.length).toBeGreaterThan(70);
    expect(Object.keys(STRICTER).filter((file) => !rows.some(([known]) => known === file))).toEqual([]);
  });

  test.each(rows)('%s: %s', async (file, verdict) => {
    // What the schema does not know is dropped, as the index does.
    const { code, error } = await webhook.kubectl(
      'create',
      '--dry-run=server',
      '--validate=false',
      '-f',
      join(MANIFESTS, file),
    );
    const bullets = error.includes('is invalid') ? (error.match(/(?<=\* |is invalid: )[\w.[\]-]+(?=: )/g) ?? []) : [];
    const stricter = STRICTER[file] ?? {};
    expect([...new Set(bullets)].toSorted()).toEqual([...refusedIn(verdict), ...Object.keys(stricter)].toSorted());
    expect(code === 0).toBe(bullets.length === 0);
    for (const number of Object.values(stricter)) expect(number).toMatch(/^[VNQ]\d+$/);
  });
});
