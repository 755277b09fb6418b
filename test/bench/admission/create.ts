import { FUNCTION, type KubeObject, NAMESPACE } from '@openfunction/api';
import { explain } from '@openfunction/errors';
import { type KubeClient, statusOf } from '@openfunction/kube';
import { applyManifests } from '@openfunction/local';
import { waitFor } from '@openfunction/testing';
import { wireToThisMachine } from '../../../tools/start/src/wiring.ts';
import { readBase } from '../../integration/webhook-replica.ts';
import { median, type Quantiles, quantilesOf, round } from './quantile.ts';
import { hugeFunction, usualFunction } from './sample.ts';
import type { Webhook } from './servers.ts';

const REVIEWED = 'reviewed';
const PLAIN = 'plain';
const WARM_UP = 50;

interface AddedLatency {
  creates: number;
  withWebhooksMs: Quantiles;
  withoutMs: Quantiles;
  addedMs: { p50: number; p99: number };
  /** The median of what each pair of creates differs by. */
  addedMedianOfPairsMs: number;
}

/**
 * Installs our webhooks as shipped but for two things: they lead to the process on this machine, and one namespace is left out. So
 * creates with and without them can take turns on one API server.
 */
export async function installWebhooks(client: KubeClient, { port }: Webhook): Promise<void> {
  for (const name of [REVIEWED, PLAIN])
    await client.create(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const shipped = await readBase('40-webhook-service', '60-webhook-configuration');
  const local = wireToThisMachine(shipped, { webhook: port, functions: 0 });
  await applyManifests(client, local.map(leavingOut), { fieldManager: 'bench' });
  await waitFor('the API server asks the webhook', async () => {
    const wrong = { ...usualFunction('probe', REVIEWED), spec: { serving: {} } };
    const refused = await dryRun(client, wrong).catch((error) => statusOf(error));
    return JSON.stringify(refused).includes('must be specified');
  });
  await waitFor('both reviews are trusted', () =>
    dryRun(client, usualFunction('probe', REVIEWED)).then(
      () => true,
      () => undefined,
    ),
  );
}

/** Creates a Function of 3 KiB by dry run, once reviewed and once not, by turns. */
export async function measureCreate(client: KubeClient, creates: number): Promise<AddedLatency> {
  const reviewed: number[] = [];
  const plain: number[] = [];
  for (let turn = -WARM_UP; turn < creates; turn += 1) {
    // Who is first changes: the first of a pair may find the machine less awake.
    const order = turn % 2 === 0 ? [REVIEWED, PLAIN] : [PLAIN, REVIEWED];
    for (const namespace of order) {
      const fn = usualFunction(`orders-${turn + WARM_UP}`, namespace);
      const startedAt = performance.now();
      await dryRun(client, fn);
      const took = performance.now() - startedAt;
      if (turn >= 0) (namespace === REVIEWED ? reviewed : plain).push(took);
    }
  }
  const [withWebhooksMs, withoutMs] = [quantilesOf(reviewed), quantilesOf(plain)];
  const added = (share: 'p50' | 'p99') => round(withWebhooksMs[share] - withoutMs[share]);
  return {
    creates,
    withWebhooksMs,
    withoutMs,
    addedMs: { p50: added('p50'), p99: added('p99') },
    addedMedianOfPairsMs: round(median(reviewed.map((took, index) => took - (plain[index] ?? 0)))),
  };
}

/** Whether the API server itself takes a Function of 1 MiB through our webhooks; if not, why. */
export async function createHuge(client: KubeClient): Promise<true | string> {
  try {
    await dryRun(client, hugeFunction('huge', REVIEWED));
    return true;
  } catch (error) {
    return explain(error).slice(0, 500);
  }
}

function dryRun(client: KubeClient, fn: KubeObject): Promise<KubeObject> {
  return client.create(FUNCTION, fn, { dryRun: true });
}

/** A webhook configuration that leaves one namespace out; any other object as it is. */
function leavingOut(object: KubeObject): KubeObject {
  const webhooks = object['webhooks'] as object[] | undefined;
  if (webhooks === undefined) return object;
  const leftOut = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [PLAIN] };
  const namespaceSelector = { matchExpressions: [leftOut] };
  return { ...object, webhooks: webhooks.map((webhook) => ({ ...webhook, namespaceSelector })) };
}
