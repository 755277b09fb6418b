import { ANNOTATION, FUNCTION, type KubeObject, SERVICE } from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
import { isWrite, readAuditLog, untilQuiet } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pointTo, startWebhookCluster, type WebhookCluster } from './webhook-cluster.ts';
import { type Replica, startReplica } from './webhook-replica.ts';

let webhook: WebhookCluster;
let client: KubeClient;

beforeAll(async () => {
  // Both at once: who is first makes the certificate.
  webhook = await startWebhookCluster(['webhook-a', 'webhook-b']);
  client = webhook.client;
});

afterAll(() => webhook?.stop());

function replica(index: number): Replica {
  const found = webhook.replicas[index];
  if (found === undefined) throw new Error(`no replica ${index}`);
  return found;
}

function fn(name: string, spec: object, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Function',
    metadata: { name, namespace: 'default', ...metadata },
    spec,
  };
}

function apply(object: KubeObject, options: { dryRun?: boolean } = {}): Promise<KubeObject> {
  return client.apply(FUNCTION, object, { fieldManager: 'test', force: true, ...options });
}

/** What kubectl says besides warnings: neither Knative nor Shipwright is installed here. */
function linesWithoutWarnings(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('Warning: '));
}

async function versionOf(name: string): Promise<string | undefined> {
  return (await client.get(FUNCTION, { namespace: 'default', name }))?.metadata.resourceVersion;
}

describe('kubectl', () => {
  test.each([[[]], [['--server-side']]])('apply %s names three mistakes in one answer', async (flags) => {
    const file = await webhook.manifest(fn('wrong', { build: { builder: 'builder-go', timeout: '-5m' }, serving: {} }));
    const { code, error } = await webhook.kubectl('apply', ...flags, '-f', file);
    expect(code).toBe(1);
    expect(linesWithoutWarnings(error)).toEqual([
      'The Function "wrong" is invalid: ',
      '* spec.image: Required value: must be specified',
      '* spec.build.srcRepo: Required value: must be specified when `spec.build` is set',
      '* spec.build.timeout: Invalid value: "-5m": must be greater than or equal to 0',
    ]);
  });

  test('apply names mistakes of type and of range together with those of the rules', async () => {
    const spec = {
      serving: {
        timeout: 'soon',
        scaleOptions: { minReplicas: 'one' },
        triggers: { http: { route: { hostnames: ['No'] } } },
      },
    };
    const { error } = await webhook.kubectl('apply', '-f', await webhook.manifest(fn('mixed', spec)));
    expect(error.match(/^\* .*?:/gm)).toEqual([
      '* spec.image:',
      '* spec.serving.triggers.http.route.hostnames[0]:',
      '* spec.serving.scaleOptions.minReplicas:',
      '* spec.serving.timeout:',
    ]);
  });

  test.each([
    [[], { image: 'i', serving: { unheardOf: 1 } }, 'spec.serving.unheardOf'],
    [['--server-side'], { image: 'i', serving: { unheardOf: 1 } }, '.spec.serving.unheardOf'],
    [['--server-side'], { image: 'i', serving: { timeout: 5 } }, '.spec.serving.timeout'],
  ])('apply %s: what the API server refuses before it asks is named as well', async (flags, spec, field) => {
    const { code, error } = await webhook.kubectl('apply', ...flags, '-f', await webhook.manifest(fn('unknown', spec)));
    expect(code).toBe(1);
    expect(error).toContain(field);
  });

  test.each([
    ['client-side', []],
    ['server-side', ['--server-side']],
  ])(
    'a mistake of the schema, one of CEL and one between fields are three bullets of one apply (%s)',
    async (_, flags) => {
      const spec = {
        image: 'registry/hello',
        // Schema: a duration of days. CEL: a scaler too many. Between fields: a type that is not the declared one.
        serving: {
          triggers: { dapr: [{ name: 'orders', type: 'pubsub.redis', topic: 't' }] },
          bindings: { orders: { type: 'bindings.kafka', version: 'v1', metadata: [] } },
          scaleOptions: { keda: { scaledJob: {}, scaledObject: {} } },
          timeout: '1d',
        },
      };
      const { code, error } = await webhook.kubectl('apply', ...flags, '-f', await webhook.manifest(fn('three', spec)));
      expect(code).toBe(1);
      const bullets = linesWithoutWarnings(error).filter((line) => line.startsWith('* '));
      expect(bullets.map((line) => line.split(':')[0])).toEqual([
        '* spec.serving.triggers.dapr[0].type',
        '* spec.serving.scaleOptions.keda',
        '* spec.serving.timeout',
      ]);
    },
  );

  test.each([
    ['applied', []],
    ['applied-ss', ['--server-side']],
  ])('apply of the same manifest ten times writes once (%s)', async (name, flags) => {
    const file = await webhook.manifest(fn(name, { image: 'registry/hello', serving: {} }));
    const first = await webhook.kubectl('apply', ...flags, '-f', file);
    expect({ code: first.code, said: linesWithoutWarnings(first.error) }).toEqual({ code: 0, said: [] });
    const version = await versionOf(name);
    for (let time = 0; time < 9; time++) expect((await webhook.kubectl('apply', ...flags, '-f', file)).code).toBe(0);
    expect(await versionOf(name)).toBe(version);
  });

  test('apply of one manifest by turns with and without --server-side changes neither spec nor trace', async () => {
    // kubectl itself moves its record of what it applied from one place to the other, so the object is written each time.
    const file = await webhook.manifest(fn('turns', { image: 'registry/hello', serving: {} }));
    const states = new Set<string>();
    for (const flags of [[], ['--server-side'], [], ['--server-side', '--force-conflicts']]) {
      expect((await webhook.kubectl('apply', ...flags, '-f', file)).code).toBe(0);
      const { metadata } = (await client.get(FUNCTION, { namespace: 'default', name: 'turns' })) ?? fn('turns', {});
      states.add(`${metadata.generation} ${metadata.annotations?.[ANNOTATION.traceparent]}`);
    }
    expect([...states]).toEqual([expect.stringMatching(/^1 00-/)]);
  });
});

