import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/config.ts';
import type { EventStoreLocation, ReadModelsLocation } from '../config/store-location.ts';
import type { Report } from '../invariants/report.ts';
import { reportSchema } from '../invariants/report.ts';
import { reportLines } from '../invariants/report-lines.ts';
import { CommandFailed } from './command-failed.ts';
import type { RunningServer } from './running-server.ts';
import { serverOf } from './running-server.ts';

/** Who is asked, or where the data is, and of which project. */
type Options = {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly project?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly json?: true | undefined;
};

/** A report that a server gave: without the position when the key is a project's. */
type Told = Omit<Report, 'position'> & { readonly position?: number | undefined };

/** A check works through all there is, so an answer may take minutes. In ms. */
const patience = 600_000;

const byServer = async ({ ask }: RunningServer, project: string | undefined): Promise<Told> => {
  const headers = project === undefined ? {} : { 'X-Project-Id': project };
  const { body } = await ask('/api/admin/system-health', { headers, patience });
  return reportSchema.partial({ position: true }).parse(body);
};

const mustExist = (name: string, location: EventStoreLocation | ReadModelsLocation): void => {
  if (location.scheme !== 'sqlite' || existsSync(location.path)) return;
  throw new CommandFailed(
    `${name}: there is no ${location.path}; set DATA_DIR, give --data-dir, or start the server first`,
  );
};

const byReading = async (config: Config, project?: string): Promise<Report> => {
  mustExist('EVENT_STORE', config.eventStore);
  mustExist('READ_MODELS', config.readModels);
  // Most of the program is loaded for this alone, and not where a server does the work.
  const { hasProject, reportByReading } = await import('./reading-report.ts');
  if (project !== undefined && !(await hasProject(config, project))) {
    throw new CommandFailed(`--project: there is no project ${project}`);
  }
  return reportByReading(config, project);
};

const check = async ({ url, key, project, dataDir }: Options): Promise<readonly [Told, string]> => {
  const config = loadConfig(dataDir === undefined ? {} : { DATA_DIR: dataDir });
  const server = serverOf(config, { url, key });
  const { address } = server;
  const mayAsk = url !== undefined || (dataDir === undefined && config.port !== 0);
  if (mayAsk && (await server.answers())) return [await byServer(server, project), address];
  if (url !== undefined)
    throw new CommandFailed(`--url: no server answers at ${address}; start it, or leave --url out`);
  return [await byReading(config, project), 'read from the stores, as no server was asked'];
};

/** Checks the invariants and prints the report. Resolves with the exit code. */
export const verifyInvariants = async (options: Options): Promise<number> => {
  const [report, source] = await check(options);
  const about = report.projectId === undefined ? 'all projects' : `project ${report.projectId}`;
  const lines = [`The invariants of ${about} (${source})`, '', ...reportLines(report)];
  console.log(options.json ? JSON.stringify(report, null, 2) : lines.join('\n'));
  return report.status === 'healthy' ? 0 : 1;
};
