import type { Builder, BuilderSpec, KubeObject } from '@openfunction/api';
import { trimPod } from '@openfunction/controller/pods';
import { describe, expect, it } from 'vitest';
import type { Evidence } from './evidence.ts';
import { explainFailure, explainStuck } from './failure.ts';
import { RUN_LABEL } from './pod.ts';
import { readRefusal } from './registration.ts';

/*
 * Statuses as Shipwright v0.17 and Tekton v1.3 write them: pkg/reconciler/buildrun/resources/conditions.go, failure_details.go,
 * pkg/git/error_parser.go, pkg/validate; Tekton pkg/pod/status.go, pkg/reconciler/taskrun/taskrun.go.
 */

const POD = 'fn-buildrun-x7k2p-pod';
const AGAIN = 'kubectl annotate --overwrite fn -n demo fn openfunction.io/rebuild=builder-a';
const LOGS = (step: string) => `kubectl logs -n demo ${POD} -c ${step}`;

function makeBuilder(spec: Partial<BuilderSpec> = {}): Builder {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Builder',
    metadata: { name: 'builder-a', namespace: 'demo', labels: { 'openfunction.io/function': 'fn' } },
    spec: {
      image: 'reg.example/acme/fn:v1',
      builder: 'reg.example/builder:1',
      srcRepo: { url: 'https://git.example/acme/fn.git', revision: 'main', credentials: { name: 'git-secret' } },
      imageCredentials: { name: 'push-secret' },
      ...spec,
    },
  };
}

function makeRun(status: string, reason: string, message: string, failureDetails?: object): KubeObject {
  return {
    apiVersion: 'shipwright.io/v1beta1',
    kind: 'BuildRun',
    metadata: { name: 'fn-buildrun', namespace: 'demo' },
    status: {
      ...(status === 'False' && { completionTime: '2026-01-01T12:01:30Z' }),
      conditions: [{ type: 'Succeeded', status, reason, message }],
      ...(failureDetails !== undefined && { failureDetails }),
    },
  };
}

/** Steps in order; the kubelet lists their states by name. */
function makePod(steps: Record<string, object>, more: object = {}): KubeObject {
  const names = Object.keys(steps);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: POD, namespace: 'demo', labels: { [RUN_LABEL]: 'fn-buildrun' } },
    spec: {
      containers: names.map((name) => ({ name, image: `reg.example/${name}:1`, env: [{ name: 'A', value: 'b' }] })),
    },
    status: { phase: 'Failed', containerStatuses: names.sort().map((name) => ({ name, state: steps[name] })), ...more },
  };
}

const lastSaid = (message: string) => ({
  conditions: [{ type: 'Ready', status: 'Unknown' as const, reason: 'Building', message, lastTransitionTime: '' }],
});
const ended = (exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error') => ({
  terminated: { exitCode, reason },
});
const stepFailed = (step: string) =>
  `buildrun step ${step} failed, for detailed information: kubectl --namespace demo logs ${POD} --container=${step}`;
const at = (container: string, reason = '', message = '') => ({ reason, message, location: { pod: POD, container } });
const gitFailed = (reason: string, message: string): Evidence => ({
  builder: makeBuilder(),
  run: makeRun('False', 'Failed', stepFailed('step-source-default'), at('step-source-default', reason, message)),
  pod: makePod({ 'step-source-default': ended(128), 'step-create': ended(1) }),
});
const stepEnded = (step: string, log: string, code = 1): Evidence => ({
  builder: makeBuilder(),
  run: makeRun('False', 'Failed', stepFailed(step), at(step)),
  pod: makePod({ 'step-source-default': ended(0), [step]: ended(code) }),
  log,
});

