import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import type { TestProject } from 'vitest/node';

const root = join(import.meta.dirname, '..', '..');

/** What tests start many times, as processes and threads. */
const started = [
  'src/main.ts',
  'src/eventstore/sqlite/writer-thread.ts',
  'src/runners/projections-thread-entry.ts',
  'src/runners/integrity-thread-entry.ts',
  'src/invariants/thread-entry.ts',
  'src/cli/main.ts',
  'bench/support/product-process.ts',
  'demo/main.ts',
  'tools/alike-test.ts',
  'tools/chaos/main.ts',
  'tools/kills/process.ts',
  'tools/load-test.ts',
  'tools/metrics.ts',
  'tools/prove.ts',
  'tools/rebuild-test.ts',
  'tools/verify.ts',
  'tests/support/bystander-thread.ts',
  'tests/support/dying-process.ts',
  'tests/support/dying-registration.ts',
  'tests/support/eventstoredb-standin-process.ts',
  'tests/support/mongodb-standin-process.ts',
];

/** Packages that read files of their own, or that few tests need. */
const apart =
  /^(mongodb|bson|@eventstore\/|@grpc\/|@node-rs\/|@opentelemetry\/|@fastify\/(swagger-ui|otel)|pino|rolldown)/;

/** A module of a bundle finds what is beside it where its source is. */
const inItsPlace = (code: string, id: string) => {
  if (!code.includes('import.meta')) return null;
  return code
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
    .replaceAll('import.meta.filename', JSON.stringify(id))
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(id)));
};

/** Makes one file of each of these in a folder, as `bundled.js` finds it. */
export const bundle = async (dir: string, files: readonly string[]): Promise<void> => {
  const made = await rolldown({
    cwd: root,
    platform: 'node',
    external: apart,
    input: Object.fromEntries(files.map((file) => [file.replace(/\.ts$/, '').replaceAll('/', '_'), join(root, file)])),
    plugins: [{ name: 'in-its-place', transform: inItsPlace }],
  });
  await made.write({
    dir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Less to read at each start.
    comments: false,
  });
  await made.close();
  // Otherwise Node compiles each file twice to find out what it is.
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}\n');
};

/** Before a run: bundles what is started. Each project of the run asks for it, and the first makes it. Who watches changes the sources, and runs them. */
export const setup = async ({ config }: TestProject): Promise<void> => {
  const dir = process.env['TEST_BUNDLE'];
  if (config.watch || !dir || existsSync(dir)) return;
  await bundle(dir, started);
};

export const teardown = (): void => {
  const dir = process.env['TEST_BUNDLE'];
  if (dir) rmSync(dir, { recursive: true, force: true });
};
