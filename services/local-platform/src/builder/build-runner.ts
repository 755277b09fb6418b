import { ANNOTATION, type KubeObject, SECRET, SHIPWRIGHT_BUILD, SHIPWRIGHT_BUILD_RUN } from '@openfunction/api';
import { explain, isCoded } from '@openfunction/errors';
import type { KubeClient } from '@openfunction/kube';
import { type Logger, withSpan } from '@openfunction/telemetry';
import { BuildFailure, BuildStopped } from './build-failure.ts';
import { type BuildResult, type BuildTools, buildImage } from './build-image.ts';
import type { GitCredentials } from './build-request.ts';
import { markEnded, markFailed, markRunning, markSucceeded, timeoutMessage } from './build-run-status.ts';
import { isRefusal, makeRequest, type Refusal, type Runnable, refuseBuild } from './make-request.ts';
import { type BuildRunSpec, type BuildSpec, CANCELED_MESSAGE, isCanceled } from './shipwright.ts';
import { untilDone } from './until-done.ts';

/** Takes one BuildRun from where it is to its end, and writes its status. */
export class BuildRunner {
  readonly #client: KubeClient;
  readonly #tools: BuildTools;
  readonly #logger: Logger;

  constructor(client: KubeClient, tools: BuildTools, logger: Logger) {
    this.#client = client;
    this.#tools = tools;
    this.#logger = logger;
  }

