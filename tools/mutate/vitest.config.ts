import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { QuickFirst } from './quick-first.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Unit tests of the libraries that are mutated. Packages are taken from this tree: the links in node_modules lead to another one. */
export default defineConfig({
  root: ROOT,
  resolve: {
    alias: [
      { find: /^@openfunction\/([a-z]+)$/, replacement: `${ROOT}libs/$1/src/index.ts` },
      { find: /^@openfunction\/([a-z]+)\/([a-z]+)$/, replacement: `${ROOT}libs/$1/src/$2.ts` },
    ],
  },
  test: {
    include: [
      'tools/mutate/*.check.ts',
      'test/admission/*.test.ts',
      'libs/admission/src/*.test.ts',
      'libs/api/src/{conversion,function,gateway}/*.test.ts',
    ],
    setupFiles: [`${ROOT}tools/mutate/setup.ts`],
    // Modules are read once for all files: the tests share nothing else, and are run thousands of times.
    isolate: false,
    sequence: { sequencer: QuickFirst },
    testTimeout: 60_000,
  },
});
