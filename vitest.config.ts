import { randomUUID } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Where files are on a disk. */
const disk = tmpdir();

// What Node compiled for one of the many threads and processes that tests start serves the next ones.
process.env['NODE_COMPILE_CACHE'] ??= join(disk, 'leadfold-compiled');

// Servers and threads are started from one file each, which a run makes for itself.
const folder = (process.env['TEST_BUNDLE'] ??= join(
  import.meta.dirname,
  'node_modules',
  '.cache',
  `tests-${randomUUID()}`,
));
const bundled = pathToFileURL(join(import.meta.dirname, 'tests', 'support', 'bundled.js'));
bundled.searchParams.set('folder', folder);
process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --import=${bundled.href}`.trim();

/** Whether a folder is there and has so much room, in bytes. */
const hasRoom = (folder: string, bytes: number): boolean => {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= bytes;
  } catch {
    return false;
  }
};

// Files of tests live for seconds. Where Linux has room for them in memory, nobody waits until a disk has them.
if (hasRoom('/dev/shm', 4 * 1024 ** 3)) process.env['TMPDIR'] ??= '/dev/shm';

const files = (journeys: readonly string[]): string[] => journeys.map((journey) => `tests/journeys/${journey}.test.ts`);

/**
 * What is about servers: how their clients are used, journeys of processes that are started for them, and of servers that go away.
 * And what is about programs beside the product: what they find on server processes, and what operators are told to run.
 */
const servers = [
  ...files(['many-processes', 'outages', 'migrate', 'work-queue-shared', 'log-reader', 'store-put-back']),
  ...files(['told-at-once', 'no-worker', 'people-shared']),
  'tests/eventstore/eventstoredb*.test.ts',
  ...['tests/readmodels/mongodb.test.ts', 'tests/tools/*.test.ts'],
  ...files(['demo', 'runbooks', 'docs-examples', 'first-run', 'own-folder', 'verify-invariants']),
  // Processes over files that are started, killed and started again.
  ...files(['durability', 'graceful-stop', 'rebuild-interrupted', 'registration-killed', 'server-killed-sending']),
  ...files(['delivery-workers', 'lost-tail', 'merge-interrupted', 're-scoring', 'stream']),
  ...['tests/telemetry/tracing.test.ts', 'tests/hot-path/made-again.test.ts', 'tests/bench/*.test.ts'],
  // The contracts of stores, over stand-ins for servers.
  'tests/contracts/*.{eventstoredb,mongodb}.test.ts',
];

/** What one client can do to others is measured by how long those wait: with nothing else going on, one file after the other. */
const fairness = ['tests/fairness/*.test.ts'];

/** The snippet in web pages, in a real browser. */
const browser = ['tests/browser/*.test.ts'];

/** For what goes over servers, in ms: several processes share the machine, and jobs wait for what others may still hold to be true. */
const patience = 120_000;

export default defineConfig({
  test: {
    globalSetup: ['tests/support/bundle.ts', 'tests/support/report-ran.ts'],
    // Two more than vitest takes on two cores: much of what the tests do is waiting. With more, what has two seconds is not in time.
    maxWorkers: 3,
    // Each worker loads the product once for all of its files, which keep nothing outside of their tests.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          // Servers of several processes on two cores, with other tests beside them: once in two times nothing has to come too late.
          name: 'servers',
          include: servers,
          testTimeout: patience,
          retry: 1,
        },
      },
      {
        extends: true,
        test: {
          // What else the machine does can only make it slower: once in time of three is in time.
          name: 'fairness',
          include: fairness,
          testTimeout: patience,
          retry: 2,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          // What is written has to reach a disk, as it has for users: commits that cost nothing leave the others no turn between them.
          env: { TMPDIR: disk },
        },
      },
      {
        extends: true,
        test: {
          // A browser is several processes of its own, beside other tests: once in two times nothing has to come too late. The first run unpacks it.
          name: 'browser',
          include: browser,
          globalSetup: ['tests/browser/shared-chromium.ts'],
          retry: 1,
          testTimeout: patience,
          hookTimeout: patience,
        },
      },
      {
        extends: true,
        test: {
          name: 'stand-ins',
          // What goes through the app alone, and asks read models for all that they can.
          include: files(['queries']),
          testTimeout: patience,
          env: { TEST_STORES: 'stand-ins' },
        },
      },
      {
        extends: true,
        test: { name: 'leadfold', include: ['tests/**/*.test.ts'], exclude: [...servers, ...fairness, ...browser] },
      },
    ],
  },
});
