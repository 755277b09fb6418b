import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageConfig } from '../images/index.ts';
import { linkTree } from '../images/tree.ts';
import { BuildFailure } from './build-failure.ts';
import { type BuildContext, runTool } from './tool.ts';

const FRAMEWORK = '@google-cloud/functions-framework';
const FRAMEWORK_RANGE = '^5.0.5';
const LOCKS = ['npm-shrinkwrap.json', 'package-lock.json'];
const ENTRIES = ['index.ts', 'index.mts', 'index.cts', 'index.js', 'index.mjs', 'index.cjs', 'function.js'];
const TYPES: Record<string, string> = { http: 'http', cloudevent: 'cloudevent', event: 'event', typed: 'typed' };
const MISSING = 'Node with npm is needed to build this function and is not on PATH';
const NOISE = /^npm (warn|notice)|A complete log of this run can be found in|^npm error\s*$/;

/** The framework listens on every interface when it is left alone; a function on a laptop is for the laptop. */
const BIND = `'use strict';
const { Server } = require('node:net');
const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
  const alone = typeof port === 'string' || typeof port === 'number';
  return alone && typeof rest[0] !== 'string' ? listen.call(this, Number(port), '127.0.0.1', ...rest) : listen.call(this, port, ...rest);
};
`;

/** Reports what in a TypeScript file Node cannot strip; arguments are files. */
const CHECK_TYPES = `
const { stripTypeScriptTypes } = require('node:module');
for (const file of process.argv.slice(1)) {
  try { stripTypeScriptTypes(require('node:fs').readFileSync(file, 'utf8')); }
  catch (error) { console.error(file + ': ' + error.message); process.exitCode = 1; }
}`;

