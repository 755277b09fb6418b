import { constants } from 'node:fs';
import { chmod, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError, explain } from '@openfunction/errors';
import { describeExit, startProcess } from '../process/process.ts';
import { type Say, sayWhile } from '../say.ts';
import { onPath } from './platform.ts';
import type { Program } from './programs.ts';
import { run } from './run.ts';

const FETCH_MS = 15 * 60_000;
const OLDEST_GO = '1.24';

/**
 * Builds a program from its Go module into `file`, in the empty folder `scratch`. Takes minutes with a cold Go build cache;
 * ends with this process. Throws `binary.unavailable`.
 */
export async function goBuild(program: Program, file: string, scratch: string, say: Say): Promise<void> {
  if ((await onPath('go')) === undefined)
    throw new CodedError('binary.unavailable', `Go ${OLDEST_GO} or newer is not installed`);
  say(`building ${program.name} ${program.version} from its Go module; this takes some minutes the first time`);
  try {
    await sayWhile(
      say,
      (seconds) => `fetching the Go module of ${program.name}: ${seconds} s`,
      () => writeModule(program, scratch),
    );
    const main = await writeMain(program, scratch);
    await sayWhile(
      say,
      (seconds) => `building ${program.name}: ${seconds} s`,
      () => compile(program, main, file, scratch),
    );
  } catch (error) {
    throw new CodedError('binary.unavailable', `go build: ${explain(error)}`, error);
  }
}

/** A module in `scratch` from which the program can be built with the versions its own module chose. */
async function writeModule(program: Program, scratch: string): Promise<void> {
  const env = { ...process.env, GOWORK: 'off' };
  const options = { cwd: scratch, env, timeoutMs: FETCH_MS };
  const fetched = await run('go', ['mod', 'download', '-json', `${program.module}@v${program.version}`], options);
  const { Dir: folder } = JSON.parse(fetched) as { Dir: string };
  const theirs = JSON.parse(await run('go', ['mod', 'edit', '-json', join(folder, 'go.mod')], options)) as GoMod;
  const own = program.only && (await prunedModule(program.only, folder, join(scratch, 'pruned')));
  await writeFile(join(scratch, 'go.mod'), goModOf(program, theirs, own));
  await copyFile(join(folder, 'go.sum'), join(scratch, 'go.sum'));
  await chmod(join(scratch, 'go.sum'), 0o644); // the module cache is read-only
}

/** A copy of a module that holds, of one of its folders, only some files; returns its path. Throws when one of them is not there. */
async function prunedModule(only: NonNullable<Program['only']>, folder: string, copy: string): Promise<string> {
  const pruned = join(folder, only.folder);
  await cp(folder, copy, { recursive: true, mode: constants.COPYFILE_FICLONE, filter: (path) => path !== pruned });
  const target = join(copy, only.folder);
  await chmod(join(target, '..'), 0o755); // the module cache is read-only
  await mkdir(target);
  for (const file of only.files) await copyFile(join(pruned, file), join(target, file));
  return copy;
}

/**
 * What to compile in `scratch`: the package itself, or a copy of its only file with our settings. (Go refuses overlays over its
 * module cache.) Throws when a text is not there.
 */
async function writeMain({ package: path, settings = [] }: Program, scratch: string): Promise<string> {
  if (settings.length === 0) return path;
  const options = { cwd: scratch, env: { ...process.env, GOWORK: 'off' }, timeoutMs: FETCH_MS };
  const folder = (await run('go', ['list', '-mod=mod', '-f', '{{.Dir}}', path], options)).trim();
  let text = await readFile(join(folder, 'main.go'), 'utf8');
  for (const { text: from, becomes } of settings) {
    if (!text.includes(from)) throw new Error(`main.go of ${path} does not hold ${from}`);
    text = text.replace(from, becomes);
  }
  await writeFile(join(scratch, 'main.go'), text);
  return '.';
}

/** `go mod edit -json`, as far as it matters here. */
export interface GoMod {
  Go: string;
  Require: { Path: string; Version: string }[];
  Replace?: { Old: { Path: string; Version?: string }; New: { Path: string; Version?: string } }[] | null;
}

/**
 * The go.mod of a module that requires the program's module and all that it requires. `replace` lines count only in the main
 * module, so they are repeated; those that point into the program's repository get the version published beside it: for
 * Kubernetes v1.X.Y its staging modules v0.X.Y, for etcd the version required anyway. `copy` is a folder to take the module from.
 */
export function goModOf(program: Program, theirs: GoMod, copy?: string): string {
  const requires = [{ Path: program.module, Version: `v${program.version}` }, ...theirs.Require];
  const replaces = (theirs.Replace ?? []).flatMap(({ Old, New }) => {
    const old = Old.Version === undefined ? Old.Path : `${Old.Path} ${Old.Version}`;
    if (!New.Path.startsWith('.')) return [`${old} => ${New.Path} ${New.Version ?? ''}`.trimEnd()];
    return program.module === 'k8s.io/kubernetes'
      ? [`${old} => ${Old.Path} v0.${program.version.slice('1.'.length)}`]
      : [];
  });
  const block = (word: string, lines: string[]) =>
    lines.length === 0 ? '' : `\n${word} (\n${lines.map((line) => `\t${line}\n`).join('')})\n`;
  return [
    `module build.local/${program.name}\n\ngo ${theirs.Go}\n`,
    block(
      'require',
      requires.map(({ Path, Version }) => `${Path} ${Version}`),
    ),
    block('replace', copy === undefined ? replaces : [...replaces, `${program.module} => ${copy}`]),
  ].join('');
}

async function compile(program: Program, main: string, file: string, scratch: string): Promise<void> {
  const compiler = await startProcess({
    name: 'go build',
    command: 'go',
    // -mod=mod: sums of the modules that are replaced are not in their go.sum and are added here.
    args: ['build', '-mod=mod', '-trimpath', ...tagsOf(program), `-ldflags=${linkerFlags(program)}`, '-o', file, main],
    env: { ...process.env, GOWORK: 'off' },
    cwd: scratch,
    logFile: join(scratch, 'build.log'),
  });
  const exit = await compiler.exited;
  if (exit.code !== 0) throw new Error(`${describeExit(exit)}: ${(await compiler.lastLines()).join(' | ')}`);
}

function tagsOf({ tags }: Program): string[] {
  return tags === undefined ? [] : ['-tags', tags];
}

/** What Kubernetes' own release build stamps; without it the server calls itself v0.0.0 and clients stumble over it. */
function linkerFlags({ module, version }: Program): string {
  if (module !== 'k8s.io/kubernetes') return '-s -w';
  const [major, minor] = version.split('.');
  const stamp = (field: string, value: string | undefined) => `-X k8s.io/component-base/version.${field}=${value}`;
  return ['-s -w', stamp('gitVersion', `v${version}`), stamp('gitMajor', major), stamp('gitMinor', minor)].join(' ');
}
