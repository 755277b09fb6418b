import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageConfig } from '../images/index.ts';
import { linkTree } from '../images/tree.ts';
import { BuildFailure } from './build-failure.ts';
import { type BuildContext, runTool, tryTool } from './tool.ts';

const FRAMEWORK = 'functions-framework>=3.10,<4';
const PACKAGES = '.openfunction-packages';
const TYPES = ['http', 'event', 'cloudevent', 'typed'];
const MISSING = 'Python 3 with pip is needed to build this function and python3 is not on PATH';
/** Lines of a requirements file that stand for something besides a named package: it may change without the file changing. */
const INDIRECT = /^\s*(-e|-r|-c|--editable|--requirement|--constraint|\.|\/|file:)|@\s*file:/m;

/** Makes the source folder an image that serves the function with the Python functions framework. */
export async function buildPython(context: BuildContext): Promise<ImageConfig> {
  const { directory, request, target } = context;
  const type = request.env.FUNC_TYPE ?? 'http';
  if (!TYPES.includes(type))
    throw refuse(
      'FunctionTypeUnsupported',
      `FUNC_TYPE ${JSON.stringify(type)} is none that functions-framework serves: use http or cloudevent`,
    );
  const source = request.env.FUNC_SRC ?? 'main.py';
  if (!(await isFile(join(directory, source))))
    throw refuse(
      'EntryNotFound',
      `the source has no ${source}: the function has to be in it, or FUNC_SRC has to name another file`,
    );
  const python = await findPython(context);
  await installDependencies(context, python);
  await checkSyntax(context, python.executable);
  const args = [`--target=${target}`, `--source=${source}`, `--signature-type=${type}`, '--host=127.0.0.1'];
  return {
    command: [python.executable, '-m', 'functions_framework', ...args],
    env: { PYTHONPATH: PACKAGES, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
    language: 'python',
  };
}

function refuse(reason: string, sentence: string): BuildFailure {
  return new BuildFailure({ step: 'step-prepare', reason, sentence });
}

interface Python {
  executable: string;
  version: string;
}

/** The interpreter itself, not a shim that looks for it again at each start. */
async function findPython(context: BuildContext): Promise<Python> {
  const script = 'import sys; print(sys.executable); print(sys.implementation.cache_tag)';
  const cwd = context.directory;
  const { stdout } = await runTool(context, {
    step: 'step-prepare',
    program: 'python3',
    args: ['-c', script],
    cwd,
    missing: MISSING,
  });
  const [executable = 'python3', version = ''] = stdout.trim().split('\n');
  return { executable, version };
}

/** Packages of the image: hard links to a layer made from requirements.txt, byte-compiled so that equal packages are equal files. */
async function installDependencies(context: BuildContext, python: Python): Promise<void> {
  const { directory, layers, signal, commit } = context;
  const requirements = await readFile(join(directory, 'requirements.txt'), 'utf8').catch(() => undefined);
  const text = requirements ?? '';
  const moving = INDIRECT.test(text) ? commit : '';
  const settings = JSON.stringify(
    Object.entries(context.request.env)
      .filter(([name]) => name.startsWith('PIP_'))
      .sort(),
  );
  const layer = await layers.get(
    ['python', text, FRAMEWORK, python.executable, python.version, moving, settings],
    signal,
    async (draft) => {
      const wanted = requirements === undefined ? [] : ['--requirement', 'requirements.txt'];
      const own = /^functions[-_]framework\b/im.test(text) ? [] : [FRAMEWORK];
      const options = [
        '--quiet',
        '--no-input',
        '--disable-pip-version-check',
        '--no-compile',
        '--no-warn-script-location',
        '--root-user-action=ignore',
      ];
      const args = ['-m', 'pip', 'install', ...options, '--target', draft, ...wanted, ...own];
      await runTool(context, {
        step: 'step-prepare',
        program: python.executable,
        args,
        cwd: directory,
        missing: MISSING,
        noise: /^\[notice\]|^WARNING/,
      });
      await rm(join(draft, 'bin'), { recursive: true, force: true });
      const compile = ['-m', 'compileall', '-q', '--invalidation-mode', 'unchecked-hash', '.'];
      // Packages may carry files for other versions of Python, which do not compile: the exit code says nothing.
      await tryTool(context, {
        step: 'step-prepare',
        program: python.executable,
        args: compile,
        cwd: draft,
        missing: MISSING,
      });
    },
  );
  await linkTree(layer, join(directory, PACKAGES));
}

/** Parses every source file without running any, and leaves nothing behind. */
async function checkSyntax(context: BuildContext, executable: string): Promise<void> {
  const script = [
    'import ast, pathlib, sys',
    'failed = 0',
    'for path in sorted(pathlib.Path(".").rglob("*.py")):',
    `    if path.parts[0] == "${PACKAGES}": continue`,
    '    try: ast.parse(path.read_bytes(), str(path))',
    '    except SyntaxError as error: failed = 1; print(f"{path}:{error.lineno}: {error.msg}", file=sys.stderr)',
    'sys.exit(failed)',
  ].join('\n');
  await runTool(context, {
    step: 'step-build',
    program: executable,
    args: ['-c', script],
    cwd: context.directory,
    missing: MISSING,
  });
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