  /** Never rejects. A run that is interrupted keeps its status, and is started over by whoever comes next. */
  async run(buildRun: KubeObject, signal: AbortSignal): Promise<void> {
    const { namespace, name, annotations } = buildRun.metadata;
    const logger = this.#logger.child({ buildRun: `${namespace}/${name}` });
    const attributes = { 'k8s.namespace.name': namespace ?? '', 'openfunction.build_run': name };
    const traceparent = annotations?.[ANNOTATION.traceparent];
    try {
      await withSpan('local build', { traceparent, attributes }, () => this.#runToEnd(buildRun, signal, logger));
    } catch (error) {
      if (isInterrupted(error) || isInterrupted(signal.reason)) return;
      logger.error({ error: explain(error) }, 'build run failed unexpectedly');
    }
  }

  async #runToEnd(buildRun: KubeObject, signal: AbortSignal, logger: Logger): Promise<void> {
    const outcome = await this.#outcome(buildRun, signal, logger).catch((error: unknown) =>
      markOutcome(buildRun, error, logger),
    );
    await this.#write(buildRun, outcome, signal);
  }

  /** The final status of the run. Throws what ended it otherwise. */
  async #outcome(buildRun: KubeObject, signal: AbortSignal, logger: Logger): Promise<object> {
    if (isCanceled(buildRun)) return markEnded({ reason: 'BuildRunCanceled', message: CANCELED_MESSAGE }, new Date());
    const runnable = await this.#prepare(buildRun, signal);
    if (isRefusal(runnable)) {
      logger.info({ reason: runnable.reason, why: runnable.message }, 'build refused');
      return markEnded(runnable, new Date());
    }
    await this.#write(buildRun, markRunning(buildRun, new Date()), signal);
    return markSucceeded(await this.#build(buildRun, runnable, signal, logger), new Date());
  }

  /** What is to be built, with its credentials; or why it cannot be. */
  async #prepare(buildRun: KubeObject, signal: AbortSignal): Promise<Runnable | Refusal> {
    const run = (buildRun.spec ?? {}) as BuildRunSpec;
    const build = run.build?.spec ?? (await this.#readBuild(buildRun, run.build?.name, signal));
    if (build === undefined)
      return {
        reason: 'BuildNotFound',
        message: `build.shipwright.io ${JSON.stringify(run.build?.name ?? '')} not found`,
      };
    const refused = refuseBuild(build);
    if (refused !== undefined) {
      const message = `the Build is not registered correctly, build: ${run.build?.name}, registered status: False, reason: ${refused.reason}: ${refused.message}`;
      return { reason: 'BuildRegistrationFailed', message };
    }
    const runnable = makeRequest(build, run);
    if (isRefusal(runnable) || runnable.cloneSecret === undefined) return runnable;
    const credentials = await this.#readCredentials(buildRun.metadata.namespace, runnable.cloneSecret, signal);
    if ('reason' in credentials) return credentials;
    return { ...runnable, request: { ...runnable.request, source: { ...runnable.request.source, credentials } } };
  }

  async #readBuild(
    { metadata }: KubeObject,
    name: string | undefined,
    signal: AbortSignal,
  ): Promise<BuildSpec | undefined> {
    if (name === undefined) return undefined;
    const key = { namespace: metadata.namespace, name };
    const build = await untilDone(() => this.#client.get(SHIPWRIGHT_BUILD, key), signal, this.#logger);
    return build?.spec as BuildSpec | undefined;
  }

  async #readCredentials(
    namespace: string | undefined,
    name: string,
    signal: AbortSignal,
  ): Promise<GitCredentials | Refusal> {
    const reason = 'BuildRegistrationFailed';
    try {
      const secret = await untilDone(() => this.#client.get(SECRET, { namespace, name }), signal, this.#logger);
      if (secret === undefined)
        return {
          reason,
          message: `the Secret ${JSON.stringify(name)} with the credentials of the repository does not exist`,
        };
      return makeCredentials(name, secret.data ?? {});
    } catch (error) {
      if (!isCoded(error, 'api.forbidden')) throw error;
      return {
        reason,
        message: `the local builder may not read the Secret ${JSON.stringify(name)} with the credentials of the repository`,
      };
    }
  }

  async #build(
    buildRun: KubeObject,
    { request, timeoutMs }: Runnable,
    outer: AbortSignal,
    logger: Logger,
  ): Promise<BuildResult> {
    const timeout = new AbortController();
    const stop = (ms: number) =>
      timeout.abort(new BuildStopped('BuildRunTimeout', timeoutMessage(buildRun.metadata.name, ms)));
    const timer = startTimer(timeoutMs, stop);
    try {
      const result = await buildImage(request, { ...this.#tools, signal: AbortSignal.any([outer, timeout.signal]) });
      logSuccess(logger, result);
      return result;
    } finally {
      clearTimeout(timer);
    }
  }

  async #write({ metadata: { namespace, name } }: KubeObject, status: object, signal: AbortSignal): Promise<void> {
    const write = () =>
      this.#client.patch(SHIPWRIGHT_BUILD_RUN, { namespace, name }, { status }, { subresource: 'status' });
    // A cancelled or timed-out run still has its end to be written; one that is gone, or a platform that stops, has not.
    const giveUp = isInterrupted(signal.reason) ? signal : new AbortController().signal;
    await untilDone(write, giveUp, this.#logger);
  }
}

function isInterrupted(error: unknown): boolean {
  return error instanceof BuildStopped && error.reason === 'Interrupted';
}

/** setTimeout takes no more than 2^31 - 1 ms; a longer timeout is none. */
function startTimer(timeoutMs: number | undefined, fire: (ms: number) => void): NodeJS.Timeout | undefined {
  if (timeoutMs === undefined || timeoutMs <= 0 || timeoutMs >= 2 ** 31) return undefined;
  return setTimeout(() => fire(timeoutMs), timeoutMs);
}

function logSuccess(logger: Logger, { digest, size, language, source, milliseconds }: BuildResult): void {
  logger.info({ digest, size, language, commit: source.commitSha, milliseconds }, 'image built');
}

function markOutcome(buildRun: KubeObject, error: unknown, logger: Logger): object {
  const now = new Date();
  if (error instanceof BuildFailure) {
    logger.info({ step: error.facts.step, reason: error.facts.reason, why: error.message }, 'build failed');
    return markFailed(buildRun, error, now);
  }
  if (isInterrupted(error)) throw error;
  if (error instanceof BuildStopped) {
    logger.info({ reason: error.reason }, 'build ended');
    return markEnded({ reason: error.reason, message: error.message }, now);
  }
  logger.error({ error: explain(error) }, 'build broke');
  return markEnded({ reason: 'Failed', message: `the local builder failed: ${explain(error)}` }, now);
}

/** Data of a Secret is base64. */
function makeCredentials(name: string, data: Record<string, string>): GitCredentials | Refusal {
  const read = (key: string) => (data[key] === undefined ? undefined : Buffer.from(data[key], 'base64').toString());
  const privateKey = read('ssh-privatekey');
  if (privateKey !== undefined) return { privateKey };
  const [username, password] = [read('username'), read('password')];
  if (username !== undefined && password !== undefined) return { username, password };
  const message = `the Secret ${JSON.stringify(name)} has neither username and password nor ssh-privatekey in it`;
  return { reason: 'BuildRegistrationFailed', message };
}
