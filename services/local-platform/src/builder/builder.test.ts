import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { makeBuildEnvironment } from './build-environment.ts';
import { BuildFailure, diskFull, saysDiskFull } from './build-failure.ts';
import { markEnded, markFailed, markRunning, markSucceeded } from './build-run-status.ts';
import { parseEnv } from './env-vars.ts';
import { classifyGitError, tellingLine, withoutCredentials } from './git-error.ts';
import { languageOfBuilder, languageOfFiles } from './language.ts';
import { isRefusal, makeRequest, refuseBuild, STRATEGY_PARAMETERS } from './make-request.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');
const RUN = { apiVersion: 'shipwright.io/v1beta1', kind: 'BuildRun', metadata: { name: 'r', namespace: 'ns' } };

test.each([
  ['k1=v1#k2=v2#', { k1: 'v1', k2: 'v2' }, 'the form of older manifests'],
  ['a=b=c#', { a: 'b=c' }, 'only the first = divides'],
  ['a=#', { a: '' }, 'an empty value is one'],
  ['a=x#y#b=1', { a: 'x#y', b: '1' }, 'a piece without a name belongs to the value before'],
  ['a=x##', { a: 'x#' }, 'one # ends, another one is part of the value'],
  ['a=$$(HOME)#', { a: '$(HOME)' }, 'the kubelet makes one dollar of two'],
  ['nonsense#a=1', undefined, 'no name: refused, as the script does'],
  ['', {}, 'nothing'],
])('ENV_VARS %j', (text, expected, _why) => {
  expect(parseEnv([], text)).toEqual(expected);
});

test('of both the list env wins', () => {
  expect(parseEnv(['a=#=1', 'c=$$$$'], 'a=0#b=2#')).toEqual({ a: '#=1', b: '2', c: '$$' });
  expect(parseEnv(['nonsense'], '')).toBeUndefined();
});

test('the parameters are those of the strategy that is installed here, and of the one for clusters', () => {
  const declared = (file: string) => {
    const objects = parseAllDocuments(readFileSync(new URL(file, import.meta.url), 'utf8')).map((one) => one.toJS());
    const strategy = objects.find(({ kind }) => kind === 'ClusterBuildStrategy');
    const parameters = strategy.spec.parameters as { name: string; type?: string }[];
    return Object.fromEntries(parameters.map(({ name, type }) => [name, type ?? 'string']));
  };
  expect(declared('../../deploy/10-shipwright-crds.yaml')).toEqual(STRATEGY_PARAMETERS);
  expect(declared('../../../../deploy/strategies/openfunction.yaml')).toEqual(STRATEGY_PARAMETERS);
});

test.each([
  ['openfunction/builder-go:latest', 'go'],
  ['host:5000/x/builder-node:v2-16.13@sha256:abc', 'node'],
  ['builder-python', 'python'],
  ['openfunction/builder-java:v2-11', 'java'],
  ['acme/builder-go/base:1', undefined],
  ['paketobuildpacks/builder:base', undefined],
])('a builder image speaks for its language: %s', (image, language) => {
  expect(languageOfBuilder(image)).toBe(language);
});

test.each([
  [['go.mod', 'package.json'], 'go'],
  [['package.json', 'main.py'], 'node'],
  [['main.py'], 'python'],
  [['index.ts'], 'node'],
  [['fn.go'], 'go'],
  [['README.md'], undefined],
])('files %j speak for their language', (files, language) => {
  expect(languageOfFiles(files)).toBe(language);
});

test('a build sees how to reach packages, and nothing of the platform', () => {
  const kept = makeBuildEnvironment({
    PATH: '/bin', GOPROXY: 'x', PIP_INDEX_URL: 'y', npm_config_registry: 'z', 'npm_config_//host/:_authToken': 't', HTTPS_PROXY: 'p',
    KUBECONFIG: 'no', REDIS_URL: 'no', OTEL_EXPORTER_OTLP_HEADERS: 'no', npm_config_local_prefix: 'no', npm_lifecycle_event: 'no', NODE_OPTIONS: 'no', FOO_TOKEN: 'no',
  }); // biome-ignore format: two rows, kept and not
  expect(Object.keys(kept).sort()).toEqual([
    'GOPROXY',
    'HTTPS_PROXY',
    'PATH',
    'PIP_INDEX_URL',
    'npm_config_//host/:_authToken',
    'npm_config_registry',
  ]);
});