interface Manifest {
  main?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** Makes the source folder an image that serves the function with the Node functions framework. TypeScript runs as it is. */
export async function buildNode(context: BuildContext): Promise<ImageConfig> {
  const { directory, request, target } = context;
  const type = signatureOf(request.env.FUNC_TYPE);
  const manifest = await readManifest(directory);
  const entry = await findEntry(directory, manifest, request.env.FUNC_SRC);
  await installDependencies(context, manifest);
  await checkSyntax(context, entry);
  await writeFile(join(directory, '.openfunction-bind.cjs'), BIND);
  const main = await frameworkMain(directory);
  const args = [`--target=${target}`, `--source=${entry}`, `--signature-type=${type}`];
  return {
    command: [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      '--require',
      './.openfunction-bind.cjs',
      main,
      ...args,
    ],
    env: { NODE_ENV: 'production' },
    language: 'node',
  };
}

function signatureOf(type = 'http'): string {
  const signature = TYPES[type];
  if (signature !== undefined) return signature;
  const sentence = `FUNC_TYPE ${JSON.stringify(type)} is none that ${FRAMEWORK} serves: use http or cloudevent`;
  throw new BuildFailure({ step: 'step-prepare', reason: 'FunctionTypeUnsupported', sentence });
}

async function readManifest(directory: string): Promise<Manifest> {
  const text = await readFile(join(directory, 'package.json'), 'utf8').catch(() => '{}');
  try {
    return JSON.parse(text) as Manifest;
  } catch (error) {
    const sentence = `package.json is not valid JSON: ${(error as Error).message}`;
    throw new BuildFailure({ step: 'step-prepare', reason: 'ManifestInvalid', sentence }, error);
  }
}

async function findEntry(directory: string, manifest: Manifest, wanted: string | undefined): Promise<string> {
  const named = wanted ?? manifest.main;
  const candidates = named === undefined ? ENTRIES : [named, `${named}.js`, join(named, 'index.js')];
  for (const candidate of candidates) {
    if ((await stat(join(directory, candidate)).catch(() => undefined))?.isFile()) return candidate;
  }
  const where = wanted === undefined ? 'package.json' : 'FUNC_SRC';
  const sentence =
    named === undefined
      ? 'the source has no entry: name it in `main` of package.json, or call it index.js or index.ts'
      : `the entry ${JSON.stringify(named)} that ${where} names is not in the source; TypeScript needs no compile step, so name the .ts file itself`;
  throw new BuildFailure({ step: 'step-prepare', reason: 'EntryNotFound', sentence });
}

/** node_modules of the image: hard links to a layer made from the manifest and its lock. */
async function installDependencies(context: BuildContext, manifest: Manifest): Promise<void> {
  const { directory, layers, signal } = context;
  await rm(join(directory, 'node_modules'), { recursive: true, force: true });
  const wanted = JSON.stringify(withFramework(manifest));
  if (hasLocalDependency(manifest)) {
    await writeFile(join(directory, 'package.json'), wanted);
    return await npmInstall(context, directory, false);
  }
  const lock = await findLock(directory);
  const npmrc = await readFile(join(directory, '.npmrc'), 'utf8').catch(() => '');
  const inputs = [
    'node',
    wanted,
    lock?.text ?? '',
    npmrc,
    process.version,
    process.platform,
    process.arch,
    JSON.stringify(npmSettings(context)),
  ];
  const layer = await layers.get(inputs, signal, async (draft) => {
    await writeFile(join(draft, 'package.json'), wanted);
    if (lock !== undefined) await writeFile(join(draft, lock.name), lock.text);
    if (npmrc !== '') await writeFile(join(draft, '.npmrc'), npmrc);
    await npmInstall(context, draft, lock !== undefined && FRAMEWORK in (manifest.dependencies ?? {}));
  });
  await linkTree(join(layer, 'node_modules'), join(directory, 'node_modules'));
}

/** The manifest with the framework among its dependencies, and nothing that only tells about the package. */
function withFramework(manifest: Manifest): Manifest {
  const { [FRAMEWORK]: _dev, ...devDependencies } = manifest.devDependencies ?? {};
  return { ...manifest, dependencies: { [FRAMEWORK]: FRAMEWORK_RANGE, ...manifest.dependencies }, devDependencies };
}

function hasLocalDependency({ dependencies, optionalDependencies }: Manifest): boolean {
  const ranges = Object.values({ ...dependencies, ...optionalDependencies });
  return ranges.some((range) => /^(file:|link:|workspace:|\.|\/|~\/)/.test(range));
}

async function findLock(directory: string): Promise<{ name: string; text: string } | undefined> {
  for (const name of LOCKS) {
    const text = await readFile(join(directory, name), 'utf8').catch(() => undefined);
    if (text !== undefined) return { name, text };
  }
  return undefined;
}

/** Settings in ENV_VARS that change what npm installs. */
function npmSettings({ request }: BuildContext): [string, string][] {
  return Object.entries(request.env)
    .filter(([name]) => /^npm_config_/i.test(name))
    .sort();
}

async function npmInstall(context: BuildContext, cwd: string, locked: boolean): Promise<void> {
  const args = [
    locked ? 'ci' : 'install',
    '--omit=dev',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--prefer-offline',
    '--loglevel=error',
  ];
  // npm of the same installation as this Node comes first: another Node's npm may pick other versions.
  const env = { PATH: `${join(process.execPath, '..')}:${context.env.PATH ?? ''}` };
  await runTool(context, { step: 'step-prepare', program: 'npm', args, cwd, env, missing: MISSING, noise: NOISE });
}

async function checkSyntax(context: BuildContext, entry: string): Promise<void> {
  const { directory } = context;
  const common = {
    step: 'step-build',
    program: process.execPath,
    cwd: directory,
    missing: MISSING,
    noise: /^Node\.js v|^\s+at /,
  } as const;
  if (/\.[cm]?js$/.test(entry)) return void (await runTool(context, { ...common, args: ['--check', entry] }));
  const names = await readdir(directory, { recursive: true });
  const files = names.filter(
    (name) =>
      /(?<!\.d)\.[cm]?ts$/.test(name) && !name.includes('node_modules') && !/\.(test|spec)\.[cm]?ts$/.test(name),
  );
  await runTool(context, {
    ...common,
    args: ['--disable-warning=ExperimentalWarning', '--eval', CHECK_TYPES, '--', ...files],
  });
}

async function frameworkMain(directory: string): Promise<string> {
  const folder = join('node_modules', FRAMEWORK);
  const { bin } = JSON.parse(await readFile(join(directory, folder, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  return join(folder, bin['functions-framework'] ?? 'build/src/main.js');
}
