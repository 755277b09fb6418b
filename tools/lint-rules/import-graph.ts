import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** One import statement of a source file. */
export interface Import {
  /** The importing file, from the root of the repository. */
  from: string;
  /** The imported file for a relative import, else the package as written. */
  to: string;
  /** `import type`: gone at run time. */
  typeOnly: boolean;
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
const DYNAMIC = /\bimport\('([^']+)'\)/g;

/** The import statements of one file. */
export function readImports(file: string, text: string): Import[] {
  const found = [...text.matchAll(STATEMENT)].map(([statement, type, target = '']) => ({
    target,
    typeOnly: type !== undefined || onlyTypes(statement),
  }));
  const dynamic = [...text.matchAll(DYNAMIC)].map(([, target = '']) => ({ target, typeOnly: false }));
  return [...found, ...dynamic].map(({ target, typeOnly }) => ({ from: file, to: resolve(file, target), typeOnly }));
}

/** Every import of the TypeScript sources below these folders; tests are left out unless asked for. */
export function readTree(root: string, folders: readonly string[], options = { tests: false }): Import[] {
  const files = folders.flatMap((folder) => sourcesBelow(join(root, folder)));
  const wanted = files.filter((file) => options.tests || !/\.test\.ts$|\/test\//.test(file));
  return wanted.flatMap((file) => readImports(relative(root, file), readFileSync(file, 'utf8')));
}

/** Cycles among files, by imports that exist at run time: each as the list of files from the first one back to it. */
export function findCycles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports) if (!typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]) => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    for (const target of next.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return cycles;
}

/** `import { type A, type B } from …` */
function onlyTypes(statement: string): boolean {
  const names = /\{([^}]*)\}/.exec(statement)?.[1];
  if (names === undefined || /^import\s+\w/.test(statement)) return false;
  const parts = names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return parts.length > 0 && parts.every((name) => name.startsWith('type '));
}

function resolve(file: string, target: string): string {
  return target.startsWith('.') ? normalize(join(dirname(file), target)) : target;
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sourcesBelow(path);
    return /\.(ts|mjs)$/.test(entry.name) && !entry.name.endsWith('.d.mts') ? [path] : [];
  });
}
