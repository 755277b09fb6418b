import { rm } from 'node:fs/promises';
import type { ImageConfig, ImageStore } from '../images/index.ts';
import { BuildFailure, type BuildStep, diskFull, saysDiskFull } from './build-failure.ts';
import type { BuildRequest, SourceResult } from './build-request.ts';
import { buildGo } from './go.ts';
import { decideLanguage, type Language } from './language.ts';
import type { LayerCache } from './layer-cache.ts';
import { buildNode } from './node.ts';
import { buildPython } from './python.ts';
import { fetchSource } from './source.ts';
import type { BuildContext } from './tool.ts';

/** What a build works with. */
export interface BuildTools {
  images: ImageStore;
  layers: LayerCache;
  /** From makeBuildEnvironment: never the whole environment of the platform. */
  environment: Record<string, string>;
  /** Bare repository that `local://samples` stands for. */
  localRepository?: string | undefined;
  /** Ends the build; its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/** An image that was built. */
export interface BuildResult {
  digest: `sha256:${string}`;
  /** Bytes. */
  size: number;
  language: string;
  source: SourceResult;
  /** How long each step took. */
  milliseconds: Partial<Record<BuildStep, number>>;
}

const LANGUAGES: Record<Language, (context: BuildContext) => Promise<ImageConfig>> = {
  go: buildGo,
  node: buildNode,
  python: buildPython,
};

/**
 * Builds the function of a Git source into an image of the store. Throws BuildFailure when a step fails, the signal's reason when it
 * was ended; leaves no temporary file in either case.
 */
export async function buildImage(request: BuildRequest, tools: BuildTools): Promise<BuildResult> {
  const progress: Progress = { step: 'step-source', milliseconds: {}, since: performance.now() };
  const work = await tools.images.workDirectory();
  try {
    return await runSteps(request, tools, work, progress);
  } catch (error) {
    if (error instanceof BuildFailure || !saysDiskFull(error)) throw error;
    throw diskFull(progress.step, work, error);
  } finally {
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface Progress {
  step: BuildStep;
  milliseconds: Partial<Record<BuildStep, number>>;
  since: number;
}

function enterStep(progress: Progress, step: BuildStep): void {
  const now = performance.now();
  progress.milliseconds[progress.step] = Math.round(now - progress.since);
  progress.step = step;
  progress.since = now;
}

async function runSteps(
  request: BuildRequest,
  tools: BuildTools,
  work: string,
  progress: Progress,
): Promise<BuildResult> {
  const target = functionName(request.env);
  const { directory, result: source } = await fetchSource(request.source, work, tools);
  enterStep(progress, 'step-build');
  const language = await decideLanguage(request.builderImage, directory);
  const env = { ...tools.environment, ...request.env };
  const { layers, signal } = tools;
  const config = await LANGUAGES[language]({
    request,
    directory,
    commit: source.commitSha,
    target,
    layers,
    env,
    signal,
  });
  signal?.throwIfAborted();
  enterStep(progress, 'step-export');
  const stored = await tools.images.commit(request.image, directory, config);
  enterStep(progress, 'step-export');
  return { ...stored, language: config.language, source, milliseconds: progress.milliseconds };
}

/** FUNC_NAME: a name, or in Node a path of names (`module.handler`). */
function functionName({ FUNC_NAME: name }: Record<string, string>): string {
  const refuse = (reason: string, sentence: string) => new BuildFailure({ step: 'step-prepare', reason, sentence });
  if (name === undefined || name === '') {
    throw refuse(
      'FunctionNameMissing',
      'FUNC_NAME is not set: put the name of the function in the source into spec.build.env of the Function',
    );
  }
  if (/^[\p{L}_$][\p{L}\p{N}_$]*(\.[\p{L}_$][\p{L}\p{N}_$]*)*$/u.test(name)) return name;
  throw refuse('FunctionNameInvalid', `FUNC_NAME ${JSON.stringify(name)} cannot be the name of a function`);
}
