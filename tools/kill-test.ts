import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { grouped } from '../demo/table.ts';
import { bundle } from '../tests/support/bundle.ts';
import { killing } from './kills/run.ts';
import type { Killed, Where } from './kills/run.ts';
import { wholeFrom } from './support/arguments.ts';
import type { Row } from './support/tool.ts';
import { runAlone } from './support/tool.ts';

/** One kill of so many is of processes that share servers: those load more, and wait for leases. */
const servers = 50;

const rowsOf = (where: Where, { kills, told, requests, atOnce, faults, hits }: Killed): readonly Row[] => [
  {
    what: `${where}: told, each at least once, by one id, in the order of its lead`,
    found: `${grouped(told)} in ${grouped(requests)} requests, ${faults.length} faults`,
    must: '0 faults',
    holds: faults.length === 0,
    details: faults.slice(0, 20),
  },
  {
    what: `${where}: told twice at once`,
    found: grouped(atOnce),
    must: where === 'files' ? '0' : 'only when a lease ran out',
    holds: where === 'files' ? atOnce === 0 : atOnce <= kills,
  },
  { what: `${where}: kills while a request was under way`, found: `${hits.underWay} of ${grouped(kills)}` },
  { what: `${where}: told again, as what came of it was not recorded`, found: grouped(hits.beforeOutcome) },
  { what: `${where}: recorded and not acknowledged`, found: grouped(hits.beforeAcknowledged) },
  { what: `${where}: kills before what was recorded was projected`, found: grouped(hits.beforeProjected) },
];

/** Has each process that is started load one file, as the tests have it. */
const bundled = async (): Promise<() => void> => {
  if (process.env['TEST_BUNDLE'] !== undefined && existsSync(process.env['TEST_BUNDLE'])) return () => undefined;
  const folder = mkdtempSync(join(import.meta.dirname, '..', 'node_modules', '.kills-'));
  await bundle(folder, ['tools/kills/process.ts', 'src/eventstore/sqlite/writer-thread.ts'], true);
  const loader = pathToFileURL(join(import.meta.dirname, '..', 'tests', 'support', 'bundled.js'));
  loader.searchParams.set('folder', folder);
  process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --import=${loader.href}`.trim();
  process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'leadfold-compiled');
  return () => rmSync(folder, { recursive: true, force: true });
};

await runAlone({
  name: 'kill-test',
  about: 'Kills processes while they record activities and tell endpoints of them, and looks whether all was told.',
  options: (script) =>
    script.option(
      '--kills <count>',
      'how many to kill, one of fifty on stand-ins for servers',
      wholeFrom('kills', 2),
      500,
    ),
  run: async ({ kills }, say) => {
    const removed = await bundled();
    try {
      const onServers = Math.ceil(kills / servers);
      say(`killing ${grouped(kills - onServers)} processes over files`);
      const files = await killing('files', kills - onServers, Math.random);
      say(`killing ${grouped(onServers)} processes over servers`);
      const shared = await killing('servers', onServers, Math.random);
      return { rows: [...rowsOf('files', files), ...rowsOf('servers', shared)], more: { files, servers: shared } };
    } finally {
      removed();
    }
  },
});
