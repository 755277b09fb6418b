import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageConfig } from '../images/index.ts';
import { BuildFailure } from './build-failure.ts';
import type { Outcome } from './command.ts';
import { makeGoMain } from './go-main.ts';
import { type BuildContext, runTool, toolFailure, tryTool } from './tool.ts';

const FRAMEWORK = 'github.com/OpenFunction/functions-framework-go';
const FRAMEWORK_VERSION = 'v0.5.0';
const MAIN = 'openfunction-main';
const BINARY = '.openfunction-function';
const TYPES = ['http', 'openfunction', 'cloudevent'];
const MISSING = 'Go is needed to build this function and is not on PATH: install it from https://go.dev/dl';
const NOISE = /^go: (downloading|finding|added|upgraded|extracting)|^# /;
const FLAGS = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w'];

/** Makes the source folder an image with the program that serves the function, through OpenFunction's Go framework. */
export async function buildGo(context: BuildContext): Promise<ImageConfig> {
  const { directory, request, target } = context;
  const type = request.env.FUNC_TYPE ?? 'http';
  if (!TYPES.includes(type))
    throw refuse(
      'FunctionTypeUnsupported',
      `FUNC_TYPE ${JSON.stringify(type)} is none for Go: use ${TYPES.join(', ')}`,
    );
  const subPackage = (request.env.FUNC_SRC ?? '.').replace(/^\.\/|\/+$/g, '') || '.';
  const { symbol } = await inspectPackage(join(directory, subPackage), subPackage, target);
  const moduleName = await prepareModule(context);
  const importPath = subPackage === '.' ? moduleName : `${moduleName}/${subPackage}`;
  await rm(join(directory, BINARY), { recursive: true, force: true });
  await mkdir(join(directory, MAIN), { recursive: true });
  await writeFile(join(directory, MAIN, 'main.go'), makeGoMain({ importPath, symbol, name: target }));
  await compile(context);
  await rm(join(directory, MAIN), { recursive: true });
  if (request.env.FUNC_CLEAR_SOURCE === 'true') await clearSource(directory);
  const env: Record<string, string> = symbol === undefined ? { FUNCTION_TARGET: target } : {};
  return { command: [`./${BINARY}`], env, language: 'go' };
}

function refuse(reason: string, sentence: string): BuildFailure {
  return new BuildFailure({ step: 'step-prepare', reason, sentence });
}

/** Leaves only the program, as FUNC_CLEAR_SOURCE asks. */
async function clearSource(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name !== BINARY) await rm(join(directory, name), { recursive: true, force: true });
  }
}

interface GoPackage {
  /** The function's name when the package declares it; undefined when it registers functions by itself. */
  symbol: string | undefined;
}

async function inspectPackage(directory: string, shown: string, target: string): Promise<GoPackage> {
  const names = (await readdir(directory).catch(() => [])).filter(
    (name) => name.endsWith('.go') && !name.endsWith('_test.go'),
  );
  const where = shown === '.' ? 'the source folder' : `the folder ${JSON.stringify(shown)} that FUNC_SRC names`;
  if (names.length === 0) throw refuse('EntryNotFound', `${where} has no Go file`);
  const all = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  const texts = all.filter((text) => !/^\/\/go:build ignore\b/m.test(text));
  if (texts.some((text) => packageName(text) === 'main')) {
    throw refuse(
      'PackageMain',
      'the Go package of the function is called main, which no program can import: give it another name and no main()',
    );
  }
  const code = texts.join('\n');
  if (new RegExp(`^(func|var)\\s+${target.replaceAll(/[.$]/g, '\\$&')}\\b`, 'm').test(code)) {
    if (/^\p{Lu}/u.test(target)) return { symbol: target };
    throw refuse(
      'FunctionNotExported',
      `FUNC_NAME ${target} is not exported: a Go function that others call begins with a capital letter`,
    );
  }
  if (code.includes(`"${FRAMEWORK}/functions"`)) return { symbol: undefined };
  throw refuse(
    'FunctionNotFound',
    `FUNC_NAME ${JSON.stringify(target)} names no function of package ${packageName(texts[0] ?? '')}`,
  );
}

