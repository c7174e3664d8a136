import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { z } from 'zod';
import { ConfigError, loadConfig } from '../config/config.ts';
import { addressOf, keyOf, NoKey } from './running-server.ts';

const help = `Makes read models again from the log, on a running server, while they go on being used.

  npm run rebuild -- <projection> [<options>]    a projection, built beside the one that serves
  npm run rebuild -- --project <id> [<options>]  all documents of a project
  npm run rebuild -- --all [<options>]           all projections, as after the log lost its tail

  --url <address>  the server to ask (default: HOST and PORT, http://127.0.0.1:4000)
  --key <key>      the key to ask with (default: LEADFOLD_ADMIN_KEY, or the one in DATA_DIR/admin-key)
  --json           the job at its end as JSON
  --help           this text

Exit code: 0 when it is done, 1 when it failed or was cancelled, 2 when it could not be asked for.`;

/** It could not be asked for. The message says why, and what to do. */
class Unasked extends Error {}

/** How often the job is looked at, in ms, how long an answer may take, and how often a server is asked that is not ready. */
const [lookEvery, patience, tries] = [250, 15_000, 60];

const options = {
  url: { type: 'string' },
  key: { type: 'string' },
  project: { type: 'string' },
  all: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const asked = () => {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const things = positionals.length + (values.project === undefined ? 0 : 1) + (values.all ? 1 : 0);
    if (!values.help && things !== 1) throw new TypeError('Give either a projection, --project or --all');
    return { ...values, projection: positionals[0] };
  } catch (error) {
    throw new Unasked(`${error instanceof Error ? error.message : String(error)}\n\n${help}`, { cause: error });
  }
};
type Arguments = ReturnType<typeof asked>;

const problem = z.object({ detail: z.string() });
const job = z.looseObject({
  jobId: z.string(),
  status: z.enum(['requested', 'running', 'completed', 'failed', 'cancelled']),
  done: z.number(),
  total: z.number(),
  rate: z.number(),
  etaSeconds: z.number().optional(),
  error: z.string().optional(),
});
type Job = z.infer<typeof job>;

type Answer = { readonly body: unknown; readonly position: string | undefined };

/** Asks a server, again while it says that it is not ready. Throws `Unasked` when it does not answer or refuses. */
const asking = ({ url, key }: Arguments) => {
  const config = loadConfig();
  const address = (url ?? addressOf(config)).replace(/\/+$/, '');
  const headers = { Authorization: `Bearer ${keyOf(config, key)}` };
  const ask = async (method: string, path: string, position?: string, left = tries): Promise<Answer> => {
    const waiting = position === undefined ? {} : { 'Leadfold-After-Position': position };
    const init = { method, headers: { ...headers, ...waiting }, signal: AbortSignal.timeout(patience) };
    const response = await fetch(`${address}${path}`, init).catch((cause: unknown) => {
      throw new Unasked(`No server answers at ${address}; start it, or give --url`, { cause });
    });
    const body: unknown = await response.json();
    if (response.status === 503 && left > 1) {
      await sleep(1_000);
      return ask(method, path, position, left - 1);
    }
    if (!response.ok) {
      const said = problem.safeParse(body).data?.detail ?? 'for no reason that it told';
      throw new Unasked(`${address}${path} answered ${response.status}: ${said}`);
    }
    return { body, position: response.headers.get('leadfold-position') ?? undefined };
  };
  return ask;
};

const format = '{bar} {percentage}% | {value}/{total} | {rate}/s | {eta_} s left';

/** Looks at a job until it has ended, and shows how far it is. */
const watched = async (look: () => Promise<Job>, shown: boolean): Promise<Job> => {
  const bar = shown ? new SingleBar({ format, stream: process.stderr, hideCursor: true }) : undefined;
  const tell = ({ done, total, rate, etaSeconds }: Job) => ({ done, total, more: { rate, eta_: etaSeconds ?? '?' } });
  let current = await look();
  bar?.start(current.total, current.done, tell(current).more);
  while (current.status === 'requested' || current.status === 'running') {
    await sleep(lookEvery);
    current = await look();
    bar?.setTotal(current.total);
    bar?.update(current.done, tell(current).more);
  }
  bar?.stop();
  return current;
};

const pathOf = ({ all, projection, project }: Arguments): string => {
  if (all) return '/api/admin/projections/rebuild';
  if (project !== undefined) return `/api/admin/rebuild-project/${encodeURIComponent(project)}`;
  return `/api/admin/projections/${encodeURIComponent(projection ?? '')}/rebuild`;
};

const rebuild = async (): Promise<number> => {
  const options = asked();
  if (options.help) {
    console.log(help);
    return 0;
  }
  const ask = asking(options);
  const { body, position } = await ask('POST', pathOf(options));
  const { jobId } = z.object({ jobId: z.string() }).parse(body);
  const began = performance.now();
  const look = async () => job.parse((await ask('GET', `/api/admin/jobs/${jobId}`, position)).body);
  const end = await watched(look, !options.json && process.stderr.isTTY);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const why = end.error === undefined ? '' : `: ${end.error}`;
  if (options.json) console.log(JSON.stringify(end, null, 2));
  else console.log(`Job ${jobId} is ${end.status}${why}. ${end.done} of ${end.total} in ${seconds} s.`);
  return end.status === 'completed' ? 0 : 1;
};

try {
  process.exitCode = await rebuild();
} catch (error) {
  const known = error instanceof Unasked || error instanceof NoKey || error instanceof ConfigError;
  console.error(known ? error.message : error);
  process.exitCode = 2;
}
