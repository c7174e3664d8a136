import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Case } from '../case.ts';
import { must, mustEqual } from '../case.ts';
import { mustBeSound } from '../checks.ts';
import { bodyOf } from '../../support/http.ts';
import { jobRequested, untilCompleted } from '../jobs.ts';
import { removeReadModels } from '../files.ts';
import type { Project, Sent } from '../project.ts';
import type { Server } from '../server.ts';

const listed = z.object({ score: z.number() });
const scored = z.object({ model: z.int(), cause: z.string() });

/** What happens in the midst of a job, and what a view is worth in the model that the job is about. */
type Round = { readonly points: number; readonly trouble: (server: Server) => Promise<unknown> };

const dies = async (server: Server, meanwhile: (dataDir: string) => void): Promise<void> => {
  await server.kill();
  must(server.files.facts(['JobProgressed']).length > 0, 'No step of a job was done before the kill');
  meanwhile(server.dataDir);
  await server.recover();
};

// The list of leads that the job walks through is made again while it goes on.
const rounds: readonly Round[] = [
  { points: 40, trouble: (server) => dies(server, () => undefined) },
  { points: 20, trouble: (server) => dies(server, removeReadModels) },
  { points: 60, trouble: async ({ dataDir }) => removeReadModels(dataDir) },
];

/** Applies a new model to all leads, with trouble after the first step. Says in how long all was well again. */
const rescore = async (server: Server, project: Project, { points, trouble }: Round) => {
  const from = server.files.head();
  const model = { engagement: [{ id: 'view', when: { eventType: 'page_view' }, points }] };
  const path = `/api/projects/${project.projectId}/scoring-model`;
  const { jobId } = bodyOf(await server.root(path, { method: 'PUT', body: model }), 200, jobRequested);
  while (server.files.facts(['JobProgressed'], from).length === 0) await sleep(1);
  must(server.files.facts(['JobCompleted'], from).length === 0, 'The job was complete before the trouble');
  const begun = performance.now();
  await trouble(server);
  const { done } = await untilCompleted(server, jobId);
  const recovery = performance.now() - begun;
  await server.settled();
  const again = server.files.facts(['LeadScored'], from).filter(({ data }) => scored.parse(data).cause === 'model');
  return { recovery, done, again: again.map(({ stream }) => stream) };
};

/** A worker dies with a job in its hands. */
export const deadWorker: Case = {
  name: 'dead-worker',
  about: 'SIGKILL while a new scoring model is applied to all leads; then deleted read models too; then those alone',
  criterion: 'the job goes on where it was, and each lead is scored with the new model once',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    // So many that a tenth of them takes several steps too.
    const people = many(5_000);
    const events = Array.from({ length: people }, (_, n): Sent => ({
      userId: `user-${n}`,
      eventId: `e${n}`,
      eventType: 'page_view',
    }));
    for (let at = 0; at < people; at += 2_000) await project.batch(events.slice(at, at + 2_000));
    await server.settled();
    let recovery = 0;
    for (const round of rounds) {
      const { done, again, ...left } = await rescore(server, project, round);
      mustEqual(done, people, 'Leads that the job says it did');
      mustEqual(new Set(again).size, again.length, 'Leads, and how often they were scored');
      mustEqual(again.length, people, 'Leads that were scored with the new model');
      const scores = (await project.all('/api/leads?limit=200', listed)).map(({ score }) => score);
      mustEqual([...new Set(scores)], [round.points], 'The scores of all leads');
      recovery = Math.max(recovery, left.recovery);
    }
    await mustBeSound(server);
    return { recovery, found: `${rounds.length} jobs went on; all ${people} leads have the new scores` };
  },
};
