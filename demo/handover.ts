import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ask, DemoError } from './http.ts';
import type { Project } from './projects.ts';
import type { Server } from './server.ts';

const report = z.object({
  totals: z.object({
    qualified: z.int(),
    pending: z.int(),
    assigned: z.int(),
    waiting: z.int(),
    approval: z.int(),
    overdue: z.int(),
  }),
  reps: z.array(
    z.object({ repId: z.string(), name: z.string(), open: z.int(), capacity: z.int().optional(), accepted: z.int() }),
  ),
});

const lead = z.object({
  leadId: z.string(),
  assignee: z.string().optional(),
  team: z.string().optional(),
  profile: z.object({ name: z.string().optional(), company: z.string().optional() }),
});
export type RoutedLead = z.infer<typeof lead>;

const routing = z.object({
  dueAt: z.string().optional(),
  history: z.array(
    z.object({ type: z.string(), at: z.string(), data: z.looseObject({ because: z.string().optional() }) }),
  ),
});

const workItems = z.object({ data: z.array(z.object({ leadId: z.string().optional(), reason: z.string() })) });

/** How a project's qualified leads were handed over. */
export type Handover = {
  readonly project: Project;
  readonly report: z.infer<typeof report>;
  /** Some that have a rep, and why that one. */
  readonly assigned: readonly { readonly lead: RoutedLead; readonly because: string }[];
  readonly waiting: readonly RoutedLead[];
  /** Open work items of leads that wait. */
  readonly work: z.infer<typeof workItems>['data'];
};

/** The lead that nobody replied to: when the reply was due, and whether it is over. */
export type Unanswered = { readonly lead: RoutedLead; readonly dueAt: string; readonly overdue: boolean };

/** How long is waited for routing, and for a reply that doesn't come, in ms. */
const [settling, minute] = [20_000, 60_000];

const readerOf =
  ({ url, adminKey }: Server, { projectId }: Project) =>
  async <S extends z.ZodType>(path: string, shape: S, body?: object): Promise<z.output<S>> => {
    const headers = { 'X-Project-Id': projectId };
    const call = { url: `${url}${path}`, key: adminKey, headers, ...(body && { body: JSON.stringify(body) }) };
    return (await ask(call, shape)).body;
  };
type Read = ReturnType<typeof readerOf>;

const leadsIn = async (read: Read, status: 'assigned' | 'waiting'): Promise<readonly RoutedLead[]> =>
  (await read(`/api/leads?routing=${status}&limit=200`, z.object({ data: z.array(lead) }))).data;

/** Waits until every lead that qualified has a rep or waits for one. Throws a `DemoError` when that takes too long. */
const settled = async (read: Read): Promise<z.infer<typeof report>> => {
  const end = performance.now() + settling;
  for (let before = -1; ;) {
    const found = await read('/api/analytics/routing', report);
    const { qualified, pending } = found.totals;
    // The read models may be a little behind: what they say twice holds.
    if (pending === 0 && qualified === before) return found;
    if (performance.now() > end) throw new DemoError(`${pending} leads are not routed after ${settling / 1_000} s`);
    before = qualified;
    await sleep(500);
  }
};

const handoverOf = async (server: Server, project: Project): Promise<Handover> => {
  const read = readerOf(server, project);
  const found = await settled(read);
  const [assigned, waiting] = [await leadsIn(read, 'assigned'), await leadsIn(read, 'waiting')];
  const told = assigned.slice(0, 3).map(async (each) => {
    const { history } = await read(`/api/leads/${each.leadId}/routing`, routing);
    return { lead: each, because: history.find(({ type }) => type === 'LeadAssigned')?.data.because ?? '' };
  });
  const { data: work } = await read('/api/work-items?kind=routing_failed&status=open&limit=200', workItems);
  return { project, report: found, assigned: await Promise.all(told), waiting, work };
};

/** Reps reply to all their leads but one, of which the reply becomes overdue; unless it is not to be waited for. */
const leaveOne = async (
  server: Server,
  project: Project,
  { wait, say }: { readonly wait: boolean; readonly say: (line: string) => void },
): Promise<Unanswered | undefined> => {
  const read = readerOf(server, project);
  const [left, ...others] = await leadsIn(read, 'assigned');
  if (!left) return undefined;
  for (const { leadId } of others) await read(`/api/leads/${leadId}/accept`, z.looseObject({}), {});
  const looked = () => read(`/api/leads/${left.leadId}/routing`, routing);
  const { dueAt = '' } = await looked();
  const isOver = async (): Promise<boolean> => (await looked()).history.some(({ type }) => type === 'ResponseOverdue');
  if (!wait) return { lead: left, dueAt, overdue: await isOver() };
  say(`Waiting for the reply that nobody gives; it is due at ${dueAt.slice(11, 19)} UTC`);
  for (let waited = 0; waited < minute + settling; waited += 1_000) {
    if (await isOver()) return { lead: left, dueAt, overdue: true };
    await sleep(1_000);
  }
  return { lead: left, dueAt, overdue: false };
};

/** Whose the qualified leads of both projects are, and what became of a reply that nobody gave in the first. */
export const handOver = async (
  server: Server,
  [first, second]: readonly [Project, Project],
  how: { readonly wait: boolean; readonly say: (line: string) => void },
) => {
  await settled(readerOf(server, first));
  const unanswered = await leaveOne(server, first, how);
  return { handovers: [await handoverOf(server, first), await handoverOf(server, second)], unanswered };
};
export type HandedOver = Awaited<ReturnType<typeof handOver>>;
