import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { StructuralSchema } from '@openfunction/api';
import { functionsPackage } from './functions-package.ts';
import { podSpecFromApiServer, podSpecFromFile } from './open-api.ts';
import { makeOutputs, type Outputs, POD_SPEC_FILE } from './outputs.ts';

/**
 * npm run generate [-- --verify] [--offline] [--open-api FILE]
 * Writes the CRDs, their schemas, the reference page and the functions runtime as the sample has it. --verify writes nothing, names the files that differ and exits
 * with 1. --offline takes the committed PodSpec instead of asking an API server; --open-api reads it from a file.
 */
const ROOT = resolve(import.meta.dirname, '../../..');
const { values } = parseArgs({
  options: { verify: { type: 'boolean' }, offline: { type: 'boolean' }, 'open-api': { type: 'string' } },
});

const outputs: Outputs = new Map([...makeOutputs(await podSpec()), ...(await functionsPackage(ROOT))]);
const different = await differing(outputs);
if (values.verify) report(different);
else await write(different);

async function podSpec(): Promise<StructuralSchema> {
  if (values['open-api']) return podSpecFromFile(values['open-api']);
  const served = values.offline ? undefined : await podSpecFromApiServer(say);
  return served ?? (JSON.parse(await readFile(join(ROOT, POD_SPEC_FILE), 'utf8')) as StructuralSchema);
}

async function differing(outputs: Outputs): Promise<Outputs> {
  const changed: Outputs = new Map();
  for (const [file, text] of outputs) {
    const before = await readFile(join(ROOT, file), 'utf8').catch(undefinedIfMissing);
    if (before !== text) changed.set(file, text);
  }
  return changed;
}

function report(different: Outputs): void {
  for (const file of different.keys()) say(`differs: ${file}`);
  if (different.size === 0) {
    say(`verified: ${outputs.size} generated files are up to date`);
  } else {
    say('run "npm run generate" and commit the result');
    process.exitCode = 1;
  }
}

async function write(different: Outputs): Promise<void> {
  for (const [file, text] of different) {
    await mkdir(dirname(join(ROOT, file)), { recursive: true });
    await writeFile(join(ROOT, file), text);
    say(`wrote ${file}`);
  }
  if (different.size === 0) say('nothing to do: every generated file is up to date');
}

function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
