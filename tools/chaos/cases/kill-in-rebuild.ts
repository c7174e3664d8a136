import type { Case } from '../case.ts';
import { mustEqual } from '../case.ts';
import { mustBeWhole, shownBy } from '../checks.ts';
import { bodyOf } from '../../support/http.ts';
import { jobOf, jobRequested, untilCompleted } from '../jobs.ts';
import { openLedger } from '../ledger.ts';
import { activity, inParallel } from '../traffic.ts';

/** At how much of the work the server is killed; at the last, the new documents take the place of the old ones. */
const moments = [0, 0.3, 0.9, 0.999];

/** The power goes while a projection is built beside the one that serves, and when they change places. */
export const killInRebuild: Case = {
  name: 'kill-in-rebuild',
  about: `SIGKILL in rebuilds of a projection, at ${moments.map((share) => `${share * 100} %`).join(', ')} of the work`,
  criterion: 'the old documents or the new ones serve, the rebuild goes on by itself, and nothing is missing',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    const ledger = openLedger();
    const batches = Array.from({ length: many(40) }, (_, batch) =>
      Array.from({ length: 500 }, (__, n) => activity(batch * 500 + n, many(500))),
    );
    await inParallel(4, batches, (events) => ledger.through(events, project.batch));
    await server.settled();
    const before = await mustBeWhole(server, project, ledger);

    let recovery = 0;
    for (const moment of moments) {
      const answer = await server.root('/api/admin/projections/leads/rebuild', { method: 'POST' });
      if (answer.status === 404) return { skipped: 'this server has no rebuilds' };
      const { jobId } = bodyOf(answer, 202, jobRequested);
      for (let at = 0; at < moment;) {
        const { status, progress } = await jobOf(server, jobId);
        at = status === 'completed' ? 1 : progress;
      }
      await server.kill();
      const begun = performance.now();
      await server.recover();
      mustEqual([...(await shownBy(project))], [...before], `What is shown after a kill at ${moment * 100} %`);
      await untilCompleted(server, jobId);
      recovery = Math.max(recovery, performance.now() - begun);
      mustEqual([...(await shownBy(project))], [...before], 'What is shown after the rebuild');
    }
    await mustBeWhole(server, project, ledger);
    return { recovery, found: `${moments.length} rebuilds of ${before.size} leads went on to their end` };
  },
};
