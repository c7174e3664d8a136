import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Config } from '../config/config.ts';
import { ConfigError, loadConfig } from '../config/config.ts';
import type { Report } from '../invariants/report.ts';
import { reportSchema } from '../invariants/report.ts';
import { reportLines } from '../invariants/report-lines.ts';
import { addressOf, keyOf, NoKey } from './running-server.ts';

const help = `Checks every invariant over all leads: what the log adds up to against what the read models have.

  npm run verify-invariants [-- <options>]

  --url <address>     the server to ask (default: HOST and PORT, http://127.0.0.1:4000)
  --key <key>         the key to ask with (default: LEADFOLD_ADMIN_KEY, or the one in DATA_DIR/admin-key)
  --project <id>      this project only
  --data-dir <folder> read the data in this folder instead of asking a server
  --json              the report as JSON
  --help              this text

Where no server answers it reads EVENT_STORE and READ_MODELS itself, as the settings name them; it writes nothing.
Exit code: 0 when all hold, 1 when one is violated, 2 when that could not be found out.`;

/** Nothing can be said. The message says why, and what to do. */
class Unchecked extends Error {}

const options = {
  url: { type: 'string' },
  key: { type: 'string' },
  project: { type: 'string' },
  'data-dir': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const asked = () => {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new Unchecked(`${error instanceof Error ? error.message : String(error)}\n\n${help}`, { cause: error });
  }
};
type Arguments = ReturnType<typeof asked>;

/** Whether a server answers there. */
const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/livez`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
};

const problem = z.object({ detail: z.string() });

/** A report that a server gave: without the position when the key is a project's. */
type Told = Omit<Report, 'position'> & { readonly position?: number | undefined };

const byServer = async (url: string, key: string, project: string | undefined): Promise<Told> => {
  const headers = { Authorization: `Bearer ${key}`, ...(project !== undefined && { 'X-Project-Id': project }) };
  const response = await fetch(`${url}/api/admin/system-health`, { headers, signal: AbortSignal.timeout(600_000) });
  const body: unknown = await response.json();
  if (response.ok) return reportSchema.partial({ position: true }).parse(body);
  const said = problem.safeParse(body).data?.detail ?? 'for no reason that it told';
  throw new Unchecked(`${url} answered ${response.status}: ${said}`);
};

const mustExist = (name: string, home: Config['eventStore'] | Config['readModels']): void => {
  if (home.scheme !== 'sqlite' || existsSync(home.path)) return;
  throw new Unchecked(`${name}: there is no ${home.path}; set DATA_DIR, give --data-dir, or start the server first`);
};

const byReading = async (config: Config, project?: string): Promise<Report> => {
  mustExist('EVENT_STORE', config.eventStore);
  mustExist('READ_MODELS', config.readModels);
  // Most of the program is loaded for this alone, and not where a server does the work.
  const { hasProject, reportByReading } = await import('./reading-report.ts');
  if (project !== undefined && !(await hasProject(config, project))) {
    throw new Unchecked(`--project: there is no project ${project}`);
  }
  return reportByReading(config, project);
};

const check = async ({ url, key, project, 'data-dir': dataDir }: Arguments): Promise<readonly [Told, string]> => {
  const config = loadConfig(dataDir === undefined ? {} : { DATA_DIR: dataDir });
  const address = (url ?? addressOf(config)).replace(/\/+$/, '');
  const mayAsk = url !== undefined || (dataDir === undefined && config.port !== 0);
  if (mayAsk && (await answers(address))) return [await byServer(address, keyOf(config, key), project), address];
  if (url !== undefined) throw new Unchecked(`--url: no server answers at ${address}; start it, or leave --url out`);
  return [await byReading(config, project), 'read from the stores, as no server was asked'];
};

const verify = async (): Promise<number> => {
  const options = asked();
  if (options.help) {
    console.log(help);
    return 0;
  }
  const [report, source] = await check(options);
  const about = report.projectId === undefined ? 'all projects' : `project ${report.projectId}`;
  const lines = [`The invariants of ${about} (${source})`, '', ...reportLines(report)];
  console.log(options.json ? JSON.stringify(report, null, 2) : lines.join('\n'));
  return report.status === 'healthy' ? 0 : 1;
};

/** Errors that say all there is to know. */
const selfExplaining = (error: unknown): error is Error =>
  error instanceof Unchecked ||
  error instanceof NoKey ||
  error instanceof ConfigError ||
  (error instanceof Error && ['StoreUnavailable', 'ReadModelsUnavailable'].includes(error.name));

try {
  process.exitCode = await verify();
} catch (error) {
  console.error(selfExplaining(error) ? error.message : error);
  process.exitCode = 2;
}
