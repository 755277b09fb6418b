import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { type Finding, type Linted, lintText } from './lint.ts';

/**
 * npm run lint:function -- [--json] [--strict] [file.yaml … | -]
 * Says about Functions, Builders, Servings and Gateways in files what admission would say, without a cluster. "-" (or no file) reads
 * stdin. Exit code: 0 nothing wrong, 1 errors (with --strict warnings too), 2 a file cannot be read or the options are wrong.
 */
const USAGE = 'usage: npm run lint:function -- [--json] [--strict] [file.yaml … | -]';

async function main(args: string[]): Promise<number> {
  const options = {
    json: { type: 'boolean' },
    strict: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const files = positionals.length === 0 ? ['-'] : positionals;
  const linted = await Promise.all(
    files.map(async (file) => lintText(file === '-' ? 'stdin' : file, await read(file))),
  );
  const findings = linted.flatMap((each) => each.findings);
  report(findings, linted, values.json === true);
  const isWrong = findings.some(({ level }) => level === 'error' || values.strict === true);
  return isWrong ? 1 : 0;
}

/** Files are named from where the user is, not from the root of the repository. */
function read(file: string): Promise<string> {
  return file === '-' ? text(process.stdin) : readFile(resolve(process.env['INIT_CWD'] ?? '.', file), 'utf8');
}

function report(findings: readonly Finding[], linted: readonly Linted[], isJson: boolean): void {
  const count = linted.reduce((sum, { objects }) => sum + objects, 0);
  if (isJson) {
    process.stdout.write(`${JSON.stringify({ objects: count, findings }, undefined, 2)}\n`);
    return;
  }
  for (const finding of findings) process.stdout.write(`${lineOf(finding)}\n`);
  const errors = findings.filter(({ level }) => level === 'error').length;
  process.stderr.write(`${count} objects: ${errors} errors, ${findings.length - errors} warnings\n`);
}

function lineOf({ file, line, level, kind, namespace, name, field, message }: Finding): string {
  const object = kind === '' ? '' : ` ${kind} ${[namespace, name].filter((part) => part !== '').join('/')}:`;
  return `${file}:${line}: ${level}:${object}${field === '' ? '' : ` ${field}:`} ${message}`;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 2;
});
