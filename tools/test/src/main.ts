/**
 * `npm test`: unit tests, long laws, integration and end-to-end tests against a real API server and a real Redis, real builds of
 * functions, and whether the generated files are up to date. Arguments go to vitest, e.g. `npm test -- --project unit libs/queue`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** What is read of vitest's JSON report. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** Those that build functions or start everything run alone, after the others: they measure time for users. */
const TOGETHER = ['unit', 'long', 'integration'];
const ALONE = ['slow', 'e2e'];

const given = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'openfunction-report-'));
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
/** Said again at the end: whoever reads the last lines of a long log has to know what failed. */
const failures: string[] = [];
try {
  if (given.length > 0) add(await runTests('chosen', given));
  else {
    add(await runTests('unit and integration', projects(TOGETHER)));
    add(await runTests('builds and end to end', projects(ALONE)));
    add(await verifyGenerated());
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(['', ...failures].join('\n'));
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

function projects(names: readonly string[]): string[] {
  return names.flatMap((name) => ['--project', name]);
}

/** A run of vitest; one that ends without a report counts as a failure. */
async function runTests(name: string, args: readonly string[]): Promise<Counts> {
  console.log(`\n== ${name}`);
  const report = join(folder, `${name.replaceAll(' ', '-')}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await run(['node_modules/.bin/vitest', 'run', ...args, ...reporters]);
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) {
    failures.push(`FAILED ${name}: vitest ended with code ${code} and without a report`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const results = JSON.parse(text) as Report;
  failures.push(...results.testResults.flatMap(failuresOf));
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests, numTodoTests } = results;
  // A file that fails to load, or a set-up that throws, fails no test of its own.
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped: numPendingTests + numTodoTests };
}

/** A line for each test that failed, or for the file that could not be run. */
function failuresOf({ name, status, message, assertionResults }: Report['testResults'][number]): string[] {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((result) => result.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [`FAILED ${file}: ${firstLine(message)}`] : [];
  return failed.map(
    ({ fullName, failureMessages }) => `FAILED ${file} > ${fullName}: ${firstLine(failureMessages[0])}`,
  );
}

function firstLine(text = ''): string {
  return stripVTControlCharacters(text).split('\n')[0] ?? '';
}

async function verifyGenerated(): Promise<Counts> {
  console.log('\n== generated files');
  const code = await run(['tools/generate/src/main.ts', '--verify']);
  if (code !== 0) failures.push('FAILED generated files: not up to date, see above');
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

function run(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], { stdio: 'inherit' });
    child.on('error', () => resolve(1));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function add(counts: Counts): void {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
