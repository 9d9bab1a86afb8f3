import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          // Otherwise style sheets are empty, taken as text too.
          css: true,
          include: ['test/unit/**/*.test.ts', 'test/integration/**/*.test.ts'],
          exclude: ['test/integration/firstboot/**'],
          testTimeout: 30_000,
          // What many files need is made by the first, and waited for by the others (test/helpers/once.ts).
          hookTimeout: 120_000,
          // Modules are loaded once a worker, not once a file: half of all time. Tests keep nothing in modules, and spies
          // end with the test that set them.
          isolate: false,
          // By default one core is left idle: half of a machine that has two. One more than there are, because a part of the
          // tests waits for a time limit, a disk, or the end of a retry.
          maxWorkers: availableParallelism() + 1,
          restoreMocks: true,
        },
      },
      {
        test: {
          name: 'firstboot',
          css: true,
          include: ['test/integration/firstboot/**/*.test.ts'],
          // Each starts unitctl and the page, as processes, many times: minutes in all.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          isolate: false,
          maxWorkers: '100%',
          restoreMocks: true,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'browser',
          css: true,
          include: ['test/browser/**/*.test.ts'],
          // After the fast ones: a browser takes all cores, and what waits for a page would run into its time limit.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'nspawn',
          include: ['test/nspawn/**/*.test.ts'],
          // Units take all cores while they start.
          fileParallelism: false,
          testTimeout: 20 * 60_000,
          hookTimeout: 60 * 60_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'vm',
          include: ['test/vm/**/*.test.ts'],
          // One virtual machine at a time: on two cores without KVM two would only slow each other down.
          fileParallelism: false,
          testTimeout: 60 * 60_000,
          hookTimeout: 60 * 60_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
    globalSetup: './test/helpers/temporary-folder.ts',
    reporters: ['default', './test/helpers/summary-reporter.ts'],
  },
});