test.each([
  [["fatal: couldn't find remote ref nope"], 'GitRevisionNotFound'],
  [["fatal: could not read Username for 'https://x': terminal prompts disabled"], 'GitRemoteRepositoryPrivate'],
  [["fatal: Authentication failed for 'https://x/'"], 'GitAuthInvalidUserOrPass'],
  [['git@x: Permission denied (publickey).', 'fatal: Could not read from remote repository.'], 'GitAuthInvalidKey'],
  [["fatal: repository 'https://x/' not found"], 'GitRemoteRepositoryNotFound'],
  [['fatal: unable to access: Could not resolve host: x'], 'GitError'],
])('git says %j', (lines, reason) => {
  expect(classifyGitError(lines)).toBe(reason);
});

test('of what git prints the last fatal line tells most', () => {
  expect(tellingLine(['fatal: one', 'hint: two', ''])).toBe('fatal: one');
  expect(tellingLine([])).toBe('git said nothing');
});

test.each([
  ['https://ann:s3cret@host/x.git', 'https://host/x.git'],
  ['https://host/a@b.git', 'https://host/a@b.git'],
  ['git@host:x/y.git', 'git@host:x/y.git'],
])('%s is shown without credentials', (url, shown) => {
  expect(withoutCredentials(url)).toBe(shown);
});

test('a full disk is seen in an error code and in what a program prints', () => {
  expect(saysDiskFull(Object.assign(new Error(), { code: 'ENOSPC' }))).toBe(true);
  expect(saysDiskFull(undefined, ['write /x: no space left on device'])).toBe(true);
  expect(saysDiskFull(new Error('other'), ['fine'])).toBe(false);
  expect(diskFull('step-build', '/x/work/1-a/source').message).toBe(
    'step-build: the disk is full: free some space where /x is, then build again',
  );
});

const SECRET = { name: 's', key: 'k' };
const BUILD = {
  source: { type: 'Git', git: { url: 'https://h/r.git', revision: 'main', cloneSecret: 's' }, contextDir: 'fn' },
  strategy: { name: 'openfunction', kind: 'ClusterBuildStrategy' },
  paramValues: [
    { name: 'ENV_VARS', value: 'FUNC_NAME=f#' },
    { name: 'builder-image', value: 'b/builder-go:1' },
  ],
  env: [
    { name: 'FUNC_NAME', value: 'lower' },
    { name: 'X', value: '1' },
  ],
  output: { image: 'acme/a:v1' },
  timeout: '9m59.988777519s',
};

