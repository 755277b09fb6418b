import { expect, it } from 'vitest';
import { branchesOf } from './coverage.ts';

it('counts the ranges of a script, and says where those begin that never ran', () => {
  const text = 'const a = 1;\nfunction f(x) {\n  if (x) return 1;\n  return   2;\n}\n';
  const range = (startOffset: number, endOffset: number, count: number) => ({ startOffset, endOffset, count });
  const last = text.indexOf('return   2');
  const script = {
    url: 'file:///a.ts',
    functions: [
      { isBlockCoverage: true, ranges: [range(0, text.length, 1)] },
      { isBlockCoverage: true, ranges: [range(13, 59, 5), range(last, last + 11, 0)] },
    ],
  };
  expect(branchesOf(script, text)).toEqual({ covered: 2, total: 3, missed: ['4: return 2;'] });
});