const FAULTS: [string, Evidence, string, string[]][] = [
  [
    'a bad Git secret',
    gitFailed('GitAuthInvalidUserOrPass', 'Basic authentication has failed. Check your username or password.'),
    'GitAuthInvalidUserOrPass',
    [
      'step-source-default (exit code 128): https://git.example/acme/fn.git: Basic authentication has failed.',
      'Secret demo/git-secret',
      LOGS('step-source-default'),
    ],
  ],
  [
    'an unknown host',
    gitFailed(
      'GitError',
      "fatal:  unable to access 'https://git.example/acme/fn.git/': Could not resolve host: git.example",
    ),
    'GitHostUnknown',
    ['host git.example', 'spec.build.srcRepo.url', LOGS('step-source-default')],
  ],
  [
    'a push that is denied',
    stepEnded(
      'step-build-and-push',
      'Storing signatures\nerror pushing image: PUT https://reg.example/v2/acme/fn/manifests/v1: DENIED: requested access to the resource is denied',
    ),
    'PushDenied',
    ['step-build-and-push', 'reg.example/acme/fn:v1', 'Secret demo/push-secret', 'DENIED', LOGS('step-build-and-push')],
  ],
  [
    'a strategy that is gone',
    {
      builder: makeBuilder(),
      run: makeRun(
        'False',
        'ClusterBuildStrategyNotFound',
        'clusterbuildstrategies.shipwright.io "openfunction" not found',
      ),
    },
    'ClusterBuildStrategyNotFound',
    [
      'ClusterBuildStrategy openfunction not found',
      'spec.build.shipwright.strategy',
      'kubectl describe buildrun -n demo fn-buildrun',
    ],
  ],
  [
    'a parameter without a value',
    {
      builder: makeBuilder(),
      run: makeRun(
        'False',
        'MissingParameterValues',
        'The following parameters are required but no value has been provided: go-version, target',
      ),
    },
    'MissingParameterValues',
    [
      'ClusterBuildStrategy openfunction needs parameters that have no value: go-version, target',
      'spec.build.shipwright.params',
    ],
  ],
  [
    'a step that exits with 1',
    stepEnded(
      'step-create',
      '\u001b[31mERROR\u001b[0m: no buildpack group passed detection\nERROR: failed to build: exit status 21',
    ),
    'Failed',
    [
      'step-create (exit code 1): the step failed',
      'Last lines: [ERROR: no buildpack group passed detection | ERROR: failed to build',
      LOGS('step-create'),
    ],
  ],
  [
    'no memory left',
    {
      builder: makeBuilder(),
      run: makeRun(
        'False',
        'StepOutOfMemory',
        `buildrun step step-create failed due to out-of-memory, for detailed information: kubectl --namespace demo logs ${POD} --container=step-create`,
        at('step-create'),
      ),
      pod: makePod({ 'step-source-default': ended(0), 'step-create': ended(137, 'OOMKilled') }),
    },
    'StepOutOfMemory',
    [
      'step-create (exit code 137): out of memory',

      'resources.limits.memory of step-create in ClusterBuildStrategy openfunction',
    ],
  ],
  [
    'an evicted pod',
    {
      builder: makeBuilder(),
      run: makeRun('False', 'PodEvicted', 'The node was low on resource: ephemeral-storage. ', {
        location: { pod: POD },
      }),
      pod: makePod(
        { 'step-create': {} },
        { reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage. ' },
      ),
    },
    'PodEvicted',
    [
      `pod ${POD} was evicted`,
      'low on resource: ephemeral-storage',
      'openfunction.io/rebuild',
      `kubectl describe pod -n demo ${POD}`,
    ],
  ],
  [
    'a namespace whose PodSecurity refuses the pod',
    {
      builder: makeBuilder(),
      run: makeRun(
        'False',
        'PodAdmissionFailed',
        `pods "${POD}" is forbidden: violates PodSecurity "baseline:latest": privileged (container "step-prepare" must not set securityContext.privileged=true)`,
      ),
    },
    'PodSecurity',
    [
      'namespace demo',
      'ClusterBuildStrategy openfunction',
      'must not set securityContext.privileged=true',
      'pod-security.kubernetes.io/enforce',
    ],
  ],
  [
    'an image that cannot be pulled',
    {
      builder: makeBuilder(),
      run: makeRun(
        'False',
        'TaskRunImagePullFailed',
        'the step "create" in TaskRun "fn-buildrun-x7k2p" failed to pull the image "". The pod errored with the message: "Back-off pulling image "reg.example/builder:1": ErrImagePull: manifest unknown."',
      ),
    },
    'ImagePullFailed',
    [
      'step-create: image reg.example/builder:1 cannot be pulled: it does not exist',
      'spec.build.builder',
      'its nodes may pull it',
    ],
  ],
  [
    'the timeout',
    {
      builder: {
        ...makeBuilder(),
        status: lastSaid('BuildRun demo/fn-buildrun: building since 2026-01-01T12:00:20Z (pod p, step-create).'),
      },
      run: makeRun('False', 'BuildRunTimeout', 'BuildRun fn-buildrun failed to finish within 10m0s'),
    },
    'BuildRunTimeout',
    [
      'the build did not end within its timeout of 10m0s; last seen: building since 2026-01-01T12:00:20Z (pod p, step-create). ',
      'spec.build.timeout',
    ],
  ],
  [
    'a quota that has no default for the pod',
    {
      builder: makeBuilder(),
      run: makeRun(
        'False',
        'PodCreationFailed',
        `failed to create task run pod "fn-buildrun-x7k2p": pods "${POD}" is forbidden: failed quota: compute: must specify limits.cpu for: place-scripts. Maybe invalid TaskSpec`,
      ),
    },
    'QuotaIncomplete',
    [
      'compute: must specify limits.cpu for: place-scripts.',
      'openfunction.io/build-limits of Namespace demo',
      'LimitRange in namespace demo',
    ],
  ],
];

describe('a failed build says object, cause and next step', () => {
  it.each(FAULTS)('%s', (_fault, evidence, reason, words) => {
    const explained = explainFailure(evidence);
    expect(explained.reason).toBe(reason);
    expect(explained.message).toMatch(/^BuildRun demo\/fn-buildrun: .* More: kubectl (logs|describe) .*$/);
    for (const word of words) expect(explained.message).toContain(word);
  });

  it.each(FAULTS)(
    'and how to build again, which no cure but a change of what is built does: %s',
    (_fault, evidence) => {
      const { message } = explainFailure(evidence);
      expect(message.match(/; then(?:, unless the spec changed)?: (.*? openfunction\.io\/rebuild=\S+)\. /)?.[1]).toBe(
        AGAIN,
      );
    },
  );

  it.each(FAULTS)('and the same of a pod without what is not read: %s', (_fault, evidence) => {
    const pod = evidence.pod === undefined ? undefined : trimPod(evidence.pod);
    expect(explainFailure({ ...evidence, pod })).toEqual(explainFailure(evidence));
  });
});

describe('a Build that is refused says what is missing', () => {
  const refused = (reason: string, message: string) =>
    readRefusal(makeBuilder({ builderCredentials: { name: 'pull-secret' } }), {
      apiVersion: 'shipwright.io/v1beta1',
      kind: 'Build',
      metadata: { name: 'fn-build', namespace: 'demo' },
      spec: { strategy: { name: 'own', kind: 'BuildStrategy' } },
      status: { registered: 'False', reason, message },
    });

  it.each([
    [
      'SpecSourceSecretRefNotFound',
      'referenced secret git-secret not found',
      'secret',
      'Secret demo/git-secret (spec.build.srcRepo.credentials) not found',
    ],
    [
      'SpecOutputSecretRefNotFound',
      'referenced secret push-secret not found',
      'secret',
      'Secret demo/push-secret (spec.imageCredentials) not found',
    ],
    [
      'MultipleSecretRefNotFound',
      'missing secrets are git-secret,push-secret',
      'secret',
      'Secret demo/git-secret (spec.build.srcRepo.credentials) and Secret demo/push-secret',
    ],
    [
      'SpecBuilderSecretRefNotFound',
      'referenced secret pull-secret not found',
      'secret',
      'Secret demo/pull-secret (spec.build.builderCredentials) not found. Create it; the build then starts by itself',
    ],
    [
      'MultipleSecretRefNotFound',
      'missing secrets are git-secret,pull-secret',
      'secret',
      'Secret demo/git-secret (spec.build.srcRepo.credentials) and Secret demo/pull-secret (spec.build.builderCredentials) not',
    ],
    [
      'BuildStrategyNotFound',
      'buildStrategy own does not exist in namespace demo',
      'strategy',
      'BuildStrategy demo/own not found',
    ],
    [
      'NeedsCluster',
      'BuildStrategy "own" needs a cluster',
      undefined,
      'BuildStrategy "own" needs a cluster. Apply the Function to a cluster with Shipwright. ',
    ],
    [
      'WrongParameterValueType',
      'The values for the following parameters are using the wrong type: a',
      undefined,
      'a list where one is: a',
    ],
    ['BuildNameInvalid', 'must be no more than 63 characters', undefined, 'must be no more than 63 characters'],
  ])('%s', (reason, message, missing, words) => {
    const refusal = refused(reason, message);
    expect(refusal).toMatchObject({ reason, missing });
    expect(refusal?.message).toMatch(
      /^Build demo\/fn-build: .* More: kubectl describe builds.shipwright.io -n demo fn-build$/,
    );
    expect(refusal?.message).toContain(words);
    const isFinal = missing === undefined && reason !== 'NeedsCluster';
    expect(refusal?.message.includes(AGAIN)).toBe(isFinal);
  });
});

describe('a build that is held up says by what', () => {
  const waiting = (reason: string, message: string) => makeRun('Unknown', reason, message);
  const pulling = makePod(
    { 'step-create': { waiting: { reason: 'ErrImagePull', message: 'rpc error: unauthorized' } } },
    { phase: 'Pending' },
  );
  const backingOff = makePod(
    { 'step-create': { waiting: { reason: 'ImagePullBackOff', message: 'Back-off 10s' } } },
    { phase: 'Pending' },
  );
  const unscheduled = (message: string) =>
    makePod(
      { 'step-create': {} },
      {
        phase: 'Pending',
        containerStatuses: [],
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
      },
    );

  it.each([
    [
      'a quota',
      {
        run: waiting(
          'ExceededResourceQuota',
          `TaskRun Pod exceeded available resources: pods "${POD}" is forbidden: exceeded quota: compute, requested: limits.cpu=2, used: limits.cpu=3, limited: limits.cpu=4`,
        ),
      },
      'QuotaExceeded',
      'compute, requested: limits.cpu=2, limited: limits.cpu=4',
    ],
    [
      'an image',
      { run: waiting('Pending', ''), pod: pulling },
      'ImagePullFailed',
      'step-create: image reg.example/step-create:1 cannot be pulled',
    ],
    [
      'the scheduler',
      {
        run: waiting('Pending', ''),
        pod: unscheduled(
          '0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found.',
        ),
      },
      'Unschedulable',
      `no node takes pod ${POD}: Insufficient memory.`,
    ],
    [
      'a missing ConfigMap',
      {
        run: waiting('Pending', ''),
        pod: makePod({
          'step-create': { waiting: { reason: 'CreateContainerConfigError', message: 'configmap "ca" not found' } },
        }),
      },
      'CreateContainerConfigError',
      'step-create: the container cannot be made: configmap "ca" not found',
    ],
  ])('%s', (_case, evidence, reason, words) => {
    const stuck = explainStuck({ builder: makeBuilder(), ...evidence });
    expect(stuck?.reason).toBe(reason);
    expect(stuck?.message).toContain(words);
    expect(stuck?.message).not.toContain('openfunction.io/rebuild');
  });

  const preparing = {
    ...pulling,
    spec: {
      initContainers: [{ name: 'prepare', image: 'reg.example/tekton/entrypoint' }],
      containers: [{ name: 'step-create' }],
    },
    status: {
      phase: 'Pending',
      initContainerStatuses: [{ name: 'prepare', state: { waiting: { reason: 'ImagePullBackOff', message: '' } } }],
      containerStatuses: [{ name: 'step-create', state: { waiting: { reason: 'PodInitializing' } } }],
    },
  };

  it.each([preparing, trimPod(preparing)])(
    "by an image of Tekton's own container, which is no matter of the Function",
    (pod) => {
      const builder = makeBuilder({ builderCredentials: { name: 'pull' } });
      const stuck = explainStuck({ builder, run: waiting('Pending', 'Pending'), pod });
      expect(stuck?.reason).toBe('ImagePullFailed');
      expect(stuck?.message).toMatch(
        /: prepare: image reg\.example\/tekton\/entrypoint cannot be pulled\. Check the images that Tekton/,
      );
      expect(stuck?.message).toContain(`kubectl describe pod -n demo ${POD}`);
      expect(stuck?.message).not.toMatch(/spec\.build/);
    },
  );

  const ofV1Alpha1 = { ...waiting('Pending', ''), apiVersion: 'shipwright.io/v1alpha1' };
  const credentials = { builderCredentials: { name: 'pull' } };

  it.each([
    ['v1beta1, which has no place for them', waiting('Pending', ''), makeBuilder(credentials), true],
    ['v1alpha1 without a builder image', ofV1Alpha1, makeBuilder({ ...credentials, builder: undefined }), true],
    ['v1alpha1', ofV1Alpha1, makeBuilder(credentials), false],
    ['v1beta1 where there are none', waiting('Pending', ''), makeBuilder(), false],
  ])('by an image, and whether credentials for it are without effect: %s', (_case, run, builder, isUnused) => {
    const said = explainStuck({ builder, run, pod: pulling })?.message ?? '';
    expect(said.includes('Without effect: spec.build.builderCredentials (')).toBe(isUnused);
  });

  it('in the same words at each attempt, or each would be a write', () => {
    const said = (pod: KubeObject) =>
      explainStuck({ builder: makeBuilder(), run: waiting('Pending', ''), pod })?.message;
    expect(said(pulling)).toBe(said(backingOff));
    expect(said(unscheduled('0/3 nodes are available: 3 Insufficient cpu.'))).toBe(
      said(unscheduled('0/7 nodes are available: 7 Insufficient cpu.')),
    );
  });

  it('and nothing of one that is not', () => {
    const pod = makePod({ 'step-create': { running: {} } }, { phase: 'Running' });
    expect(explainStuck({ builder: makeBuilder(), run: waiting('Running', 'Not all Steps'), pod })).toBeUndefined();
  });
});

describe('a limit on time', () => {
  const outOfTime = (spec: Partial<BuilderSpec>) =>
    explainFailure({
      builder: makeBuilder(spec),
      run: makeRun('False', 'BuildRunTimeout', 'BuildRun fn-buildrun failed to finish within 1m0s'),
    }).message;

  it('of the whole build is no part of what is built: raising it alone builds nothing', () => {
    expect(outOfTime({ timeout: '1m' })).toContain(
      `Raise spec.build.timeout, or mend what it waited for; then: ${AGAIN}`,
    );
  });

  it("of Shipwright's is", () => {
    const cure = 'Raise spec.build.shipwright.timeout, or mend what it waited for; then, unless the spec changed: ';
    expect(outOfTime({ shipwright: { timeout: '1m' } })).toContain(`${cure}${AGAIN}`);
  });
});

it('a Builder without a Function is not built again by one', () => {
  const builder = makeBuilder();
  const orphan = { ...builder, metadata: { ...builder.metadata, labels: {} } };
  const { message } = explainFailure({ builder: orphan, run: makeRun('False', 'PodEvicted', '') });
  expect(message).toContain('; then: make a new Builder. ');
});

describe('other failures', () => {
  it.each([
    [
      'a branch that does not exist',
      gitFailed('GitRevisionNotFound', 'The remote revision does not exist. Check your revision argument.'),
      'GitRevisionNotFound',
      'revision ("main")',
    ],
    [
      'an unknown host by SSH, which Shipwright takes for a bad key',
      {
        ...gitFailed('GitAuthInvalidKey', 'The key is invalid for the specified target.'),
        log: 'ssh: Could not resolve hostname git.example: Name or service not known',
      },
      'GitHostUnknown',
      'host git.example',
    ],
    [
      'a host that does not answer',
      gitFailed(
        'GitError',
        "fatal:  unable to access 'https://git.example/': Failed to connect to git.example port 443",
      ),
      'GitHostUnreachable',
      'no connection to git.example',
    ],
    [
      'a base image that needs credentials',
      stepEnded(
        'step-build',
        'initializing source docker://other.example/base: unable to retrieve auth token: unauthorized',
      ),
      'RegistryDenied',
      'other.example/base',
    ],
    [
      'a push that the lifecycle tries before it builds',
      stepEnded(
        'step-create',
        'ERROR: failed to initialize analyzer: ensure registry read/write access to reg.example/acme/fn',
      ),
      'PushDenied',
      'Secret demo/push-secret',
    ],
    [
      'a push of which the client says no more',
      stepEnded('step-build', 'Pushing reg.example/acme/fn\ndenied: requested access to the resource is denied'),
      'PushDenied',
      'refused to take reg.example/acme/fn:v1',
    ],
    [
      'a file that may not be written, which is no registry',
      stepEnded('step-build', 'export PATH=/bin\nmkdir /image: permission denied'),
      'Failed',
      'exit code 1',
    ],
    [
      'a full disk',
      stepEnded('step-build', 'write /layers/x: no space left on device'),
      'DiskFull',
      'step-build (exit code 1): no space left',
    ],
    [
      'what the strategy says itself',
      {
        ...stepEnded('step-build', ''),
        run: makeRun(
          'False',
          'Failed',
          stepFailed('step-build'),
          at('step-build', 'DockerfileNotFound', "The Dockerfile 'D' does not exist."),
        ),
      },
      'DockerfileNotFound',
      "(exit code 1): the step failed: The Dockerfile 'D' does not exist.",
    ],
    [
      'a pod that is gone',
      {
        builder: makeBuilder(),
        run: makeRun('False', 'Failed', `buildrun failed, pod demo/${POD} not found`, at('step-build')),
      },
      'Failed',
      'kubectl describe buildrun -n demo fn-buildrun',
    ],
    [
      'a variable that a step of the strategy sets too (pkg/env)',
      {
        builder: makeBuilder({ env: { A: '1' } }),
        run: makeRun(
          'False',
          'TaskRunGenerationFailed',
          'error(s) occurred merging environment variables into BuildStrategy "openfunction" steps: [environment variable "A" already exists, environment variable "B" already exists]',
        ),
      },
      'UnsupportedEnv',
      'a step of ClusterBuildStrategy openfunction sets A, B itself, so spec.build.env cannot. Remove A, B from spec.build.env.',
    ],
    ['nothing at all', { builder: makeBuilder(), run: makeRun('False', '', '') }, 'Failed', 'nothing says why'],
  ] as [string, Evidence, string, string][])('%s', (_case, evidence, reason, words) => {
    const { reason: word, message } = explainFailure(evidence);
    expect([word, message]).toEqual([reason, expect.stringContaining(words)]);
  });

  it('of a builder that brings its log lines along are told by its sentence and those lines', () => {
    const details = {
      reason: 'StepFailed',
      message: 'npm error A\nnpm error B',
      location: { container: 'step-build' },
    };
    const { message } = explainFailure({
      builder: makeBuilder(),
      run: makeRun('False', 'Failed', 'step-build: npm ci failed', details),
    });
    expect(message).toContain('step-build: the step failed: npm ci failed.');
    expect(message).toContain('Last lines: [npm error A | npm error B]');
  });

  it('never show a credential, wherever it stands', () => {
    const secret = 'https://jane:s3cret@git.example/a.git';
    const details = at('step-build', 'Failed', `cannot read ${secret}`);
    const everywhere: Evidence = {
      builder: makeBuilder({ srcRepo: { url: secret } }),
      run: makeRun('False', 'Failed', `went wrong at ${secret}`, details),
      pod: makePod({ 'step-build': ended(1) }, { message: secret }),
      log: `unauthorized to pull ${secret}\nAuthorization: Bearer s3cret`,
    };
    const source = {
      ...everywhere,
      run: makeRun('False', 'Failed', secret, at('step-source-default', 'GitError', `fatal: ${secret}`)),
    };
    for (const evidence of [everywhere, source, { ...everywhere, log: undefined }]) {
      expect(explainFailure(evidence).message).not.toContain('s3cret');
    }
  });
});
