/**
 * Versions of one function under steady load: they change over, one that does not run is given up, an older one comes back, limits and
 * labels change in place. Not one request may fail in all that time. Each step goes on from where the one before it ended.
 */
import {
  FUNCTION,
  type Function,
  type FunctionVersion,
  findCondition,
  KNATIVE_REVISION,
  LABEL,
  POD,
  SERVING,
  type Serving,
} from '@openfunction/api';
import { untilCondition, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Load, startLoad } from './load.ts';
import { functionManifest, type Platform, startPlatform, UP_MS } from './platform.ts';
import { buildOf, commit, sourceRepository } from './source.ts';

const NAME = 'versions';
const FN = { metadata: { namespace: 'default', name: NAME } };
const PER_SECOND = 50;
const MOST_MS = 60_000;
const ROLLBACK = 'openfunction.io/rollback-to';

/** What the function answers: its source, a parameter, and which process it is. */
interface Words {
  text: string;
  word: string;
  pid: number;
}

describe('a function under 50 requests/s', () => {
  let platform: Platform;
  let repository: string;
  let load: Load;

  beforeAll(async () => {
    platform = await startPlatform(['--sample', 'none', '--replicas', '2']);
    repository = await sourceRepository(platform.folder, NAME, saying('first'));
    await apply('v1', { params: { WORD: 'one' } });
    await untilReady();
    load = startLoad(`${NAME}.default.localhost`, platform.port, PER_SECOND);
    await untilAnswered({ text: 'first', word: 'one' });
  }, UP_MS + MOST_MS);

  afterAll(async () => {
    const { requests, failures } = (await load?.stop()) ?? {};
    console.log(JSON.stringify({ versions: { requests, failed: failures?.length } }));
    await platform?.stop();
  }, 60_000);

  it('other source with other params is one new version, and so are other params alone', async () => {
    await release('second', 'v2', { params: { WORD: 'two' } });
    await untilAnswered({ text: 'second', word: 'two' });
    await untilAlone();
    await apply('v2', { params: { WORD: 'three' } });
    await untilAnswered({ text: 'second', word: 'three' });
    await untilAlone();
    expect(await listed()).toMatchObject([
      { number: 3, active: true },
      { number: 2, active: false },
      { number: 1, active: false },
    ]);
    expect(new Set([...load.answers].map(withoutProcess))).toEqual(
      new Set(['first one', 'second two', 'second three']),
    );
    expectNoneFailed();
  });

  it('a version that crashes is named with its last words, given up after its timeout, and the old one goes on', async () => {
    await release('broken', 'v3', { params: { WORD: 'three' }, timeout: '12s' }, 'throw new Error("no ledger");\n');
    const { status } = await untilCondition(platform.client, FN, 'Served', 'False', MOST_MS);
    const said = findCondition(status?.conditions, 'Served');
    expect(said?.message).toContain('no ledger');
    expect(said?.message).toMatch(/goes on serving/);
    await untilGivenUp();
    expect(words()).toMatchObject({ text: 'second', word: 'three' });
    expectNoneFailed();
  });

  it('so is one whose image nobody has', async () => {
    await applySpec({ image: 'local/nowhere:v1', serving: { params: { WORD: 'three' }, timeout: '5s' } });
    const { status } = await untilCondition(platform.client, FN, 'Served', 'False', MOST_MS);
    expect(findCondition(status?.conditions, 'Served')?.message).toContain('local/nowhere:v1');
    await untilGivenUp();
    expect(words()).toMatchObject({ text: 'second', word: 'three' });
    expectNoneFailed();
  });

  it('version 1 comes back without a build, and stays whatever is applied', async () => {
    await apply('v2', { params: { WORD: 'three' } });
    await untilReady();
    expect((await listed()).map(({ number }) => number)).toEqual([3, 2, 1]);
    const build = await builder();
    await annotate(`${ROLLBACK}=1`);
    await untilAnswered({ text: 'first', word: 'one' });
    await untilAlone();
    expect(await builder()).toBe(build);
    await apply('v2', { params: { WORD: 'three' } });
    await release('fourth', 'v4', { params: { WORD: 'three' } });
    await waitFor('the new source is being built', async () => (await builder()) !== build);
    const { status } = await untilCondition(platform.client, FN, 'Built', 'True', MOST_MS);
    const served = findCondition(status?.conditions, 'Served');
    expect(served).toMatchObject({ status: 'True', reason: 'RolledBack' });
    expect(served?.message).toMatch(/Version 1 is served.*built, but not served/);
    expect([...load.answers].map(withoutProcess)).not.toContain('fourth three');
    expect(words()).toMatchObject({ text: 'first', word: 'one' });
    expectNoneFailed();
  });

  it('what was built meanwhile is served when the annotation goes', async () => {
    await annotate(`${ROLLBACK}-`);
    await untilAnswered({ text: 'fourth', word: 'three' });
    await untilAlone();
    const [newest] = await listed();
    expect(newest).toMatchObject({ number: 4, active: true });
    expectNoneFailed();
  });

  it('limits and labels change in place: the same Serving, nothing is started anew', async () => {
    const [serving] = await namesOf(SERVING);
    const [pod] = await namesOf(POD);
    const annotations = { 'autoscaling.knative.dev/min-scale': '2' };
    await apply('v4', { params: { WORD: 'three' }, labels: { team: 'ledger' }, annotations });
    await waitFor('a second instance', async () => (await namesOf(POD)).length === 2, MOST_MS);
    await waitFor('the label is on the revision', async () => {
      const { items } = await platform.client.list(KNATIVE_REVISION, { namespace: 'default' });
      return items.some(({ metadata }) => metadata.labels?.['team'] === 'ledger');
    });
    await untilReady();
    expect(await namesOf(SERVING)).toEqual([serving]);
    const present = await platform.client.get(POD, { namespace: 'default', name: pod ?? '' });
    expect(present?.['status'].containerStatuses).toMatchObject([{ restartCount: 0, ready: true }]);
    expectNoneFailed();
  });

  const applySpec = async (spec: Record<string, unknown>) => {
    const { stderr } = await platform.kubectl(['apply', '-f', '-'], functionManifest(NAME, { spec }));
    expect(stderr).toBe('');
  };

  const apply = (revision: string, serving: Record<string, unknown>) =>
    applySpec({ image: `local/${NAME}:v1`, build: buildOf(repository, revision), serving });

  /** Commits other source and applies it. */
  const release = async (text: string, revision: string, serving: Record<string, unknown>, first = '') => {
    await commit(repository, { 'index.js': first + saying(text) }, revision);
    await apply(revision, serving);
  };

  const annotate = async (text: string) => {
    const { stderr } = await platform.kubectl(['annotate', '--overwrite', 'fn', NAME, text]);
    expect(stderr).toBe('');
  };

  const words = () => JSON.parse(load.last || '{}') as Words;

  const untilAnswered = (wanted: Partial<Words>) =>
    waitFor(
      `the answer ${JSON.stringify(wanted)}`,
      () => {
        expect(words()).toMatchObject(wanted);
        return true;
      },
      MOST_MS,
    );

  const untilReady = () => untilCondition(platform.client, FN, 'Ready', 'True', MOST_MS);

  const servings = async () =>
    (await platform.client.list(SERVING, { namespace: 'default', labelSelector: `${LABEL.function}=${NAME}` }))
      .items as Serving[];

  /** One Serving is there, and it runs. */
  const untilAlone = async () => {
    await waitFor('older versions go', async () => (await servings()).length === 1, MOST_MS);
    await untilReady();
  };

  /** The version that does not run is stopped: only the pods of the one that serves are left. */
  const untilGivenUp = async () => {
    const reason = async () => findCondition(await conditions(), 'Served')?.reason;
    await waitFor('it is given up', async () => (await reason()) === 'Timeout', MOST_MS);
    await waitFor('its pods go', async () => (await namesOf(POD)).length === 1, MOST_MS);
  };

  const namesOf = async (kind: typeof POD) =>
    (await platform.client.list(kind, { namespace: 'default' })).items.map(({ metadata }) => metadata.name).sort();

  const status = async () => ((await platform.client.get(FUNCTION, FN.metadata)) as Function).status;

  const conditions = async () => (await status())?.conditions;

  const builder = async () => (await status())?.build?.resourceRef;

  const listed = async () => {
    const { stdout } = await platform.kubectl(['get', 'fn', NAME, '-o', 'jsonpath={.status.versions}']);
    return JSON.parse(stdout) as FunctionVersion[];
  };

  const expectNoneFailed = () => expect(load.failures).toEqual([]);
});

function withoutProcess(answer: string): string {
  const { text, word } = JSON.parse(answer) as Words;
  return `${text} ${word}`;
}

/** Source of a function that answers its `Words`. */
function saying(text: string): string {
  return `exports.answer = (request, response) =>
  response.send(JSON.stringify({ text: '${text}', word: process.env.WORD, pid: process.pid }));
`;
}
