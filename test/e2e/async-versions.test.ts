/**
 * Versions of an event-driven function while 20 events/s come in: each event reaches some version, also when one never runs. Real daprd,
 * real Redis; events may come twice (Dapr delivers at least once), which is counted.
 */
import { cp, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { FUNCTION, type Function, findCondition, LABEL, POD, SERVING } from '@openfunction/api';
import { findProgram, type Redis, silent, startRedis } from '@openfunction/local';
import { untilCondition, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askRedis } from '../../services/local-platform/src/keda/redis-command.ts';
import { needsGo } from '../needs-go.ts';
import { functionManifest, type Platform, ROOT, startPlatform, UP_MS } from './platform.ts';
import { buildOf, commit, repositoryOf } from './source.ts';

const WHY = needsGo('daprd comes from its Go module');
const NAME = 'ledger';
const FN = { metadata: { namespace: 'default', name: NAME } };
const PER_SECOND = 20;
const MOST_MS = 90_000;
/** With the one build of daprd on this machine. */
const DAPRD_MS = 600_000;

describe.skipIf(WHY !== '')(`an event-driven function with 20 events/s${WHY}`, () => {
  let platform: Platform;
  let redis: Redis;
  let repository: string;
  let receiver: Receiver;
  let sender: Sender;

  beforeAll(async () => {
    await findProgram('daprd', silent);
    platform = await startPlatform(['--sample', 'none']);
    const { folder } = platform;
    redis = await startRedis({ directory: join(folder, 'redis'), logDirectory: folder, log: silent, own: true });
    receiver = await startReceiver();
    const source = join(folder, NAME);
    await cp(join(ROOT, 'samples/bindings-output-typescript'), source, { recursive: true });
    await writeFile(join(source, 'index.ts'), telling('first'));
    repository = await repositoryOf(source);
    await apply('v1');
    await untilCondition(platform.client, FN, 'Ready', 'True', MOST_MS);
    sender = startSender(redis);
    await waitFor('the first events', () => receiver.tellers.has('first'), MOST_MS);
  }, DAPRD_MS + UP_MS);

  afterAll(async () => {
    await sender?.stop();
    await platform?.stop();
    await redis?.stop();
    receiver?.stop();
  }, 60_000);

  it('a new version takes over', async () => {
    await release('second', 'v2');
    await waitFor('events at the new version', () => receiver.last === 'second', MOST_MS);
    await waitFor('the old one goes', async () => (await countOf(SERVING)) === 1, MOST_MS);
    await untilCondition(platform.client, FN, 'Ready', 'True', MOST_MS);
  });

  it('one that crashes is named with its last words and given up, and the old one goes on', async () => {
    await release('broken', 'v3', 'throw new Error("no ledger");\n');
    const failed = await untilCondition(platform.client, FN, 'Served', 'False', MOST_MS);
    expect(findCondition(failed.status?.conditions, 'Served')?.message).toContain('no ledger');
    const reason = async () => {
      const { status } = (await platform.client.get(FUNCTION, FN.metadata)) as Function;
      return findCondition(status?.conditions, 'Served')?.reason;
    };
    await waitFor('it is given up', async () => (await reason()) === 'Timeout', MOST_MS);
    // The function and its Dapr proxy.
    await waitFor('its pods go', async () => (await countOf(POD)) === 2, MOST_MS);
    expect(receiver.tellers).not.toContain('broken');
  });

  it('no event is lost', async () => {
    const sent = await sender.stop();
    const missing = () => Array.from({ length: sent }, (_, at) => at).filter((number) => !receiver.counts.has(number));
    await waitFor(`all events to arrive`, () => missing().length === 0 || Promise.reject(new Error(missing().join())));
    const twice = [...receiver.counts.values()].filter((count) => count > 1).length;
    console.log(JSON.stringify({ events: { sent, lost: missing().length, twice } }));
  });

  const apply = async (revision: string) => {
    const { hostname, port, password } = new URL(redis.url);
    const pubsub = {
      redisHost: `${hostname}:${port}`,
      redisPassword: decodeURIComponent(password),
      processingTimeout: '3s',
      redeliverInterval: '1s',
    };
    const metadata = Object.entries(pubsub).map(([name, value]) => ({ name, value }));
    const serving = {
      annotations: { 'dapr.io/app-protocol': 'http' },
      params: { RECEIVER: receiver.url },
      timeout: '15s',
      triggers: { dapr: [{ name: 'news', type: 'pubsub.redis', topic: 'events' }] },
      pubsub: { news: { type: 'pubsub.redis', version: 'v1', metadata } },
    };
    const spec = { image: `local/${NAME}:v1`, build: buildOf(repository, revision), serving };
    const { stderr } = await platform.kubectl(['apply', '-f', '-'], functionManifest(NAME, { spec }));
    expect(stderr).toBe('');
  };

  const release = async (text: string, revision: string, first = '') => {
    await commit(repository, { 'index.ts': telling(text) + first }, revision);
    await apply(revision);
  };

  const countOf = async (kind: typeof POD) => {
    const labelSelector = kind === SERVING ? `${LABEL.function}=${NAME}` : '';
    return (await platform.client.list(kind, { namespace: 'default', labelSelector })).items.length;
  };
});

/** Source of a function that tells the receiver which event it has been given. */
function telling(text: string): string {
  return `import { openFunction } from '@openfunction/functions';
export const answer = openFunction(async (_context, { number }: { number: number }) => {
  const told = await fetch(process.env.RECEIVER ?? '', { method: 'POST', body: JSON.stringify({ number, text: '${text}' }) });
  if (!told.ok) throw new Error(\`the receiver answers \${told.status}\`);
});
`;
}

/** What the function tells. */
interface Receiver {
  url: string;
  /** How often each event came. */
  counts: ReadonlyMap<number, number>;
  tellers: ReadonlySet<string>;
  readonly last: string;
  stop(): Server;
}

async function startReceiver(): Promise<Receiver> {
  const counts = new Map<number, number>();
  const tellers = new Set<string>();
  let last = '';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { number, text } = JSON.parse(Buffer.concat(chunks).toString()) as { number: number; text: string };
      counts.set(number, (counts.get(number) ?? 0) + 1);
      tellers.add(text);
      last = text;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    counts,
    tellers,
    get last() {
      return last;
    },
    stop: () => server.close(),
  };
}

/** Events that go on until stopped, numbered from 0. */
interface Sender {
  /** How many there were. */
  stop(): Promise<number>;
}

function startSender(redis: Redis): Sender {
  const { hostname, port, password } = new URL(redis.url);
  const address = { host: hostname, port: Number(port), password: decodeURIComponent(password), database: 0 };
  const pending: Promise<unknown>[] = [];
  const timer = setInterval(() => {
    const number = pending.length;
    const event = { specversion: '1.0', id: String(number), type: 'test', source: 'test', data: { number } };
    const text = JSON.stringify({ ...event, datacontenttype: 'application/json' });
    pending.push(askRedis(address, ['XADD', 'events', '*', 'data', text]));
  }, 1000 / PER_SECOND);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending);
      return pending.length;
    },
  };
}
