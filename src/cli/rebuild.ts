import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import { z } from 'zod';
import { loadConfig } from '../config/config.ts';
import { serverOf } from './running-server.ts';

/** What is to be made again, and who is asked for it: one of `projection`, `project` and `all` is given. */
type Options = {
  readonly projection?: string | undefined;
  readonly project?: string | undefined;
  readonly all?: true | undefined;
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly json?: true | undefined;
};

/** How often the job is looked at, in ms, and how often a server is asked that is not ready. */
const [lookEvery, tries] = [250, 60];

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

const format = '{bar} {percentage}% | {value}/{total} | {rate}/s | {eta_} s left';

/** Looks at a job until it has ended, and shows how far it is. */
const watched = async (look: () => Promise<Job>, withBar: boolean): Promise<Job> => {
  const bar = withBar ? new SingleBar({ format, stream: process.stderr, hideCursor: true }) : undefined;
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

const pathOf = ({ all, projection, project }: Options): string => {
  if (all) return '/api/admin/projections/rebuild';
  if (project !== undefined) return `/api/admin/rebuild-project/${encodeURIComponent(project)}`;
  return `/api/admin/projections/${encodeURIComponent(projection ?? '')}/rebuild`;
};

/** Has a running server make read models again, and tells when it is done. Resolves with the exit code. */
export const rebuild = async (options: Options): Promise<number> => {
  const { ask } = serverOf(loadConfig(), options);
  const { body, position } = await ask(pathOf(options), { method: 'POST', tries });
  const { jobId } = z.object({ jobId: z.string() }).parse(body);
  const began = performance.now();
  const headers = position === undefined ? {} : { 'Leadfold-After-Position': position };
  const look = async () => job.parse((await ask(`/api/admin/jobs/${jobId}`, { headers, tries })).body);
  const end = await watched(look, !options.json && process.stderr.isTTY);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const why = end.error === undefined ? '' : `: ${end.error}`;
  if (options.json) console.log(JSON.stringify(end, null, 2));
  else console.log(`Job ${jobId} is ${end.status}${why}. ${end.done} of ${end.total} in ${seconds} s.`);
  return end.status === 'completed' ? 0 : 1;
};
