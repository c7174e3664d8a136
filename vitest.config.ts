import { defineConfig } from 'vitest/config';

/** Journeys that go through the app alone, and so are made over the stand-ins for servers too. */
const anywhere = ['scoring', 'identity', 'queries', 'bad-input', 'idempotency', 'concurrency', 're-scoring'];

const files = (journeys: readonly string[]): string[] => journeys.map((journey) => `tests/journeys/${journey}.test.ts`);

/** What is about servers: how their clients are used, journeys of many processes, and of servers that go away. */
const servers = [
  ...files(['many-processes', 'outages', 'migrate', 'work-queue-shared']),
  ...['tests/eventstore/eventstoredb.test.ts', 'tests/readmodels/mongodb.test.ts'],
];

export default defineConfig({
  test: {
    globalSetup: ['tests/support/report-ran.ts'],
    // Two more than vitest takes on two cores: much of what the tests do is waiting.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      { extends: true, test: { name: 'leadfold', include: ['tests/**/*.test.ts'], exclude: servers } },
      { extends: true, test: { name: 'servers', include: servers } },
      {
        extends: true,
        test: { name: 'stand-ins', include: files(anywhere), env: { TEST_STORES: 'stand-ins' } },
      },
    ],
  },
});
