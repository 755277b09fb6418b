import {
  ADMISSION_TABLES,
  ask,
  type Default,
  FUNCTION_V1BETA1_RULES,
  type Rule,
  SERVING_V1BETA1_RULES,
  segments,
} from '@openfunction/api';
import { expect, it } from 'vitest';
import { applyDefaults, patchOf } from './defaulting.ts';
import { printPath, printProblem, problemOf } from './problem.ts';

/** What users read: the answer of each row to its own example. `npx vitest run libs/admission --update` writes the file anew. */

function answerOf(rule: Rule): string {
  const { number, id, level, path, refuses, seen } = rule;
  const complaints = [ask(rule, refuses, seen) ?? []].flat();
  const lines = complaints.map((complaint) => {
    const problem = problemOf(complaint, segments(path));
    return `    ${printPath(problem.path)}: ${printProblem(problem)}`;
  });
  return [`${number} ${id} (${level})`, ...lines].join('\n');
}

function patchBy(row: Default): string {
  const operation = row.on.includes('create') ? 'create' : 'update';
  const patch = patchOf(row.before, applyDefaults([row], row.before, operation, row.old));
  return [`${row.number} ${row.id}`, ...patch.map((one) => `    ${JSON.stringify(one)}`)].join('\n');
}

it('each row answers in the words that are on file', async () => {
  const kinds = ADMISSION_TABLES.map(({ kind, defaults, rules }) =>
    [`# ${kind.kind}`, ...defaults.map(patchBy), ...rules.map(answerOf)].join('\n'),
  );
  const older = ['# v1beta1', ...[...FUNCTION_V1BETA1_RULES, ...SERVING_V1BETA1_RULES].map(answerOf)].join('\n');
  await expect(`${[...kinds, older].join('\n\n')}\n`).toMatchFileSnapshot('testdata/answers.txt');
});
