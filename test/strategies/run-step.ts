import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Step, type Strategy, scriptOf } from './strategy.ts';

export interface StepRun {
  code: number | null;
  output: string;
  /** What the step told Shipwright, by result: shp-image-digest, shp-error-reason and so on. */
  results: Record<string, string | undefined>;
}

/** Parameters as a Build sets them: text, or a list for array parameters. */
export type ParamValues = Record<string, string | string[]>;

/** What Shipwright sets itself. */
export const OUTPUT_IMAGE = 'registry.example.com:5000/team/hello:v1';

/**
 * Runs the script of a step with /bin/sh as Tekton would: parameters put into env and arguments, an array as one argument for each
 * item. `folder` stands for the container: `env` overrides the step's paths with folders in it, and programs come from
 * `folder/bin` first.
 */
export async function runStep(
  strategy: Strategy,
  step: Step,
  folder: string,
  { params = {}, env = {} }: { params?: ParamValues; env?: Record<string, string> },
): Promise<StepRun> {
  const values = allValues(strategy, folder, params);
  const own = Object.fromEntries(step.env.map(({ name, value }) => [name, fill(value, values, folder)]));
  const after = step.args.slice(step.args.indexOf('-c') + 2).flatMap((arg) => fillArg(arg, values, folder));
  const child = spawn('/bin/sh', ['-c', scriptOf(step), ...after], {
    cwd: folder,
    env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { code, output, results: await readResults(folder) };
}

/** Puts a program in front of all others that writes down its arguments, then runs `more` (sh). */
export async function fakeProgram(path: string, more = ''): Promise<void> {
  const lines = ['#!/bin/sh', 'for arg in "$@"; do printf "%s\\0" "$arg"; done >> "$0.args"', more, ''];
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, lines.join('\n'));
  await chmod(path, 0o755);
}

/** All arguments that a fake program was called with, of all its calls. */
export async function argumentsOf(path: string): Promise<string[]> {
  const text = await readFile(`${path}.args`, 'utf8');
  return text.split('\0').slice(0, -1);
}

function allValues(strategy: Strategy, folder: string, params: ParamValues): ParamValues {
  const defaults = strategy.spec.parameters.map(({ name, default: text, defaults: list }) => [
    name,
    text ?? list ?? '',
  ]);
  const reserved: ParamValues = {
    'shp-source-root': join(folder, 'source'),
    'shp-source-context': join(folder, 'source'),
    'shp-output-image': OUTPUT_IMAGE,
    'shp-output-insecure': 'false',
  };
  return { ...(Object.fromEntries(defaults) as ParamValues), ...reserved, ...params };
}

function fill(text: string, values: ParamValues, folder: string): string {
  return text
    .replaceAll(/\$\(params\.([\w-]+)\)/g, (_all, name: string) => values[name] as string)
    .replaceAll(/\$\(results\.([\w-]+)\.path\)/g, (_all, name: string) => join(folder, 'results', name));
}

function fillArg(arg: string, values: ParamValues, folder: string): string[] {
  const array = /^\$\(params\.([\w-]+)\[\*\]\)$/.exec(arg)?.[1];
  return array === undefined ? [fill(arg, values, folder)] : (values[array] as string[]);
}

async function readResults(folder: string): Promise<StepRun['results']> {
  const names = ['shp-image-digest', 'shp-image-size', 'shp-error-reason', 'shp-error-message'];
  const texts = await Promise.all(
    names.map((name) => readFile(join(folder, 'results', name), 'utf8').catch(() => undefined)),
  );
  return Object.fromEntries(names.map((name, index) => [name, texts[index]]));
}
