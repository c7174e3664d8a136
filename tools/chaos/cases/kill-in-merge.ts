import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import type { Case } from '../case.ts';
import { must, mustEqual } from '../case.ts';
import { mustBeWhole } from '../checks.ts';
import { openLedger } from '../ledger.ts';
import type { Sent } from '../project.ts';
import type { Server } from '../server.ts';

const rounds = 6;
const absorbed = z.object({ last: z.boolean() });

/** How many merges have begun after a position, and how many have ended. */
const mergesAfter = ({ files }: Server, position: number): { readonly begun: number; readonly ended: number } => {
  const facts = files.facts(['LeadMerged', 'LeadAbsorbed'], position);
  return {
    begun: facts.filter(({ type }) => type === 'LeadMerged').length,
    ended: facts.filter(({ type, data }) => type === 'LeadAbsorbed' && absorbed.parse(data).last).length,
  };
};

/** The power goes between the appends of a merge. */
export const killInMerge: Case = {
  name: 'kill-in-merge',
  about: `SIGKILL as soon as the log shows that a merge of two long leads has begun, ${rounds} times`,
  criterion: 'the merge is completed after the start by itself: one lead, each activity once',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    const ledger = openLedger();
    const length = many(2_000);
    let [cut, recovery] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const [email, userId] = [`p${round}@example.com`, `user-${round}`];
      const events = Array.from({ length }, (_, n): Sent => ({
        ...(n % 2 === 0 ? { email } : { userId }),
        eventId: `${round}-${n}`,
        eventType: 'page_view',
      }));
      await ledger.through(events, project.batch);
      const before = server.files.head();
      const link = { email, userId, eventId: `${round}-link`, eventType: 'signup' };
      const answered = ledger
        .through([link], () => project.send(link))
        .then(
          () => 'answered',
          () => 'cut off',
        );
      while (mergesAfter(server, before).begun === 0) await turn();
      await server.kill();
      const { begun, ended } = mergesAfter(server, before);
      if (ended < begun) cut += 1;
      recovery = Math.max(recovery, await server.recover());
      mustEqual(mergesAfter(server, before), { begun: 1, ended: 1 }, `Merges after the start in round ${round}`);
      // A sender that got no answer sends again.
      if ((await answered) === 'cut off') await ledger.through([link], () => project.send(link));
    }
    const shown = await mustBeWhole(server, project, ledger);
    mustEqual(shown.size, rounds, 'Leads');
    must(cut > 0, 'No merge was cut off half done');
    return { recovery, found: `${cut} of ${rounds} merges of ${length} activities were cut off half done` };
  },
};