describe('defaults', () => {
  test('are filled in, and only those', async () => {
    const made = await client.create(
      FUNCTION,
      fn('defaulted', { image: 'registry/hello', serving: { timeout: '90s' } }),
    );
    expect(made['spec']).toEqual({
      image: 'registry/hello',
      version: 'latest',
      workloadRuntime: 'OCIContainer',
      serving: {
        timeout: '90s',
        triggers: { http: { port: 8080, route: { gatewayRef: { name: 'openfunction', namespace: 'openfunction' } } } },
      },
    });
    expect(Object.keys(made.metadata.annotations ?? {})).toEqual([ANNOTATION.traceparent]);
  });
});

describe('trace', () => {
  const traceOf = (object: KubeObject) => object.metadata.annotations?.[ANNOTATION.traceparent];

  test('changes with the spec, stays with anything else, and never by a dry run', async () => {
    const first = await apply(fn('traced', { image: 'a', serving: {} }));
    expect(traceOf(first)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    const dry = await apply(fn('traced', { image: 'b', serving: {} }), { dryRun: true });
    expect(traceOf(dry)).toBe(traceOf(first));
    const labelled = await apply(fn('traced', { image: 'a', serving: {} }, { labels: { a: 'b' } }));
    expect(traceOf(labelled)).toBe(traceOf(first));
    const changed = await apply(fn('traced', { image: 'b', serving: {} }, { labels: { a: 'b' } }));
    expect(traceOf(changed)).not.toBe(traceOf(first));
    const { resourceVersion: _, managedFields: __, annotations: ___, ...metadata } = changed.metadata;
    const replaced = await client.replace(FUNCTION, {
      ...changed,
      metadata: { ...metadata, resourceVersion: changed.metadata.resourceVersion ?? '' },
    });
    expect(replaced.metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
  });

  test('is the one in the manifest, however often it is applied', async () => {
    const annotations = { [ANNOTATION.traceparent]: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };
    for (const flags of [[], ['--server-side']]) {
      const name = `callers${flags.length}`;
      for (const image of ['a', 'b']) {
        const file = await webhook.manifest(fn(name, { image, serving: {} }, { annotations }));
        const versions = new Set<string | undefined>();
        for (let time = 0; time < 3; time++) {
          expect((await webhook.kubectl('apply', ...flags, '-f', file)).code).toBe(0);
          versions.add(await versionOf(name));
        }
        expect(versions.size).toBe(1);
        const stored = await client.get(FUNCTION, { namespace: 'default', name });
        expect(stored && traceOf(stored)).toBe(annotations[ANNOTATION.traceparent]);
      }
    }
  });
});

describe('replicas', () => {
  test('write nothing and are refused nothing once everything is good', async () => {
    const ours = async () => {
      const events = await readAuditLog(webhook.cluster.auditLogFile);
      return events.filter(({ user }) => user.username.endsWith(':openfunction-webhook'));
    };
    const before = await untilQuiet(async () => (await ours()).filter(isWrite).length);
    await apply(fn('quiet', { image: 'a', serving: {} }));
    await client.apply(
      SERVICE,
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'mark', namespace: 'default' },
        spec: { type: 'ExternalName', externalName: 'a' },
      },
      { fieldManager: 'test' },
    );
    expect((await ours()).filter(isWrite)).toHaveLength(before);
    expect((await ours()).filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
  });

  test('say that they are ready, and count their reviews', async () => {
    const of = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${replica(0).healthPort}${path}`);
      return { code: answer.status, text: await answer.text() };
    };
    expect(await of('/readyz')).toEqual({ code: 200, text: 'ok\n' });
    const { text } = await of('/metrics');
    expect(text).toMatch(/^openfunction_webhook_reviews_total\{.*verdict="denied".*} [1-9]/m);
    expect(text).toMatch(/^openfunction_webhook_review_duration_seconds_count\{.*review="mutating".*} [1-9]/m);
  });

  test('the other one goes on when one is killed', async () => {
    await replica(0).process.stop(0);
    await pointTo(client, replica(1));
    const { error } = await webhook.kubectl('apply', '-f', await webhook.manifest(fn('wrong', {})));
    expect(error).toContain('* spec.image: Required value: must be specified');
  });

  test('a stopped replica ends with exit code 0', async () => {
    const extra = await startReplica(webhook.cluster, client, 'webhook-c');
    expect(await extra.process.stop()).toMatchObject({ code: 0 });
    await extra.stop();
  });
});
