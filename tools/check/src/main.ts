/** `npm run check`: format and lint, types, architecture rules and unit tests; one line each, and the output of what failed. */
import { runStep, type StepResult } from './step.ts';

const bin = (name: string) => `node_modules/.bin/${name}`;

const startedAt = performance.now();
// The first two leave a core idle between them; the unit tests want both.
const first = await Promise.all([
  runStep('format and lint', bin('biome'), ['ci', '--colors=off', '--error-on-warnings', '.']),
  runStep('types', bin('tsc'), ['-p', '.']),
]);
// Only what failed is told.
const UNIT = ['run', '--project', 'unit', '--reporter', 'minimal'];
const results: StepResult[] = [...first, await runStep('unit tests', bin('vitest'), UNIT)];

const failed = results.filter(({ ok }) => !ok);
console.log(
  `check: ${failed.length === 0 ? 'ok' : 'failed'} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
);
const units = results.at(-1)?.output ?? '';
const count = (word: string) => Number(new RegExp(`Tests .*?(\\d+) ${word}`).exec(units)?.[1] ?? 0);
console.log(
  `${count('passed')} passed, ${count('failed') + first.filter(({ ok }) => !ok).length} failed, ${count('skipped')} skipped`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
