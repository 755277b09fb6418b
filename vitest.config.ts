import { defineConfig } from 'vitest/config';

const SERVICES = '{libs,services,tools}/**';

/** An error says what was found, and not only how much: often its first line is all that is seen of it. */
const chaiConfig = { truncateThreshold: 1000 };

export default defineConfig({
  test: {
    // Two workers: the control plane and Redis want a share of a small machine too.
    maxWorkers: 2,
    projects: [
      {
        // Beside the source; no process, no network.
        test: {
          chaiConfig,
          name: 'unit',
          // Some wait for processes they start, on machines that have other things to do.
          testTimeout: 30_000,
          expect: { poll: { timeout: 10_000 } },
          include: [`${SERVICES}/*.test.ts`, 'test/{admission,bench,serving,strategies}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.integration.test.ts', '**/*.{slow,long}.test.ts'],
        },
      },
      {
        // Laws and raw reviews over very many generated cases: as unit tests, but a minute of computing each.
        test: {
          chaiConfig,
          name: 'long',
          include: [`${SERVICES}/*.long.test.ts`],
          testTimeout: 300_000,
        },
      },
      {
        // One real control plane and one real Redis for all files; each file works in a namespace of its own.
        test: {
          chaiConfig,
          name: 'integration',
          include: ['test/integration/**/*.test.ts', `${SERVICES}/*.integration.test.ts`],
          globalSetup: ['libs/testing/src/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // The real Shipwright and Tekton controllers on one control plane; the tests play the kubelet.
        test: {
          chaiConfig,
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          globalSetup: ['test/conformance/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // `npm start` as a user runs it; one file at a time.
        test: {
          chaiConfig,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        // Real builds of functions; one file at a time.
        test: {
          chaiConfig,
          name: 'slow',
          include: [`${SERVICES}/*.slow.test.ts`],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
