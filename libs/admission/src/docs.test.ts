import { readFileSync } from 'node:fs';
import { FUNCTION_DEFAULTS, FUNCTION_RULES } from '@openfunction/api';
import { expect, it } from 'vitest';

const PAGE = readFileSync(new URL('../../../docs/admission.md', import.meta.url), 'utf8');

/** Number, row and field of each line of the two tables. */
function documented(): string[] {
  const cells = PAGE.split('\n').map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  return cells.filter(([, number]) => /^[DVQN]\d+$/.test(number ?? '')).map((cell) => cell.slice(1, 4).join(' '));
}

it('docs/admission.md lists every default and every rule, and no other', () => {
  const rows = [...FUNCTION_DEFAULTS, ...FUNCTION_RULES].map(({ id, number, path }) => `${number} ${id} ${path}`);
  expect(documented().toSorted()).toEqual(rows.toSorted());
});
