import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Case } from '../case.ts';
import { must, mustEqual } from '../case.ts';
import { mustBeSound, shownBy } from '../checks.ts';
import { bodyOf } from '../http.ts';
import { jobRequested, untilCompleted } from '../jobs.ts';
import type { Sent } from '../project.ts';

const scored = z.object({ model: z.int(), cause: z.string() });

/** A worker dies with a job in its hands. */
export const deadWorker: Case = {
  name: 'dead-worker',
  about: 'SIGKILL while a new scoring model is applied to all leads, after some of its steps',
  criterion: 'the job goes on where it was, and each lead is scored with the new model once',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    // So many that a tenth of them takes several steps too.
    const people = many(6_000);
    const events = Array.from({ length: people }, (_, n): Sent => ({
      ...{ userId: `user-${n}`, eventId: `e${n}`, eventType: 'page_view' },
    }));
    for (let at = 0; at < people; at += 2_000) await project.batch(events.slice(at, at + 2_000));
    await server.settled();

    const model = { engagement: [{ id: 'view', when: { eventType: 'page_view' }, points: 40 }] };
    const path = `/api/projects/${project.projectId}/scoring-model`;
    const { jobId } = bodyOf(await server.root(path, { method: 'PUT', body: model }), 200, jobRequested);
    while (server.files.facts(['JobProgressed']).length === 0) await pause(1);
    await server.kill();
    const [steps, ended] = [server.files.facts(['JobProgressed']).length, server.files.facts(['JobCompleted']).length];
    must(ended === 0, 'The job was complete before the kill');

    const begun = performance.now();
    await server.recover();
    const { done } = await untilCompleted(server, jobId);
    const recovery = performance.now() - begun;
    await server.settled();
    mustEqual(done, people, 'Leads that the job says it did');
    const again = server.files.facts(['LeadScored']).filter(({ data }) => scored.parse(data).cause === 'model');
    mustEqual(new Set(again.map(({ stream }) => stream)).size, again.length, 'Leads, and how often they were scored');
    mustEqual(again.length, people, 'Leads that were scored with the new model');
    for (const { lead } of (await shownBy(project)).values()) mustEqual(lead.score, 40, `The score of ${lead.leadId}`);
    await mustBeSound(server);
    return { recovery, found: `killed after ${steps} steps; all ${people} leads have the new score` };
  },
};
