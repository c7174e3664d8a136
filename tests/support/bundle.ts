import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import type { TestProject } from 'vitest/node';

const root = join(import.meta.dirname, '..', '..');

/** What tests start many times, as processes and threads. */
const started = [
  'src/main.ts',
  'src/runners/projections-thread-entry.ts',
  'src/runners/integrity-thread-entry.ts',
  'src/invariants/thread-entry.ts',
  'src/cli/main.ts',
  'bench/support/product-process.ts',
  'demo/main.ts',
  'tools/alike-test.ts',
  'tools/chaos/main.ts',
  'tools/load-test.ts',
  'tools/metrics.ts',
  'tools/prove.ts',
  'tools/rebuild-test.ts',
  'tools/verify.ts',
];

/** Packages that read files of their own, or that few tests need. */
const apart = /^(mongodb|bson|@eventstore\/|@grpc\/|@node-rs\/|@opentelemetry\/|@fastify\/(swagger-ui|otel)|pino)/;

/** A module of a bundle finds what is beside it where its source is. */
const inItsPlace = (code: string, id: string) => {
  if (!code.includes('import.meta')) return null;
  return code
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(id)));
};

/**
 * Before a run: makes one file of each of these, as `bundled.js` finds it. Each project of the run asks for it, and the first
 * makes it. Who watches changes the sources, and runs them.
 */
export const setup = async ({ config }: TestProject): Promise<void> => {
  const dir = process.env['TEST_BUNDLE'];
  if (config.watch || !dir || existsSync(dir)) return;
  const bundle = await rolldown({
    cwd: root,
    platform: 'node',
    external: apart,
    input: Object.fromEntries(
      started.map((file) => [file.replace(/\.ts$/, '').replaceAll('/', '_'), join(root, file)]),
    ),
    plugins: [{ name: 'in-its-place', transform: inItsPlace }],
  });
  await bundle.write({ dir, format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' });
  await bundle.close();
};

export const teardown = (): void => {
  const dir = process.env['TEST_BUNDLE'];
  if (dir) rmSync(dir, { recursive: true, force: true });
};
