import { BuildFailure, type BuildStep, diskFull, saysDiskFull } from './build-failure.ts';
import type { BuildRequest } from './build-request.ts';
import { type Outcome, runCommand } from './command.ts';
import type { LayerCache } from './layer-cache.ts';

/** One build in progress, as the languages see it. */
export interface BuildContext {
  request: BuildRequest;
  /** The source; becomes the files of the image. */
  directory: string;
  /** Commit of the source. */
  commit: string;
  /** Exported name of the function. */
  target: string;
  layers: LayerCache;
  /** Scrubbed environment plus the variables of the build. */
  env: Record<string, string>;
  signal?: AbortSignal | undefined;
}

interface Tool {
  step: BuildStep;
  program: string;
  args: readonly string[];
  cwd: string;
  /** Added to the environment of the build. */
  env?: Record<string, string>;
  /** What to say when the program is not there. */
  missing: string;
  /** Lines of its output that tell the user nothing. */
  noise?: RegExp;
}

/** Runs a build tool; its failure is a BuildFailure of the step, with its last lines. */
export async function runTool(context: BuildContext, tool: Tool): Promise<Outcome> {
  const outcome = await tryTool(context, tool);
  if (outcome.exitCode !== 0) throw toolFailure(context, tool, outcome);
  return outcome;
}

/** Runs a build tool and leaves the verdict on its exit code to the caller. */
export async function tryTool({ env, signal }: BuildContext, tool: Tool): Promise<Outcome> {
  try {
    return await runCommand({
      program: tool.program,
      args: tool.args,
      cwd: tool.cwd,
      env: { ...env, ...tool.env },
      signal,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new BuildFailure({ step: tool.step, reason: 'ToolMissing', sentence: tool.missing }, error);
  }
}

/** The failure that an outcome is: the first sentence names the program, the lines are the tool's own without folders of this machine. */
export function toolFailure({ directory }: BuildContext, tool: Tool, { exitCode, lines }: Outcome): BuildFailure {
  if (saysDiskFull(undefined, lines)) return diskFull(tool.step, tool.cwd);
  const shown = lines
    .filter((line) => line.trim() !== '' && !(tool.noise?.test(line) ?? false))
    .map((line) => line.replaceAll(`${directory}/`, '').replaceAll(directory, '.').replaceAll(`${tool.cwd}/`, ''));
  const words = tool.args.filter((arg) => !arg.startsWith('-') && !arg.includes('/')).slice(0, 1);
  const name = [tool.program.split('/').at(-1), ...words].join(' ');
  const sentence = `\`${name}\` failed with exit code ${exitCode}: ${shown.slice(-4).join('; ') || 'it printed nothing'}`;
  return new BuildFailure({ step: tool.step, reason: 'StepFailed', sentence, lines: shown, exitCode });
}
