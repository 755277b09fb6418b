import { join } from 'node:path';
import { type KubeObject, SHIPWRIGHT_BUILD, SHIPWRIGHT_BUILD_RUN } from '@openfunction/api';
import { explain } from '@openfunction/errors';
import { type KubeClient, Reflector } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import type { ImageStore } from '../images/index.ts';
import { makeBuildEnvironment } from './build-environment.ts';
import { BuildStopped } from './build-failure.ts';
import { makeRegistration } from './build-run-status.ts';
import { BuildRunner } from './build-runner.ts';
import { LayerCache } from './layer-cache.ts';
import { refuseBuild } from './make-request.ts';
import { RunQueue } from './run-queue.ts';
import { type BuildSpec, CANCELED_MESSAGE, isCanceled, isComplete } from './shipwright.ts';
import { untilDone } from './until-done.ts';

export interface BuilderOptions {
  client: KubeClient;
  images: ImageStore;
  /** Where dependencies are kept between builds, e.g. `~/.cache/openfunction/builder`. */
  cacheDirectory: string;
  /** Bare Git repository that the URL `local://samples` stands for. */
  localRepository?: string | undefined;
  /** Only the objects of this namespace; all when absent. */
  namespace?: string | undefined;
  /** Builds at once; 2 when absent. */
  concurrency?: number | undefined;
  /** What the tools of a build may see of the environment is taken from here. */
  environment: NodeJS.ProcessEnv;
  logger: Logger;
  /** Ends the builder like `stop`. */
  signal?: AbortSignal | undefined;
}

/** A builder at work. */
export interface RunningBuilder {
  /** Resolves when the builder has heard of every Build and BuildRun there is. */
  ready(): Promise<void>;
  /** Ends the builds in progress (they start over with the next builder) and the watches. */
  stop(): Promise<void>;
}

/** Plays Shipwright: registers every Build, and takes every BuildRun that has not ended to its end. */
export function startBuilder(options: BuilderOptions): RunningBuilder {
  const { client, images, cacheDirectory, localRepository, namespace, concurrency = 2, logger, signal } = options;
  const layers = new LayerCache(cacheDirectory);
  const environment = makeBuildEnvironment(options.environment);
  const runner = new BuildRunner(client, { images, layers, environment, localRepository }, logger);
  const queue = new RunQueue<KubeObject>(concurrency, (buildRun, stop) => runner.run(buildRun, stop));
  const stopping = new AbortController();
  const register = (build: KubeObject) => void registerBuild(client, build, stopping.signal, logger);
  const builds = new Reflector({
    client,
    kind: SHIPWRIGHT_BUILD,
    namespace,
    logger,
    onChange: ({ type, object }) => type !== 'deleted' && register(object),
  });
  const buildRuns = new Reflector({
    client,
    kind: SHIPWRIGHT_BUILD_RUN,
    namespace,
    logger,
    onChange: ({ type, object }) => (type === 'deleted' ? queue.forget(uidOf(object)) : take(queue, object)),
  });
  const stop = async () => {
    stopping.abort(new BuildStopped('Interrupted', 'the platform is stopping'));
    await Promise.all([builds.stop(), buildRuns.stop(), queue.close()]);
  };
  signal?.addEventListener('abort', () => void stop(), { once: true });
  void tidy(images, layers, logger);
  builds.start();
  buildRuns.start();
  return { ready: async () => void (await Promise.all([builds.ready(), buildRuns.ready()])), stop };
}

/** Where `startBuilder` keeps dependencies below the cache folder of the user. */
export function builderCache(cacheRoot: string): string {
  return join(cacheRoot, 'builder');
}

function take(queue: RunQueue<KubeObject>, buildRun: KubeObject): void {
  if (isComplete(buildRun)) return;
  queue.offer(uidOf(buildRun), buildRun);
  if (isCanceled(buildRun)) queue.stop(uidOf(buildRun), new BuildStopped('BuildRunCanceled', CANCELED_MESSAGE));
}

function uidOf({ metadata }: KubeObject): string {
  return metadata.uid ?? `${metadata.namespace}/${metadata.name}`;
}

/** Writes a Build's status when it is not what it should be. */
async function registerBuild(
  client: KubeClient,
  build: KubeObject,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  const { namespace, name } = build.metadata;
  const wanted = makeRegistration(refuseBuild((build.spec ?? {}) as BuildSpec));
  if (Object.entries(wanted).every(([field, value]) => build.status?.[field] === value)) return;
  try {
    await untilDone(
      () => client.patch(SHIPWRIGHT_BUILD, { namespace, name }, { status: wanted }, { subresource: 'status' }),
      signal,
      logger,
    );
  } catch (error) {
    if (!signal.aborted)
      logger.error({ build: `${namespace}/${name}`, error: explain(error) }, 'build cannot be registered');
  }
}

/** Housekeeping that no build waits for. */
async function tidy(images: ImageStore, layers: LayerCache, logger: Logger): Promise<void> {
  try {
    await images.removeLeftovers();
    await layers.prune(Date.now());
  } catch (error) {
    logger.warn({ error: explain(error) }, 'old files of the builder cannot be removed');
  }
}
