import { defineConfig } from 'vitest/config';

/** `unit`: seconds, no image. `system`: two builds of the image, shared by all files, and virtual machines. */
export default defineConfig({
  test: {
    reporters: ['default', './test/support/count-reporter.ts'],
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/system/**'], testTimeout: 30_000 } },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          globalSetup: './test/system/set-up.ts',
          // Two cores: builds and machines one after another.
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