/** The name in the package clause of a file; the comments before it do not count. */
function packageName(text: string): string | undefined {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
  return /^\s*package\s+(\w+)/m.exec(code)?.[1];
}

/** go.mod with the framework in it (the user's own version when there is one); the name of the module. */
async function prepareModule(context: BuildContext): Promise<string> {
  const { directory } = context;
  const file = join(directory, 'go.mod');
  if (!(await isPresent(file))) await writeFile(file, 'module function\n\ngo 1.21\n');
  const { stdout } = await go(context, 'step-prepare', ['mod', 'edit', '-json']);
  const module = JSON.parse(stdout) as { Module?: { Path: string }; Require?: { Path: string }[] | null };
  if (module.Module === undefined) throw refuse('ManifestInvalid', 'go.mod has no module line');
  const required = module.Require?.some(({ Path }) => Path === FRAMEWORK) ?? false;
  if (!required) await go(context, 'step-prepare', ['mod', 'edit', `-require=${FRAMEWORK}@${FRAMEWORK_VERSION}`]);
  return module.Module.Path;
}

/**
 * Compiles with the module files that an earlier build of the same manifest settled on, which asks no network; when the source has
 * come to import more, with what go finds.
 */
async function compile(context: BuildContext): Promise<void> {
  const { directory, layers, signal } = context;
  const manifest = await readFile(join(directory, 'go.mod'), 'utf8');
  const sums = await readFile(join(directory, 'go.sum'), 'utf8').catch(() => '');
  const layer = await layers.get(
    ['go', manifest, sums, await sourceOfReplaced(context, manifest)],
    signal,
    async (draft) => {
      await build(context, '-mod=mod');
      await copyModuleFiles(directory, draft);
    },
  );
  await copyModuleFiles(layer, directory);
  if (await isPresent(join(directory, BINARY))) return;
  const outcome = await tryBuild(context, '-mod=readonly');
  if (outcome.exitCode === 0) return;
  if (!needsMoreModules(outcome)) throw toolFailure(context, buildTool(context, '-mod=readonly'), outcome);
  await build(context, '-mod=mod');
}

/** A module replaced by a folder may change its requirements with any commit. */
async function sourceOfReplaced(context: BuildContext, manifest: string): Promise<string> {
  return /=>\s*\.{0,2}\//.test(manifest) ? context.commit : '';
}

function needsMoreModules({ lines }: Outcome): boolean {
  return /no required module provides|updates to go\.mod needed|missing go\.sum entry|cannot find module/.test(
    lines.join('\n'),
  );
}

async function copyModuleFiles(from: string, to: string): Promise<void> {
  for (const name of ['go.mod', 'go.sum']) {
    if (await isPresent(join(from, name))) await copyFile(join(from, name), join(to, name));
  }
}

function buildTool(context: BuildContext, mode: string) {
  const args = ['build', mode, ...FLAGS, '-o', BINARY, `./${MAIN}`];
  return {
    step: 'step-build',
    program: 'go',
    args,
    cwd: context.directory,
    env: goEnv(context),
    missing: MISSING,
    noise: NOISE,
  } as const;
}

async function build(context: BuildContext, mode: string): Promise<void> {
  await runTool(context, buildTool(context, mode));
}

async function tryBuild(context: BuildContext, mode: string): Promise<Outcome> {
  return await tryTool(context, buildTool(context, mode));
}

async function go(context: BuildContext, step: 'step-prepare' | 'step-build', args: string[]): Promise<Outcome> {
  return await runTool(context, {
    step,
    program: 'go',
    args,
    cwd: context.directory,
    env: goEnv(context),
    missing: MISSING,
    noise: NOISE,
  });
}

/** No C compiler is asked for; a workspace around the checkout has no say. */
function goEnv({ env }: BuildContext): Record<string, string> {
  return { CGO_ENABLED: env.CGO_ENABLED ?? '0', GOWORK: 'off', GOFLAGS: '' };
}

async function isPresent(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
