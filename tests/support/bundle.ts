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
  'tests/support/openings.ts',
];

/** What is started hundreds of times shares no file with others: it loads only what it uses. */
const startedMost = ['tools/kills/process.ts', 'src/eventstore/sqlite/writer-thread.ts'];

/** Packages that read files of their own, or that few tests need. */
const apart =
  /^(mongodb|bson|@eventstore\/|@grpc\/|@node-rs\/|@opentelemetry\/|@fastify\/(swagger-ui|otel)|pino|rolldown)/;

const agentId = join(root, 'undici-agent.js');

/** A module of a bundle finds what is beside it where its source is. */
const inItsPlace = (code: string, id: string) => {
  if (!code.includes('import.meta')) return null;
  return code
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
    .replaceAll('import.meta.filename', JSON.stringify(id))
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(id)));
};

/**
 * Of what sends requests the product uses an agent and its connections alone. The rest of it, as caches and stand-ins for servers, is
 * half of what a process that sends would load. Who uses more of it finds here that it is not exported.
 */
const agentAlone = {
  name: 'agent-alone',
  resolveId: (id: string) => (id === 'undici' ? agentId : null),
  load: (id: string) =>
    id === agentId
      ? `import Agent from 'undici/lib/dispatcher/agent.js';
        import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
        import api from 'undici/lib/api/index.js';
        import buildConnector from 'undici/lib/core/connect.js';
        Object.assign(Dispatcher.prototype, api);
        export { Agent, buildConnector };`
      : null,
};

/** Makes one file of each of these in a folder, as `bundled.js` finds it. Minified, it says nothing in traces of the stack. */
export const bundle = async (dir: string, files: readonly string[], minify = false): Promise<void> => {
  const made = await rolldown({
    cwd: root,
    platform: 'node',
    external: apart,
    input: Object.fromEntries(files.map((file) => [file.replace(/\.ts$/, '').replaceAll('/', '_'), join(root, file)])),
    plugins: [{ name: 'in-its-place', transform: inItsPlace }, agentAlone],
  });
  await made.write({
    dir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Less to read at each start.
    comments: false,
    minify,
  });
  await made.close();
  // Otherwise Node compiles each file twice to find out what it is.
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}\n');
};

/** Before a run: bundles what is started. Each project of the run asks for it, and the first makes it. Who watches changes the sources, and runs them. */
export const setup = async ({ config }: TestProject): Promise<void> => {
  const dir = process.env['TEST_BUNDLE'];
  if (config.watch || !dir || existsSync(dir)) return;
  await bundle(dir, startedMost, true);
  await bundle(dir, started);
};

export const teardown = (): void => {
  const dir = process.env['TEST_BUNDLE'];
  if (dir) rmSync(dir, { recursive: true, force: true });
};
