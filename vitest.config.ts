import { defineConfig } from 'vitest/config';

/** Journeys that go through the app alone, and so can be made over any stores. */
const journeys = ['scoring', 'identity', 'queries', 'bad-input', 'idempotency', 'concurrency', 're-scoring', 'tenancy'];

export default defineConfig({
  test: {
    globalSetup: ['tests/support/report-ran.ts'],
    // One more than vitest takes on two cores: much of what the tests do is waiting.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      { extends: true, test: { name: 'leadfold', include: ['tests/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'stand-ins',
          include: journeys.map((journey) => `tests/journeys/${journey}.test.ts`),
          env: { TEST_STORES: 'stand-ins' },
        },
      },
    ],
  },
});
