import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Branches of one source file, as V8 counts them. */
interface FileBranches {
  /** Path from the root of the repository. */
  file: string;
  covered: number;
  total: number;
  /** Where branches begin that were never taken: line and what stands there. */
  missed: readonly string[];
}

/** A range of a source, by UTF-16 offsets, and how often it ran (Chrome DevTools Protocol, `Profiler.CoverageRange`). */
interface Range {
  startOffset: number;
  endOffset: number;
  count: number;
}

interface ScriptCoverage {
  url: string;
  functions: readonly { isBlockCoverage: boolean; ranges: readonly Range[] }[];
}

const ROOT = new URL('../../../', import.meta.url);

/** Rules, defaults and conversion, and what runs them. */
const MEASURED =
  /^libs\/(admission\/src\/|api\/src\/(function|builder|serving|gateway|conversion|v1beta1)\/)(?!.*\.test\.ts$)/;

/** The branches of the measured files, from what `NODE_V8_COVERAGE` has left in a folder. One process is expected to have run. */
export async function branchesIn(folder: string): Promise<FileBranches[]> {
  const files = new Map<string, FileBranches>();
  for (const name of await readdir(folder)) {
    const { result } = JSON.parse(await readFile(join(folder, name), 'utf8')) as { result: ScriptCoverage[] };
    for (const script of result) {
      const file = script.url.startsWith(ROOT.href) ? script.url.slice(ROOT.href.length) : '';
      if (!MEASURED.test(file)) continue;
      files.set(file, { file, ...branchesOf(script, await readFile(fileURLToPath(script.url), 'utf8')) });
    }
  }
  if (files.size === 0) throw new Error(`${folder} holds no coverage of the measured files`);
  return [...files.values()].sort((left, right) => (left.file < right.file ? -1 : 1));
}

/**
 * The branches of a script. A branch is a range that V8 counts by itself: a function, an arm of a condition, what follows a return.
 * Types are taken out of a source without moving what stays, so offsets fit the file. Ranges that never ran are always told, those
 * that ran as often as what is around them are not: the share is rather too small than too large.
 */
export function branchesOf({ functions }: ScriptCoverage, text: string): Omit<FileBranches, 'file'> {
  const ranges = functions.flatMap((one) => one.ranges);
  const missed = ranges.filter(({ count }) => count === 0);
  return {
    total: ranges.length,
    covered: ranges.length - missed.length,
    missed: missed.map(({ startOffset, endOffset }) => {
      const line = text.slice(0, startOffset).split('\n').length;
      return `${line}: ${text.slice(startOffset, endOffset).replaceAll(/\s+/g, ' ').slice(0, 80)}`;
    }),
  };
}

/** Prints a table, the branches that were missed below each file. */
export function printBranches(files: readonly FileBranches[]): void {
  const line = (name: string, covered: number, total: number) =>
    console.log(`${((100 * covered) / total).toFixed(1).padStart(6)} % ${`${covered}/${total}`.padStart(10)}  ${name}`);
  for (const { file, covered, total, missed } of files) {
    line(file, covered, total);
    for (const place of missed) console.log(`${' '.repeat(21)}${place}`);
  }
  line(
    'all',
    files.reduce((all, file) => all + file.covered, 0),
    files.reduce((all, file) => all + file.total, 0),
  );
}