describe('a Build and its BuildRun', () => {
  test('make one request', () => {
    const answer = makeRequest(BUILD, {});
    if (isRefusal(answer)) throw new Error(answer.message);
    expect(answer.request).toEqual({
      source: { url: 'https://h/r.git', revision: 'main', contextDir: 'fn' },
      image: 'acme/a:v1',
      builderImage: 'b/builder-go:1',
      env: { FUNC_NAME: 'f', X: '1' },
    });
    expect(answer).toMatchObject({ cloneSecret: 's' });
    expect(answer.timeoutMs).toBeCloseTo(599_988.777519);
  });

  test('disagree: the run wins', () => {
    const run = {
      output: { image: 'acme/b:v2' },
      timeout: '5s',
      paramValues: [{ name: 'ENV_VARS', value: 'FUNC_NAME=g#' }],
    };
    expect(makeRequest(BUILD, run)).toMatchObject({
      request: { image: 'acme/b:v2', env: { FUNC_NAME: 'g' } },
      timeoutMs: 5_000,
    });
  });

  test.each([
    ['no repository', { source: { type: 'Git' } }, 'Failed', 'no Git repository'],
    ['no image', { output: {} }, 'Failed', 'no image reference'],
    ['an unknown parameter', { paramValues: [{ name: 'shape' }] }, 'UndefinedParameter', 'shape'],
    [
      'a list for a text',
      { paramValues: [{ name: 'ENV_VARS', values: [{ value: 'a' }] }] },
      'WrongParameterValueType',
      'ENV_VARS',
    ],
    ['a text for a list', { paramValues: [{ name: 'env', value: 'a=1' }] }, 'WrongParameterValueType', 'env'],
    ['a variable without a name', { paramValues: [{ name: 'env', values: [{ value: '=1' }] }] }, 'InvalidEnv', 'NAME='],
    ['a value out of a Secret', { paramValues: [{ name: 'ENV_VARS', secretValue: SECRET }] }, 'NeedsCluster', 'Secret'],
    [
      'an item out of a Secret',
      { paramValues: [{ name: 'env', values: [{ secretValue: SECRET }] }] },
      'NeedsCluster',
      'Secret',
    ],
  ])('are refused with %s', (_what, changes, reason, said) => {
    const answer = makeRequest({ ...BUILD, ...changes }, {});
    expect(answer).toMatchObject({ reason, message: expect.stringContaining(said) });
  });

  test('take their variables from the list env', () => {
    const paramValues = [{ name: 'env', values: [{ value: 'FUNC_NAME=a#b' }] }];
    expect(makeRequest(BUILD, { paramValues })).toMatchObject({ request: { env: { FUNC_NAME: 'a#b' } } });
  });

  const KANIKO = { name: 'kaniko', kind: 'ClusterBuildStrategy' };
  const DOCKERFILE = [{ name: 'dockerfile', value: 'Dockerfile' }];

  test.each([
    [
      'a source bundle',
      { source: { type: 'OCI', ociArtifact: { image: 'a' } } },
      'a source bundle in an image registry',
    ],
    [
      'a Dockerfile',
      { strategy: KANIKO, paramValues: DOCKERFILE },
      'a build by Dockerfile (ClusterBuildStrategy kaniko)',
    ],
    ['another strategy', { strategy: KANIKO }, 'ClusterBuildStrategy kaniko'],
    ['a strategy of the namespace', { strategy: { name: 'openfunction' } }, 'BuildStrategy openfunction'],
  ])('need a cluster for %s', (_what, changes, said) => {
    expect(refuseBuild({ ...BUILD, ...changes })).toEqual({
      reason: 'NeedsCluster',
      message: expect.stringContaining(`${said} needs a cluster: `),
    });
  });

  test('need none for what can be built here', () => {
    expect(refuseBuild(BUILD)).toBeUndefined();
  });
});

describe('the status of a BuildRun', () => {
  test('has times without fractions, and keeps its first start', () => {
    expect(markRunning(RUN, NOW)).toMatchObject({
      startTime: '2026-01-02T03:04:05Z',
      conditions: [{ status: 'Unknown', reason: 'Running' }],
    });
    expect(markRunning({ ...RUN, status: { startTime: '2026-01-01T00:00:00Z' } }, NOW)).toMatchObject({
      startTime: '2026-01-01T00:00:00Z',
    });
  });

  test('of a success has source and output, and no branch when there was none', () => {
    const result = {
      digest: `sha256:${'a'.repeat(64)}` as const,
      size: 5,
      language: 'go',
      source: { commitSha: 'c', commitAuthor: 'A' },
      milliseconds: {},
    };
    expect(markSucceeded(result, NOW)).toMatchObject({
      source: { git: { commitSha: 'c', commitAuthor: 'A' } },
      output: { size: 5 },
      failureDetails: null,
    });
  });

  test('of a failure names step, reason and the last twenty lines', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    const failure = new BuildFailure({
      step: 'step-build',
      reason: 'StepFailed',
      sentence: 'it broke',
      lines,
      exitCode: 1,
    });
    const status = markFailed(RUN, failure, NOW) as { failureDetails: { message: string } };
    expect(status).toMatchObject({
      conditions: [{ status: 'False', reason: 'Failed', message: 'step-build: it broke' }],
      failureDetails: { reason: 'StepFailed', location: { pod: 'r-pod', container: 'step-build' } },
    });
    expect(status.failureDetails.message.split('\n')).toEqual(lines.slice(10));
  });

  test('has no endless message', () => {
    const { conditions } = markEnded({ reason: 'Failed', message: 'x'.repeat(9_999) }, NOW) as {
      conditions: { message: string }[];
    };
    expect(conditions[0]?.message).toHaveLength(1_000);
  });
});
